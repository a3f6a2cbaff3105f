// The timeout of commands that wait: seconds with a fraction, 0 for ever.
#pragma once

#include <cmath>
#include <string_view>

#include "base/number.h"
#include "engine/context.h"

namespace scrubjay::commands {

// The instant in ms since the epoch at which to give up; 0 for never.
inline int64_t parse_wait_time(engine::CommandContext& c, std::string_view text) {
  constexpr std::string_view kTooLarge = "ERR timeout is out of range";
  const auto seconds = parse_long_double(text);
  if (!seconds || std::isnan(*seconds)) engine::fail("ERR timeout is not a float or out of range");
  const long double ms = std::ceil(*seconds * 1000);
  if (ms > static_cast<long double>(INT64_MAX)) engine::fail(kTooLarge);
  if (ms < 0) engine::fail("ERR timeout is negative");
  int64_t deadline = 0;
  if (__builtin_add_overflow(static_cast<int64_t>(ms), c.now_ms(), &deadline))
    engine::fail(kTooLarge);
  return ms == 0 ? 0 : deadline;
}

}  // namespace scrubjay::commands
