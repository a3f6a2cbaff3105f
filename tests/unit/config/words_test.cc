#include "config/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scrubjay::config {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(Words, SplitsAtBlanksAndReadsQuotes) {
  EXPECT_THAT(split_words("  port \t 6379 "), Optional(ElementsAre("port", "6379")));
  EXPECT_THAT(split_words(R"(a "b c" '' "")"), Optional(ElementsAre("a", "b c", "", "")));
  EXPECT_THAT(split_words(R"("\x41\n\"\q" 'a\'b\n')"), Optional(ElementsAre("A\n\"q", "a'b\\n")));
  EXPECT_THAT(split_words(""), Optional(ElementsAre()));
  EXPECT_THAT(split_words(R"(ab"c d")"), Optional(ElementsAre("abc d")));
}

TEST(Words, RefusesUnbalancedQuotes) {
  for (const char* line : {"\"", "'", "\"a", "'a", "\"a\"b", "'a'b", "\"a\\", "x \"a\"'b'"}) {
    EXPECT_EQ(split_words(line), std::nullopt) << line;
  }
}

TEST(Words, TextOfAWordReadsBack) {
  const std::vector<std::string> words{"plain", "", "two words", "q\"q", "\x01\xff", "#x", "'"};
  EXPECT_THAT(split_words(join_words(words)), Optional(words));
  EXPECT_EQ(join_words(std::vector<std::string>{"a", "-::*", "{b}"}), "a -::* {b}");
}

TEST(Words, SplitsAtSingleSpaces) {
  EXPECT_THAT(split_at_spaces("a  b\tc "), ElementsAre("a", "b\tc"));
  EXPECT_THAT(split_at_spaces(""), ElementsAre());
}

}  // namespace
}  // namespace scrubjay::config
