// Text to numbers and back by Redis's rules: strict, no blanks, no leading zeros or plus signs.
// Pure functions.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scrubjay {

// Exactly the text that printing the number would give, so " 1", "01", "+1" and "1.0" are refused.
std::optional<int64_t> parse_int64(std::string_view text);

// Decimal unsigned number (SCAN cursors): digits only, at most 2^64-1.
std::optional<uint64_t> parse_uint64(std::string_view text);

// A double or long double that fills the whole text: no blanks, no NaN; inf and exponents are fine.
std::optional<double> parse_double(std::string_view text);
std::optional<long double> parse_long_double(std::string_view text);

// "100", "1k" (1000), "1kb" (1024), "5mb", "1g", in bytes; nothing at all is 0.
std::optional<uint64_t> parse_memory(std::string_view text);

// The shortest text that reads back as the same number: "0.1", "1e+22", "inf", "-inf", "nan". With
// an exponent where Redis (7.2 and later) has one: 123456789012345680, but 1e+20; 0.001, but 1e-7.
std::string format_double(double value);

// INCRBYFLOAT's text: 17 decimals with trailing zeros cut, never an exponent.
std::string format_long_double(long double value);

constexpr size_t kInt64Digits = 20;

// Writes the decimal text of the value; room for kInt64Digits bytes needed. Returns its length.
inline size_t write_int64(int64_t value, char* out) {
  return static_cast<size_t>(std::to_chars(out, out + kInt64Digits, value).ptr - out);
}

// The same for an unsigned one; the room needed is the same.
inline size_t write_uint64(uint64_t value, char* out) {
  return static_cast<size_t>(std::to_chars(out, out + kInt64Digits, value).ptr - out);
}

// "1.50M" as INFO's *_human fields show sizes.
std::string human_bytes(uint64_t bytes);

}  // namespace scrubjay
