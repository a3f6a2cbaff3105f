// Times to live as commands name them: seconds or milliseconds, from now or since the epoch.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/context.h"

namespace scrubjay::commands {

struct ExpireUnit {
  bool seconds;
  bool absolute;
  bool operator==(const ExpireUnit&) const = default;
};
inline constexpr ExpireUnit kEx{true, false};
inline constexpr ExpireUnit kPx{false, false};
inline constexpr ExpireUnit kExAt{true, true};
inline constexpr ExpireUnit kPxAt{false, true};

// The instant in ms since the epoch; nothing if it does not fit.
std::optional<int64_t> deadline_of(int64_t amount, ExpireUnit unit, int64_t now_ms);

// As above for SET, GETEX and their kin: zero and negative amounts and overflows are
// "invalid expire time in 'set' command".
int64_t positive_deadline(engine::CommandContext& c, std::string_view amount, ExpireUnit unit);

}  // namespace scrubjay::commands
