#include "config/words.h"

#include "base/text.h"

namespace scrubjay::config {
namespace {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

constexpr char escaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

class WordReader {
 public:
  explicit WordReader(std::string_view line) : line_(line) {}

  bool skip_blanks() {
    while (at_ < line_.size() && is_blank(line_[at_])) ++at_;
    return at_ < line_.size();
  }

  std::optional<std::string> next() {
    std::string word;
    for (; at_ < line_.size() && !is_blank(line_[at_]); ++at_) {
      const char c = line_[at_];
      if (c != '"' && c != '\'') {
        word += c;
        continue;
      }
      ++at_;
      if (!(c == '"' ? read_double_quoted(word) : read_single_quoted(word))) return std::nullopt;
      const bool ended = at_ + 1 >= line_.size() || is_blank(line_[at_ + 1]);
      if (!ended) return std::nullopt;
    }
    return word;
  }

 private:
  // Both leave at_ on the closing quote.
  bool read_double_quoted(std::string& word) {
    for (; at_ < line_.size(); ++at_) {
      const std::string_view rest = line_.substr(at_);
      if (rest[0] == '"') return true;
      if (rest.size() >= 4 && rest[0] == '\\' && rest[1] == 'x' && hex_digit(rest[2]) >= 0 &&
          hex_digit(rest[3]) >= 0) {
        word += static_cast<char>(hex_digit(rest[2]) * 16 + hex_digit(rest[3]));
        at_ += 3;
      } else if (rest.size() >= 2 && rest[0] == '\\') {
        word += escaped(rest[1]);
        ++at_;
      } else {
        word += rest[0];
      }
    }
    return false;
  }

  bool read_single_quoted(std::string& word) {
    for (; at_ < line_.size(); ++at_) {
      if (line_[at_] == '\'') return true;
      if (line_.substr(at_, 2) == "\\'") ++at_;
      word += line_[at_];
    }
    return false;
  }

  std::string_view line_;
  size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  WordReader reader(line);
  while (reader.skip_blanks()) {
    auto word = reader.next();
    if (!word) return std::nullopt;
    words.push_back(std::move(*word));
  }
  return words;
}

std::vector<std::string> split_at_spaces(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string word_text(std::string_view word) {
  bool plain = !word.empty();
  for (const char c : word) {
    plain = plain && c > ' ' && c <= '~' && c != '"' && c != '\'' && c != '\\';
  }
  return plain ? std::string(word) : quoted(word);
}

std::string join_words(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word_text(word);
  }
  return text;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace scrubjay::config
