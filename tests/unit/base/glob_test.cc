#include "base/glob.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace scrubjay {
namespace {

struct Case {
  const char* pattern;
  const char* text;
  bool matches;
};

TEST(Glob, MatchesAsRedisDoes) {
  const Case cases[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", false},
      {"**", "", false},
      {"*", "anything", true},
      {"a*", "b", false},
      {"h?llo", "hello", true},
      {"h?llo", "hllo", false},
      {"h*llo", "heeeello", true},
      {"h*l*o", "hello", true},
      {"*a*b*c", "xxaxxbxxbxc", true},
      {"*a*b*c", "xxaxxcxxb", false},
      {"**", "x", true},
      {"a**", "a", true},
      {"h[ae]llo", "hallo", true},
      {"h[ae]llo", "hillo", false},
      {"h[^e]llo", "hallo", true},
      {"h[^e]llo", "hello", false},
      {"h[a-c]llo", "hbllo", true},
      {"h[c-a]llo", "hbllo", true},
      {"h[a-c]llo", "hdllo", false},
      {"[abc", "a", true},
      {"[\\]]", "]", true},
      {"[a-]", "-", false},  // a range up to the bracket
      {"[a-]", "_", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"a\\", "a\\", true},
      {"a?", "a", false},
      {"*.txt", "notes.txt", true},
      {"*.txt", "notes.txt.old", false},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(glob_match(each.pattern, each.text), each.matches)
        << each.pattern << " " << each.text;
  }
}

TEST(Glob, CaseCountsUnlessItIsIgnored) {
  EXPECT_FALSE(glob_match("MAX*", "maxmemory"));
  EXPECT_TRUE(glob_match("MAX*", "maxmemory", true));
  EXPECT_TRUE(glob_match("[A-C]x", "bX", true));
}

TEST(Glob, WorksOnBytes) {
  EXPECT_TRUE(glob_match(std::string_view("a\0*", 3), std::string_view("a\0b", 3)));
  EXPECT_TRUE(glob_match("[\x80-\xff]", "\xc3"));
}

TEST(Glob, NoPatternTakesExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  pattern += "*b";
  const std::string text(20'000, 'a');
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(glob_match(pattern, text));
  EXPECT_FALSE(glob_match("*[^b]*[^b]*[^b]*[^b]*[^b]*[^b]b", text));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(Glob, GivesUpOnMoreThanAThousandStars) {
  const std::string text(5000, 'a');
  const auto stars = [](size_t count, const char* rest) {
    std::string pattern;
    for (size_t i = 0; i < count; ++i) pattern += "*?";
    return pattern + rest;
  };
  EXPECT_TRUE(glob_match(stars(1000, ""), text));
  EXPECT_TRUE(glob_match(stars(1000, "*"), text));
  EXPECT_FALSE(glob_match(stars(1001, ""), text));
  EXPECT_FALSE(glob_match(stars(50'000, ""), std::string(50'000, 'a')));
  EXPECT_TRUE(glob_match(std::string(5000, '*') + "a", text));  // all of these are one
}

}  // namespace
}  // namespace scrubjay
