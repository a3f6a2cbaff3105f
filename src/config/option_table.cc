#include "config/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <unordered_set>

#include "base/glob.h"
#include "base/number.h"
#include "base/text.h"
#include "config/option_rules.h"
#include "config/words.h"

namespace scrubjay::config {
namespace {

std::vector<const Option*> collect_rows() {
  std::vector<const Option*> rows;
  for (size_t section = 0; section < kSections; ++section) {
    for (const auto part : {server_option_rows(), data_option_rows(), persistence_option_rows(),
                            other_option_rows()}) {
      for (const Option& row : part) {
        if (row.section == static_cast<Section>(section)) rows.push_back(&row);
      }
    }
  }
  return rows;
}

const std::unordered_map<std::string, const Option*>& rows_by_name() {
  static const auto by_name = [] {
    std::unordered_map<std::string, const Option*> map;
    for (const Option* row : options()) {
      for (const std::string_view name : {row->name, row->alias, row->hidden_alias}) {
        if (!name.empty()) map.emplace(name, row);
      }
    }
    return map;
  }();
  return by_name;
}

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

Error out_of_range(const Rule& rule) {
  return {fmt::format("argument must be between {} and {} inclusive", rule.low, rule.high)};
}

Result<std::string> check_integer(const Rule& rule, const std::string& word) {
  const auto value = parse_int64(word);
  if (!value) return Error{"argument couldn't be parsed into an integer"};
  const bool above = *value > 0 && static_cast<uint64_t>(*value) > rule.high;
  if (*value < rule.low || above) return out_of_range(rule);
  return word;
}

Result<std::string> check_octal(const Rule& rule, const std::string& word) {
  int64_t value = 0;
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value, 8);
  if (error != std::errc{} || stop != end)
    return Error{"argument couldn't be parsed as an octal number"};
  if (value < rule.low || static_cast<uint64_t>(value) > rule.high)
    return Error{
        fmt::format("argument must be between {:o} and {:o} inclusive", rule.low, rule.high)};
  return fmt::format("{:o}", value);
}

Result<std::string> check_memory(const Rule& rule, const std::string& word) {
  const auto bytes = parse_memory(word);
  if (!bytes) return Error{"argument must be a memory value"};
  if (*bytes < static_cast<uint64_t>(rule.low) || *bytes > rule.high) return out_of_range(rule);
  return std::to_string(*bytes);
}

Result<std::string> check_memory_or_percent(const Rule& rule, const std::string& word) {
  if (!word.ends_with('%')) {
    if (!parse_memory(word)) return Error{"argument must be a memory or percent value"};
    return check_memory(rule, word);
  }
  const auto percent = parse_int64(std::string_view(word).substr(0, word.size() - 1));
  if (!percent || *percent < 0) return Error{"argument must be a memory or percent value"};
  if (*percent > 100) return Error{"percentage argument must be less or equal to 100"};
  return word;
}

Result<std::string> check_word(const Option& option, const std::string& word) {
  switch (option.rule.kind) {
    case Kind::kBool:
      if (equal_ignoring_case(word, "yes")) return std::string("yes");
      if (equal_ignoring_case(word, "no")) return std::string("no");
      return Error{"argument must be 'yes' or 'no'"};
    case Kind::kInteger:
      return check_integer(option.rule, word);
    case Kind::kMemory:
      return check_memory(option.rule, word);
    case Kind::kMemoryOrPercent:
      return check_memory_or_percent(option.rule, word);
    case Kind::kOctal:
      return check_octal(option.rule, word);
    case Kind::kChoice: {
      const size_t index = choice_index(option, word);
      if (index < option.rule.choices.size()) return std::string(option.rule.choices[index]);
      const auto names =
          option.rule.choices.first(option.rule.choices.size() - option.rule.own_choices);
      return Error{
          fmt::format("argument(s) must be one of the following: {}", fmt::join(names, ", "))};
    }
    case Kind::kText:
    case Kind::kWords:
      break;
  }
  return word;
}

Result<std::string> check(const Option& option, const Assignment& assignment) {
  if (option.rule.kind == Kind::kWords) return option.rule.special(option, assignment);
  if (assignment.words.size() != 1) return Error{"wrong number of arguments"};
  auto text = check_word(option, assignment.words[0]);
  if (!text || !option.rule.special) return text;
  return option.rule.special(option, assignment);
}

std::string allowed_integers(const Rule& rule) {
  const bool no_low = rule.low <= INT_MIN;
  const bool no_high = rule.high >= kMaxInt;
  if (no_low && no_high) return "an integer";
  if (no_high) return fmt::format("an integer, {} or more", rule.low);
  return fmt::format("an integer from {} to {}", rule.low, rule.high);
}

bool may_set_protected(const Config& config, bool local) {
  return config.enable_protected_configs == Permission::kYes ||
         (config.enable_protected_configs == Permission::kLocal && local);
}

// The reason why CONFIG SET refuses the option before it looks at the value, or "".
std::string_view refusal(const Config& config, const Option& option, bool local) {
  if (option.flags & kImmutable) return "can't set immutable config";
  if (option.flags & kProtected && !may_set_protected(config, local))
    return "can't set protected config";
  return {};
}

}  // namespace

