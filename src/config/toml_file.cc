#include "config/toml_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/number.h"
#include "config/option_lines.h"
#include "config/option_table.h"
#include "config/toml_bytes.h"
#include "config/toml_library.h"
#include "config/words.h"

namespace scrubjay::config {
namespace {

bool is_section(std::string_view name) {
  for (size_t i = 0; i < kSections; ++i) {
    if (section_name(static_cast<Section>(i)) == name) return true;
  }
  return false;
}

std::string_view line_of(std::string_view text, size_t number) {
  for (size_t i = 1; i < number; ++i) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (text.empty()) break;
  }
  return trim(text.substr(0, text.find('\n')));
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    default:
      return "a date or time";
  }
}

// The node as the single word that a redis.conf line would have; no value if the type doesn't fit.
std::optional<std::string> word_of(const toml::node& node, const Rule& rule) {
  const bool any = rule.kind == Kind::kWords;
  const bool number = rule.kind == Kind::kInteger || rule.kind == Kind::kMemory ||
                      rule.kind == Kind::kMemoryOrPercent;
  if (const auto* integer = node.as_integer()) {
    if (rule.kind == Kind::kOctal) return fmt::format("{:o}", integer->get());
    if (any || number) return std::to_string(integer->get());
  }
  if (const auto* boolean = node.as_boolean()) {
    const bool named =
        std::find(rule.choices.begin(), rule.choices.end(), "yes") != rule.choices.end();
    if (rule.kind == Kind::kBool || (rule.kind == Kind::kChoice && named))
      return boolean->get() ? "yes" : "no";
  }
  if (const auto* text = node.as_string(); text && rule.kind != Kind::kInteger)
    return restore_bytes(text->get());
  if (const auto* real = node.as_floating_point(); real && any) return format_double(real->get());
  return std::nullopt;
}

using Words = std::vector<std::string>;

std::optional<Words> words_of_array(const toml::array& array, const Rule& rule) {
  Words words;
  for (const toml::node& element : array) {
    auto word = word_of(element, rule);
    if (!word) return std::nullopt;
    words.push_back(std::move(*word));
  }
  return words;
}

// The lines a value stands for; no value if the type doesn't fit.
std::optional<std::vector<Words>> lines_of(const toml::node& node, const Option& option) {
  const Rule& rule = option.rule;
  const toml::array* array = node.as_array();
  if (rule.kind != Kind::kWords || !array) {
    auto word = word_of(node, rule);
    if (!word) return std::nullopt;
    if (rule.kind != Kind::kWords) return std::vector<Words>{{std::move(*word)}};
    auto words = split_words(*word);
    if (!words) return std::nullopt;
    return std::vector<Words>{std::move(*words)};
  }
  if (!(option.flags & kRepeats)) {
    auto words = words_of_array(*array, rule);
    if (!words) return std::nullopt;
    return std::vector<Words>{std::move(*words)};
  }
  std::vector<Words> lines;
  for (const toml::node& element : *array) {
    const toml::array* inner = element.as_array();
    auto words = inner ? words_of_array(*inner, rule) : std::nullopt;
    if (const auto* text = element.as_string()) words = split_words(restore_bytes(text->get()));
    if (!words) return std::nullopt;
    lines.push_back(std::move(*words));
  }
  // No line at all: the option is given nothing, where that is allowed (save = []).
  if (lines.empty() && !(option.flags & kFileOnly)) lines.emplace_back();
  return lines;
}

class Reader {
 public:
  Reader(Draft& draft, std::string_view text, std::string_view origin)
      : draft_(draft), text_(text), origin_(origin) {}

  Status read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const toml::table* section = node.as_table();
      const Status status = section ? read_section(key, *section) : read_option(key, node, {});
      if (!status) return status;
    }
    return Done{};
  }

 private:
  Error error_at(const toml::source_region& place, std::string_view reason,
                 const Option* option) const {
    const size_t number = place.begin.line;
    return source_error({origin_, number, line_of(text_, number)}, reason, option);
  }

  Status read_section(const toml::key& key, const toml::table& section) {
    const std::string_view name = key.str();
    if (!is_section(name)) return error_at(key.source(), "Unknown table", find_option(name));
    for (const auto& [inner, node] : section) {
      const Status status = read_option(inner, node, name);
      if (!status) return status;
    }
    return Done{};
  }

  // `section` is empty above the first table.
  Status read_option(const toml::key& key, const toml::node& node, std::string_view section) {
    const Option* option = find_toml_option(key.str());
    if (!option) return error_at(key.source(), "Unknown option", nullptr);
    if (!section.empty() && section != section_name(option->section)) {
      return error_at(
          key.source(),
          fmt::format("This option belongs to the table [{}]", section_name(option->section)),
          option);
    }
    if (!seen_.insert(option->name).second)
      return error_at(key.source(), "This option is set twice", option);
    const auto lines = lines_of(node, *option);
    if (!lines)
      return error_at(key.source(), fmt::format("Wrong type: {}", type_name(node)), option);
    for (const Words& words : *lines) {
      const Status status = draft_.assign(*option, words);
      if (!status) return error_at(key.source(), status.error(), option);
    }
    return Done{};
  }

  Draft& draft_;
  std::string_view text_;
  std::string_view origin_;
  std::set<std::string_view> seen_;
};

std::string toml_array(const std::vector<std::string>& elements) {
  std::string shown = "[";
  for (const std::string& element : elements) {
    if (shown.size() > 1) shown += ", ";
    shown += toml_string(element);
  }
  return shown + "]";
}

}  // namespace

Status read_toml(Draft& draft, const std::string& path) {
  const auto text = read_source(path);
  if (!text) return Error{text.error()};
  return read_toml_text(draft, *text, path);
}

Status read_toml_text(Draft& draft, std::string_view text, std::string_view origin) {
  try {
    const toml::table root = toml::parse(disguise_bytes(text));
    return Reader(draft, text, origin).read(root);
  } catch (const toml::parse_error& error) {
    const size_t number = error.source().begin.line;
    return source_error({origin, number, line_of(text, number)}, restore_bytes(error.description()),
                        nullptr);
  }
}

const Option* find_toml_option(std::string_view key) {
  if (const Option* option = find_option(key)) return option;  // some have a _ of their own
  std::string name(key);
  std::replace(name.begin(), name.end(), '_', '-');
  return find_option(name);
}

std::string toml_string(std::string_view text) {
  std::string shown = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      (shown += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      shown += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    else
      shown += c;
  }
  return shown + '"';
}

std::string toml_value(const Config& config, const Option& option) {
  const std::string value = show(config, option);
  switch (option.rule.kind) {
    case Kind::kBool:
      return value == "yes" ? "true" : "false";
    case Kind::kInteger:
      return value;
    case Kind::kMemory:
    case Kind::kMemoryOrPercent: {
      const std::string size = memory_text(value);
      return size == value && !size.ends_with('%') && parse_int64(size) ? size : toml_string(size);
    }
    case Kind::kOctal:
    case Kind::kChoice:
    case Kind::kText:
      return toml_string(value);
    case Kind::kWords:
      break;
  }
  if (option.flags & kRepeats) return toml_array(value_lines(config, option));
  return toml_array(split_words(value).value_or(Words{}));
}

}  // namespace scrubjay::config
