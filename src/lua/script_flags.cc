#include "lua/script_flags.h"

#include <algorithm>

namespace scrubjay::lua {
namespace {

struct FlagName {
  std::string_view name;
  ScriptFlag flag;
};
constexpr FlagName kNames[] = {{"no-writes", kNoWrites},
                               {"allow-oom", kAllowOom},
                               {"allow-stale", kAllowStale},
                               {"no-cluster", kNoCluster},
                               {"allow-cross-slot-keys", kAllowCrossSlotKeys},
                               {"declared-keys", kDeclaredKeys}};

// Cuts the text up to the separator off the front of `rest`.
std::string_view next_part(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

}  // namespace

uint32_t script_flag(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name, &FlagName::name);
  return found == std::end(kNames) ? 0u : uint32_t{found->flag};
}

std::vector<std::string_view> script_flag_names(uint32_t flags) {
  std::vector<std::string_view> names;
  for (const FlagName& item : kNames) {
    if (flags & item.flag) names.push_back(item.name);
  }
  return names;
}

Result<Shebang> parse_shebang(std::string_view script) {
  Shebang shebang;
  shebang.body = script;
  if (!script.starts_with("#!")) return shebang;
  const size_t end = script.find('\n');
  if (end == std::string_view::npos) return Error{"Invalid script shebang"};
  std::string_view line = script.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  shebang.body = script.substr(end);
  shebang.flags = 0;
  const std::string_view engine = next_part(line, ' ');
  if (engine != "#!lua")
    return Error{"Unexpected engine in script shebang: " + std::string(engine)};
  while (!line.empty()) {
    const std::string_view word = next_part(line, ' ');
    if (word.empty()) continue;
    if (!word.starts_with("flags="))
      return Error{"Unknown lua shebang option: " + std::string(word)};
    std::string_view names = word.substr(6);
    while (!names.empty()) {
      const std::string_view name = next_part(names, ',');
      const uint32_t flag = script_flag(name);
      if (flag == 0) return Error{"Unexpected flag in script shebang: " + std::string(name)};
      shebang.flags |= flag;
    }
  }
  return shebang;
}

}  // namespace scrubjay::lua
