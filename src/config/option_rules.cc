#include "config/option_rules.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "base/number.h"
#include "base/text.h"
#include "config/keyspace_events.h"
#include "config/words.h"

namespace scrubjay::config {
namespace {

constexpr size_t kMaxBindAddresses = 16;
constexpr int64_t kMinHz = 1;
constexpr int64_t kMaxHz = 500;
constexpr int64_t kMaxOomScore = 2000;
constexpr int64_t kMaxPort = 65535;

struct ClientClass {
  std::string_view name;
  OutputBufferLimit OutputBufferLimits::*limit;
};
constexpr ClientClass kClientClasses[] = {
    {"normal", &OutputBufferLimits::normal},
    {"slave", &OutputBufferLimits::replica},
    {"pubsub", &OutputBufferLimits::pubsub},
    {"replica", &OutputBufferLimits::replica},
};
constexpr size_t kShownClientClasses = 3;

const ClientClass* find_client_class(std::string_view name) {
  for (const ClientClass& one : kClientClasses) {
    if (equal_ignoring_case(one.name, name)) return &one;
  }
  return nullptr;
}

// Reads groups of four words; an empty answer is success.
std::string read_limits(std::span<const std::string> words, OutputBufferLimits& limits) {
  if (words.size() % 4 != 0) return "Wrong number of arguments in buffer limit configuration.";
  for (; !words.empty(); words = words.subspan(4)) {
    const ClientClass* found = find_client_class(words[0]);
    if (!found) return "Invalid client class specified in buffer limit configuration.";
    const auto hard = parse_memory(words[1]);
    const auto soft = parse_memory(words[2]);
    const auto seconds = parse_int64(words[3]);
    if (!hard || !soft || !seconds || *seconds < 0)
      return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    limits.*found->limit = {*hard, *soft, *seconds};
  }
  return {};
}

std::string show_percentile(double value) {
  std::string shown = fmt::format("{:.6f}", value);
  while (shown.back() == '0') shown.pop_back();
  if (shown.back() == '.') shown.pop_back();
  return shown;
}

bool valid_title_template(std::string_view text) {
  constexpr std::string_view kVariables[] = {"title",    "listen-addr", "server-mode", "port",
                                             "tls-port", "unixsocket",  "config-file"};
  while (true) {
    const size_t open = text.find('{');
    if (open == std::string_view::npos) return true;
    const size_t close = text.find('}', open);
    if (close == std::string_view::npos) return false;
    const std::string_view name = text.substr(open + 1, close - open - 1);
    if (std::find(std::begin(kVariables), std::end(kVariables), name) == std::end(kVariables))
      return false;
    text.remove_prefix(close + 1);
  }
}

}  // namespace

Result<std::string> check_bind(const Option&, const Assignment& assignment) {
  std::vector<std::string> addresses;
  for (const std::string& word : assignment.words) {
    if (!word.empty()) addresses.push_back(word);
  }
  if (addresses.size() > kMaxBindAddresses) return Error{"Too many bind addresses specified."};
  return join_words(addresses);
}

Result<std::string> check_output_buffer_limits(const Option& option, const Assignment& assignment) {
  OutputBufferLimits limits;
  store_value(limits, option, assignment.current);
  std::string reason = read_limits(assignment.words, limits);
  if (!reason.empty()) return Error{std::move(reason)};
  return show_value(option, limits);
}

Result<std::string> check_keyspace_events(const Option&, const Assignment& assignment) {
  const auto events = parse_keyspace_events(assignment.words[0]);
  if (!events) return Error{"Invalid event class character. Use 'Ag$lshzxeKEtmdn'."};
  // The letters as they were given: A and n together can't be told from A alone once shown.
  return assignment.words[0];
}

Result<std::string> check_percentiles(const Option&, const Assignment& assignment) {
  std::string shown;
  for (const std::string& word : assignment.words) {
    if (word.empty()) continue;
    const auto value = parse_double(word);
    if (!value) return Error{"Invalid latency-tracking-info-percentiles parameters"};
    if (*value < 0 || *value > 100)
      return Error{"latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"};
    if (!shown.empty()) shown += ' ';
    shown += show_percentile(*value);
  }
  return shown;
}

Result<std::string> check_hz(const Option&, const Assignment& assignment) {
  return std::to_string(std::clamp(*parse_int64(assignment.words[0]), kMinHz, kMaxHz));
}

Result<std::string> check_file_name(const Option& option, const Assignment& assignment) {
  const std::string& name = assignment.words[0];
  if (name.find('/') != std::string::npos)
    return Error{fmt::format("{} can't be a path, just a filename", option.name)};
  if (name.empty() && option.name != "dbfilename")
    return Error{fmt::format("{} can't be empty", option.name)};
  return name;
}

Result<std::string> check_directory(const Option&, const Assignment& assignment) {
  std::error_code error;
  const auto status = std::filesystem::status(assignment.words[0], error);
  if (!std::filesystem::exists(status)) return Error{"No such file or directory"};
  if (!std::filesystem::is_directory(status)) return Error{"Not a directory"};
  const auto absolute = std::filesystem::canonical(assignment.words[0], error);
  if (error) return Error{error.message()};
  return absolute.string();
}

Result<std::string> check_title_template(const Option&, const Assignment& assignment) {
  if (!valid_title_template(assignment.words[0]))
    return Error{"template format is invalid or contains unknown variables"};
  return assignment.words[0];
}

Result<std::string> check_save_points(const Option&, const Assignment& assignment) {
  // All points may stand in one word: --save "900 1 300 10".
  std::vector<std::string> words;
  for (const std::string& word : assignment.words) {
    std::istringstream parts(word);
    for (std::string part; parts >> part;) words.push_back(part);
  }
  if (words.empty()) return std::string{};
  std::string shown = assignment.first ? std::string{} : assignment.current;
  if (words.size() % 2 != 0) return Error{"Invalid save parameters"};
  for (size_t i = 0; i < words.size(); ++i) {
    const auto value = parse_int64(words[i]);
    const int64_t low = i % 2 == 0 ? 1 : 0;  // seconds, then changes
    if (!value || *value < low) return Error{"Invalid save parameters"};
    if (!shown.empty()) shown += ' ';
    shown += words[i];
  }
  return shown;
}

Result<std::string> check_oom_score(const Option&, const Assignment& assignment) {
  constexpr size_t kValues = 3;
  if (assignment.words.size() != kValues) return Error{"wrong number of arguments"};
  for (const std::string& word : assignment.words) {
    const auto value = parse_int64(word);
    if (!value || *value < -kMaxOomScore || *value > kMaxOomScore)
      return Error{"Invalid oom-score-adj-values, elements must be between -2000 and 2000."};
  }
  return join_words(assignment.words);
}

Result<std::string> check_replicaof(const Option&, const Assignment& assignment) {
  const auto words = assignment.words;
  if (words.size() != 2) return Error{"wrong number of arguments"};
  if (equal_ignoring_case(words[0], "no") && equal_ignoring_case(words[1], "one"))
    return std::string{};
  const auto port = parse_int64(words[1]);
  if (!port || *port < 0 || *port > kMaxPort) return Error{"Invalid master port"};
  return join_words(words);
}

Result<std::string> check_shutdown_flags(const Option& option, const Assignment& assignment) {
  std::array<bool, 5> given{};  // default, save, nosave, now, force
  for (const std::string& word : assignment.words) {
    const size_t index = choice_index(option, word);
    if (index == given.size())
      return Error{fmt::format("argument(s) must be one of the following: {}",
                               fmt::join(option.rule.choices, ", "))};
    given[index] = true;
  }
  if (given[1] && given[2])
    return Error{"shutdown options SAVE and NOSAVE can't be used simultaneously"};
  std::string shown;
  for (size_t i = 1; i < given.size(); ++i) {
    if (given[i]) shown += (shown.empty() ? "" : " ") + std::string(option.rule.choices[i]);
  }
  return shown.empty() ? std::string(option.rule.choices[0]) : shown;
}

Result<std::string> check_rename(const Option&, const Assignment& assignment) {
  if (assignment.words.size() != 2) return Error{"Bad directive or wrong number of arguments"};
  return assignment.current + (assignment.current.empty() ? "" : " ") +
         join_words(assignment.words);
}

Result<std::string> check_line(const Option&, const Assignment& assignment) {
  if (assignment.words.empty()) return Error{"Bad directive or wrong number of arguments"};
  const std::string line = join_words(assignment.words);
  return assignment.current + (assignment.current.empty() ? "" : " ") + word_text(line);
}

std::string show_value(const Option&, bool value) {
  return value ? "yes" : "no";
}

std::string show_value(const Option& option, int64_t value) {
  if (option.rule.kind == Kind::kOctal) return fmt::format("{:o}", value);
  if (option.rule.kind == Kind::kMemoryOrPercent && value < 0) return fmt::format("{}%", -value);
  return std::to_string(value);
}

std::string show_value(const Option&, uint64_t value) {
  return std::to_string(value);
}

std::string show_value(const Option&, uint32_t keyspace_events) {
  return format_keyspace_events(keyspace_events);
}

std::string show_value(const Option&, const std::string& value) {
  return value;
}

std::string show_value(const Option&, const std::vector<std::string>& value) {
  return join_words(value);
}

std::string show_value(const Option&,
                       const std::vector<std::pair<std::string, std::string>>& value) {
  std::string shown;
  for (const auto& [from, to] : value) {
    if (!shown.empty()) shown += ' ';
    shown += word_text(from) + ' ' + word_text(to);
  }
  return shown;
}

std::string show_value(const Option&, const std::vector<double>& value) {
  std::string shown;
  for (const double one : value) {
    if (!shown.empty()) shown += ' ';
    shown += show_percentile(one);
  }
  return shown;
}

std::string show_value(const Option&, const OutputBufferLimits& value) {
  std::string shown;
  for (size_t i = 0; i < kShownClientClasses; ++i) {
    const OutputBufferLimit& limit = value.*kClientClasses[i].limit;
    if (!shown.empty()) shown += ' ';
    shown += fmt::format("{} {} {} {}", kClientClasses[i].name, limit.hard, limit.soft,
                         limit.soft_seconds);
  }
  return shown;
}

std::string show_directory(const Config& config, const Option&) {
  if (!config.dir.empty()) return config.dir;
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

void store_value(bool& value, const Option&, std::string_view text) {
  value = text == "yes";
}

void store_value(int64_t& value, const Option& option, std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  const int base = option.rule.kind == Kind::kOctal ? 8 : 10;
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  value = percent ? -number : number;
}

void store_value(uint64_t& value, const Option&, std::string_view text) {
  value = parse_uint64(text).value_or(0);
}

void store_value(uint32_t& keyspace_events, const Option&, std::string_view text) {
  keyspace_events = parse_keyspace_events(text).value_or(0);
}

void store_value(std::string& value, const Option&, std::string_view text) {
  value = text;
}

void store_value(std::vector<std::string>& value, const Option&, std::string_view text) {
  value = split_words(text).value_or(std::vector<std::string>{});
}

void store_value(std::vector<std::pair<std::string, std::string>>& value, const Option&,
                 std::string_view text) {
  const auto list = split_words(text).value_or(std::vector<std::string>{});
  value.clear();
  for (size_t i = 0; i + 1 < list.size(); i += 2) value.emplace_back(list[i], list[i + 1]);
}

void store_value(std::vector<double>& value, const Option&, std::string_view text) {
  value.clear();
  for (const std::string& word : split_at_spaces(text)) {
    value.push_back(parse_double(word).value_or(0));
  }
}

void store_value(OutputBufferLimits& value, const Option&, std::string_view text) {
  read_limits(split_at_spaces(text), value);
}

size_t choice_index(const Option& option, std::string_view name) {
  const auto& choices = option.rule.choices;
  size_t index = 0;
  while (index < choices.size() && !equal_ignoring_case(choices[index], name)) ++index;
  return index;
}

}  // namespace scrubjay::config
