// The first line of a script or a library: "#!lua name=lib flags=no-writes,allow-stale". Used for
// EVAL and for FUNCTION LOAD. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scrubjay::lua {

enum ScriptFlag : uint32_t {
  kNoWrites = 1u << 0,
  kAllowOom = 1u << 1,
  kAllowStale = 1u << 2,
  kNoCluster = 1u << 3,
  kAllowCrossSlotKeys = 1u << 4,
  kDeclaredKeys = 1u << 5,  // ours: the script touches no keys but those that its caller names
  kNoShebang = 1u << 6,     // there is no such line: nothing is known of what the script does
};

// The flag of this name; 0 if there is none.
uint32_t script_flag(std::string_view name);
// The names of all flags that are set.
std::vector<std::string_view> script_flag_names(uint32_t flags);

struct Shebang {
  uint32_t flags = kNoShebang;
  std::string_view body;  // the script without the line, but with its line end
};

// Of a script for EVAL. The error is Redis's, without "ERR".
Result<Shebang> parse_shebang(std::string_view script);

}  // namespace scrubjay::lua
