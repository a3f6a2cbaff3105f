#include "base/number.h"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

namespace scrubjay {

std::optional<int64_t> parse_int64(std::string_view text) {
  if (text.empty() || text.size() > kInt64Digits) return std::nullopt;
  const char first = text[0] == '-' && text.size() > 1 ? text[1] : text[0];
  if (first < '0' || first > '9') return std::nullopt;
  if (first == '0' && text.size() > 1) return std::nullopt;  // "01", "-0"
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<uint64_t> parse_uint64(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

namespace {

// strtod and strtold want a terminated text; numbers longer than this are refused as Redis does.
constexpr size_t kMaxNumberText = 5 * 1024;

template <class T, T (*Parse)(const char*, char**)>
std::optional<T> parse_real(std::string_view text) {
  if (text.empty() || text.size() >= kMaxNumberText) return std::nullopt;
  if (std::isspace(static_cast<unsigned char>(text[0])) ||
      text.find('\0') != std::string_view::npos)
    return std::nullopt;
  const std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  const T value = Parse(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> parse_double(std::string_view text) {
  return parse_real<double, std::strtod>(text);
}

std::optional<long double> parse_long_double(std::string_view text) {
  return parse_real<long double, std::strtold>(text);
}

std::optional<uint64_t> parse_memory(std::string_view text) {
  if (text.empty()) return 0;
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const auto number = parse_uint64(text.substr(0, digits));
  if (!number) return std::nullopt;
  const std::string unit = to_lower(text.substr(digits));
  uint64_t factor = 1;
  if (unit.empty() || unit == "b")
    factor = 1;
  else if (unit == "k")
    factor = 1000;
  else if (unit == "kb")
    factor = 1024;
  else if (unit == "m")
    factor = 1000ull * 1000;
  else if (unit == "mb")
    factor = 1024ull * 1024;
  else if (unit == "g")
    factor = 1000ull * 1000 * 1000;
  else if (unit == "gb")
    factor = 1024ull * 1024 * 1024;
  else
    return std::nullopt;
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(*number, factor, &bytes)) return std::nullopt;
  return bytes;
}

std::string format_double(double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (std::isnan(value)) return "nan";
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  constexpr double kExact = 4611686018427387904.0;  // 2^62
  char text[32];
  if (value > -kExact && value < kExact && value == std::trunc(value))
    return {text, write_int64(static_cast<int64_t>(value), text)};

  // Shortest digits, of which `before` stand before the point.
  const auto end =
      std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific).ptr;
  const std::string_view shown(text, static_cast<size_t>(end - text));
  const size_t e = shown.find('e');
  std::string digits(1, shown[0]);
  if (e > 2) digits += shown.substr(2, e - 2);
  int exponent = 0;
  std::from_chars(text + e + (shown[e + 1] == '+' ? 2 : 1), end, exponent);
  const int count = static_cast<int>(digits.size());
  const int before = exponent + 1;
  const std::string sign = value < 0 ? "-" : "";
  if (before >= count && std::abs(exponent) < count + 7)
    return sign + digits + std::string(static_cast<size_t>(before - count), '0');
  if (before < count && (before - count > -7 || std::abs(exponent) < 4)) {
    if (before <= 0) return sign + "0." + std::string(static_cast<size_t>(-before), '0') + digits;
    return sign + digits.insert(static_cast<size_t>(before), ".");
  }
  if (count > 1) digits.insert(1, ".");
  return fmt::format("{}{}e{}{}", sign, digits, exponent < 0 ? '-' : '+', std::abs(exponent));
}

std::string format_long_double(long double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[5 * 1024];
  const int length = std::snprintf(text, sizeof text, "%.17Lf", value);
  std::string_view shown(text, static_cast<size_t>(length));
  if (shown.find('.') != std::string_view::npos) {
    while (shown.back() == '0') shown.remove_suffix(1);
    if (shown.back() == '.') shown.remove_suffix(1);
  }
  return shown == "-0" ? "0" : std::string(shown);
}

std::string human_bytes(uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{}B", bytes);
  double value = static_cast<double>(bytes);
  constexpr const char* kUnits = "KMGTPE";
  size_t unit = 0;
  for (value /= 1024; value >= 1024 && unit + 1 < std::strlen(kUnits); value /= 1024) ++unit;
  return fmt::format("{:.2f}{}", value, kUnits[unit]);
}

}  // namespace scrubjay
