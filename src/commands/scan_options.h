// The cursor and options of SCAN, HSCAN, SSCAN and ZSCAN.
#pragma once

#include <optional>
#include <string_view>

#include "engine/context.h"

namespace scrubjay::commands {

struct ScanOptions {
  uint64_t cursor = 0;
  std::optional<std::string_view> pattern;  // nothing: everything
  std::optional<std::string_view> type;     // SCAN alone
  int64_t count = 10;
  bool no_values = false;  // HSCAN alone
};

enum class ScanKind { kKeys, kHash, kOther };

// From the cursor to the end of the arguments.
ScanOptions parse_scan_options(engine::CommandContext& c, ScanKind kind);

}  // namespace scrubjay::commands
