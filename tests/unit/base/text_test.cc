#include "base/text.h"

#include <gtest/gtest.h>

namespace scrubjay {
namespace {

TEST(Text, LowersAsciiOnly) {
  EXPECT_EQ(to_lower("GetRange-9"), "getrange-9");
  EXPECT_EQ(to_lower("\xc3\x84@["), "\xc3\x84@[");
}

TEST(Text, ComparesIgnoringCase) {
  EXPECT_TRUE(equal_ignoring_case("NX", "nx"));
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_FALSE(equal_ignoring_case("nx", "nxx"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
}

TEST(Text, QuotesWhatIsNotPrintable) {
  EXPECT_EQ(quoted("plain text"), "\"plain text\"");
  EXPECT_EQ(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(quoted("\n\r\t\a\b"), "\"\\n\\r\\t\\a\\b\"");
  EXPECT_EQ(quoted(std::string_view("\0\x7f\xff", 3)), "\"\\x00\\x7f\\xff\"");
}

}  // namespace
}  // namespace scrubjay
