// Small helpers on ASCII text. Pure functions; bytes above 127 are left alone.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace scrubjay {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

inline std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

// The bytes as redis-cli and MONITOR show them: in double quotes, with escapes.
std::string quoted(std::string_view bytes);

}  // namespace scrubjay
