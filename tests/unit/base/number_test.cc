#include "base/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace scrubjay {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(Number, IntegersAreReadOnlyInTheirCanonicalForm) {
  EXPECT_EQ(parse_int64("0"), 0);
  EXPECT_EQ(parse_int64("-1"), -1);
  EXPECT_EQ(parse_int64("9223372036854775807"), kMax);
  EXPECT_EQ(parse_int64("-9223372036854775808"), kMin);
  for (const char* text : {"", " ", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "1e3", "0x1",
                           "9223372036854775808", "-9223372036854775809", "99999999999999999999",
                           "100000000000000000000"}) {
    EXPECT_FALSE(parse_int64(text)) << '"' << text << '"';
  }
  EXPECT_FALSE(parse_int64(std::string_view("1\0", 2)));
}

TEST(Number, CanonicalIntegersComeBackAsTheyWere) {
  for (const int64_t value : {kMin, kMin + 1, int64_t{-10}, int64_t{0}, int64_t{7}, kMax}) {
    char text[kInt64Digits];
    EXPECT_EQ(parse_int64({text, write_int64(value, text)}), value);
  }
}

TEST(Number, CursorsAreUnsigned) {
  EXPECT_EQ(parse_uint64("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  for (const char* text : {"", "-1", "+1", "18446744073709551616", "1x", " 1"}) {
    EXPECT_FALSE(parse_uint64(text)) << text;
  }
}

TEST(Number, RealsFillTheWholeText) {
  EXPECT_EQ(parse_double("1.5"), 1.5);
  EXPECT_EQ(parse_double("-1e3"), -1000);
  EXPECT_EQ(parse_double("inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_double("-Infinity"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_long_double("0.1"), 0.1L);
  for (const char* text : {"", " 1", "1 ", "nan", "1.5x", "abc", "1e999"}) {
    EXPECT_FALSE(parse_double(text)) << text;
  }
  EXPECT_FALSE(parse_double(std::string_view("1\0", 2)));
  EXPECT_FALSE(parse_long_double(std::string(10'000, '1')));
}

TEST(Number, MemorySizesHaveUnits) {
  EXPECT_EQ(parse_memory("0"), 0u);
  EXPECT_EQ(parse_memory("100b"), 100u);
  EXPECT_EQ(parse_memory("1k"), 1000u);
  EXPECT_EQ(parse_memory("1KB"), 1024u);
  EXPECT_EQ(parse_memory("3m"), 3'000'000u);
  EXPECT_EQ(parse_memory("3mb"), 3u << 20);
  EXPECT_EQ(parse_memory("2g"), 2'000'000'000u);
  EXPECT_EQ(parse_memory("2GB"), 2ull << 30);
  EXPECT_EQ(parse_memory(""), 0u);
  for (const char* text : {"k", "-1", "1tb", "1 kb", "99999999999999gb"}) {
    EXPECT_FALSE(parse_memory(text)) << text;
  }
}

TEST(Number, DoublesAreWrittenShortAndReadBackTheSame) {
  EXPECT_EQ(format_double(0), "0");
  EXPECT_EQ(format_double(-0.0), "-0");
  EXPECT_EQ(format_double(3), "3");
  EXPECT_EQ(format_double(0.1), "0.1");
  EXPECT_EQ(format_double(1e22), "1e+22");
  EXPECT_EQ(format_double(123456789012345678.0), "123456789012345680");
  EXPECT_EQ(format_double(-4503599627370495.0), "-4503599627370495");
  EXPECT_EQ(format_double(1e20), "1e+20");
  EXPECT_EQ(format_double(1e-7), "1e-7");
  EXPECT_EQ(format_double(0.001), "0.001");
  EXPECT_EQ(format_double(-12.5), "-12.5");
  EXPECT_EQ(format_double(1.5e-10), "1.5e-10");
  EXPECT_EQ(format_double(1.5e300), "1.5e+300");
  EXPECT_EQ(format_double(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(format_double(-std::numeric_limits<double>::infinity()), "-inf");
  for (const double value : {1.0 / 3, 1e-300, 5e-324, 1.7976931348623157e308, 123456789.125}) {
    EXPECT_EQ(parse_double(format_double(value)).value_or(0), value) << format_double(value);
  }
}

TEST(Number, LongDoublesHaveNoExponentAndNoTrailingZeros) {
  EXPECT_EQ(format_long_double(0), "0");
  EXPECT_EQ(format_long_double(-0.0L), "0");
  EXPECT_EQ(format_long_double(10.5L), "10.5");
  EXPECT_EQ(format_long_double(3.0L), "3");
  EXPECT_EQ(format_long_double(0.1L), "0.1");
  EXPECT_EQ(format_long_double(1e20L), "100000000000000000000");
  EXPECT_EQ(format_long_double(5.0e3L), "5000");
}

TEST(Number, SizesForPeople) {
  EXPECT_EQ(human_bytes(0), "0B");
  EXPECT_EQ(human_bytes(1023), "1023B");
  EXPECT_EQ(human_bytes(1024), "1.00K");
  EXPECT_EQ(human_bytes(1536 * 1024), "1.50M");
  EXPECT_EQ(human_bytes(std::numeric_limits<uint64_t>::max()), "16.00E");
}

}  // namespace
}  // namespace scrubjay
