#include "config/option_lines.h"

#include <utility>

#include "base/number.h"
#include "config/option_table.h"
#include "config/words.h"

namespace scrubjay::config {
namespace {

constexpr size_t kPairWords = 2;
constexpr size_t kLimitWords = 4;  // class, hard, soft, seconds

std::vector<std::string> in_groups(const std::vector<std::string>& words, size_t size) {
  std::vector<std::string> lines;
  for (size_t i = 0; i + size <= words.size(); i += size) {
    lines.push_back(join_words(std::span(words).subspan(i, size)));
  }
  return lines;
}

std::vector<std::string> limit_lines(std::vector<std::string> words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (i % kLimitWords == 1 || i % kLimitWords == 2) words[i] = memory_text(words[i]);
    if (words[i] == "slave") words[i] = "replica";
  }
  return in_groups(words, kLimitWords);
}

}  // namespace

std::string memory_text(std::string_view bytes) {
  constexpr std::pair<int, std::string_view> kUnits[] = {{30, "gb"}, {20, "mb"}, {10, "kb"}};
  const auto value = parse_uint64(bytes);
  if (!value || *value == 0) return std::string(bytes);
  for (const auto& [shift, unit] : kUnits) {
    const uint64_t count = *value >> shift;
    if (count > 0 && count << shift == *value) return std::to_string(count) + std::string(unit);
  }
  return std::string(bytes);
}

std::vector<std::string> value_lines(const Config& config, const Option& option) {
  const std::string value = show(config, option);
  const Kind kind = option.rule.kind;
  if (kind == Kind::kMemory || kind == Kind::kMemoryOrPercent) return {memory_text(value)};
  if (kind != Kind::kWords) return {word_text(value)};
  auto words = split_words(value).value_or(std::vector<std::string>{});
  if (option.name == "client-output-buffer-limit") return limit_lines(std::move(words));
  if (option.flags & kFileOnly && option.name != "rename-command") return words;
  if (option.flags & kFileOnly) return in_groups(words, kPairWords);
  if (words.empty()) return {"\"\""};
  return option.flags & kRepeats ? in_groups(words, kPairWords)
                                 : std::vector<std::string>{join_words(words)};
}

}  // namespace scrubjay::config
