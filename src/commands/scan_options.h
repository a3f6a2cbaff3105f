// The cursor and options of SCAN, HSCAN, SSCAN and ZSCAN.
#pragma once

#include <optional>
#include <string_view>

#include "engine/context.h"

namespace scrubjay::commands {

struct ScanOptions {
  std::optional<std::string_view> pattern;  // nothing: everything
  std::optional<std::string_view> type;     // SCAN alone
  int64_t count = 10;
  bool no_values = false;  // HSCAN alone
};

enum class ScanKind { kKeys, kHash, kOther };

// The cursor, which is the next argument.
uint64_t parse_scan_cursor(engine::CommandContext& c);
// What follows the cursor, to the end of the arguments.
ScanOptions parse_scan_options(engine::CommandContext& c, ScanKind kind);

}  // namespace scrubjay::commands