std::span<const Option* const> options() {
  static const std::vector<const Option*> rows = collect_rows();
  return rows;
}

const Option* find_option(std::string_view name) {
  const auto& by_name = rows_by_name();
  const auto found = by_name.find(to_lower(name));
  return found == by_name.end() ? nullptr : found->second;
}

std::string show(const Config& config, const Option& option) {
  if (option.field.show) return option.field.show(config, option);
  const auto given = config.kept.find(option.name);
  return std::string(given == config.kept.end() ? option.kept_default
                                                : std::string_view(given->second));
}

std::string default_text(const Option& option) {
  if (option.name == "dir") return {};
  return show(Config{}, option);
}

bool is_default(const Config& config, const Option& option) {
  if (option.name == "dir") return config.dir.empty();
  return show(config, option) == default_text(option);
}

std::string allowed_text(const Option& option) {
  const Rule& rule = option.rule;
  switch (rule.kind) {
    case Kind::kBool:
      return "yes or no";
    case Kind::kInteger:
      return allowed_integers(rule);
    case Kind::kMemory:
      return rule.low > 0 ? fmt::format("bytes, {} or more, also as 100mb or 1gb", rule.low)
                          : "bytes, also as 100mb or 1gb";
    case Kind::kMemoryOrPercent:
      return "bytes, also as 100mb or 1gb, or a percentage up to 100%";
    case Kind::kOctal:
      return fmt::format("an octal number from {:o} to {:o}", rule.low, rule.high);
    case Kind::kChoice:
      return fmt::format("one of {}", fmt::join(rule.choices, ", "));
    case Kind::kText:
    case Kind::kWords:
      break;
  }
  return std::string(rule.allowed);
}

Status assign(Config& config, const Option& option, std::span<const std::string> words,
              bool first) {
  const auto text = check(option, {words, show(config, option), first});
  if (!text) return Error{text.error()};
  if (option.field.store)
    option.field.store(config, option, *text);
  else
    config.kept.insert_or_assign(std::string(option.name), *text);
  return Done{};
}

std::vector<std::pair<std::string, std::string>> get(const Config& config,
                                                     std::span<const std::string_view> patterns) {
  std::vector<std::pair<std::string, std::string>> answer;
  std::unordered_set<std::string> named;
  const auto add = [&](std::string_view name, const Option& option) {
    if (named.insert(to_lower(name)).second) answer.emplace_back(name, show(config, option));
  };
  for (const std::string_view pattern : patterns) {
    if (!is_pattern(pattern)) {
      const Option* option = find_option(pattern);
      if (option && !(option->flags & kFileOnly)) add(pattern, *option);
      continue;
    }
    for (const Option* option : options()) {
      if (option->flags & (kFileOnly | kHidden)) continue;
      for (const std::string_view name : {option->name, option->alias}) {
        if (!name.empty() && glob_match(pattern, name, true)) add(name, *option);
      }
    }
  }
  return answer;
}

Result<std::vector<std::string_view>> set(Config& config,
                                          std::span<const std::string_view> names_and_values,
                                          bool local) {
  if (names_and_values.size() % 2 != 0) return Error{"syntax error"};
  const size_t count = names_and_values.size() / 2;
  std::vector<const Option*> chosen;
  std::unordered_set<std::string> named;
  for (size_t i = 0; i < count; ++i) {
    const std::string_view name = names_and_values[2 * i];
    const Option* option = find_option(name);
    if (!option || option->flags & kFileOnly)
      return Error{
          fmt::format("Unknown option or number of arguments for CONFIG SET - '{}'", name)};
    const std::string_view refused = refusal(config, *option, local);
    if (!refused.empty()) return Error{set_error(name, refused)};
    if (!named.insert(to_lower(name)).second) return Error{set_error(name, "duplicate parameter")};
    chosen.push_back(option);
  }
  Config changed = config;
  for (size_t i = 0; i < count; ++i) {
    const std::string value(names_and_values[2 * i + 1]);
    const auto words = chosen[i]->rule.kind == Kind::kWords ? split_at_spaces(value)
                                                            : std::vector<std::string>{value};
    const Status assigned = assign(changed, *chosen[i], words);
    if (!assigned) return Error{set_error(names_and_values[2 * i], assigned.error())};
  }
  std::vector<std::string_view> names;
  for (const Option* option : chosen) {
    const bool noted = std::find(names.begin(), names.end(), option->name) != names.end();
    if (!noted && show(config, *option) != show(changed, *option)) names.push_back(option->name);
  }
  config = std::move(changed);
  return names;
}

std::string set_error(std::string_view name, std::string_view reason) {
  return fmt::format("CONFIG SET failed (possibly related to argument '{}') - {}", name, reason);
}

}  // namespace scrubjay::config
