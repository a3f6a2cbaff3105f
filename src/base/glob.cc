#include "base/glob.h"

#include <utility>

#include "base/text.h"

namespace scrubjay {
namespace {

// Redis gives up on patterns that nest deeper, and answers that they don't match.
constexpr size_t kMaxStars = 1000;

// Matches one pattern element at pattern[p] against c. Sets `next` to the element after it.
bool element_matches(std::string_view pattern, size_t p, char c, bool ignore_case, size_t& next) {
  const auto fold = [ignore_case](char x) {
    return static_cast<unsigned char>(ignore_case ? to_lower(x) : x);
  };
  const unsigned char want = fold(c);
  if (pattern[p] == '?') {
    next = p + 1;
    return true;
  }
  if (pattern[p] == '\\' && p + 1 < pattern.size()) {
    next = p + 2;
    return fold(pattern[p + 1]) == want;
  }
  if (pattern[p] != '[') {
    next = p + 1;
    return fold(pattern[p]) == want;
  }
  size_t i = p + 1;
  const bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  bool found = false;
  for (;;) {
    if (i >= pattern.size()) break;  // an unclosed class ends with the pattern
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      found |= fold(pattern[i + 1]) == want;
      i += 2;
    } else if (pattern[i] == ']') {
      ++i;
      break;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      unsigned char low = fold(pattern[i]);
      unsigned char high = fold(pattern[i + 2]);
      if (low > high) std::swap(low, high);
      found |= low <= want && want <= high;
      i += 3;
    } else {
      found |= fold(pattern[i]) == want;
      ++i;
    }
  }
  next = i;
  return found != negated;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text, bool ignore_case) {
  if (text.empty()) return pattern.empty();  // stars alone don't match nothing
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t star_text = 0;
  size_t stars = 0;
  while (t < text.size()) {
    size_t next = p;
    if (p < pattern.size() && pattern[p] == '*') {
      while (p < pattern.size() && pattern[p] == '*') star = p++;
      star_text = t;
      if (++stars > kMaxStars && p < pattern.size()) return false;
    } else if (p < pattern.size() && element_matches(pattern, p, text[t], ignore_case, next)) {
      p = next;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace scrubjay
