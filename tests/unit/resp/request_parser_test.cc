#include "resp/request_parser.h"

#include <gtest/gtest.h>

namespace scrubjay::resp {
namespace {

using Outcome = RequestParser::Outcome;
using Requests = std::vector<std::vector<std::string>>;

// What a connection makes of `input` when it arrives in pieces of `step` bytes.
struct Parsed {
  Requests requests;
  std::string error;
  bool incomplete = false;
};

Parsed parse(std::string_view input, size_t step = SIZE_MAX, RequestParser::Limits limits = {}) {
  Parsed parsed;
  RequestParser parser;
  RequestBatch batch;
  size_t position = 0;
  for (size_t end = std::min(step, input.size());; end = std::min(end + step, input.size())) {
    // A copy of just these bytes: whoever reads behind them is caught by the sanitizer.
    const std::vector<char> bytes(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(end));
    const std::string_view view(bytes.data(), bytes.size());
    Outcome outcome = Outcome::kNothing;
    while (position < view.size() || outcome == Outcome::kRequest) {
      batch.clear();
      outcome = parser.parse(view, position, limits, batch);
      for (const auto& request : batch.requests) {
        auto& words = parsed.requests.emplace_back();
        for (uint32_t i = 0; i < request.argument_count; ++i) {
          words.emplace_back(batch.arguments[request.first_argument + i]);
        }
      }
      parsed.incomplete = outcome == Outcome::kNeedMore && position < view.size();
      if (outcome == Outcome::kNeedMore) break;
      if (outcome == Outcome::kError) {
        parsed.error = parser.error();
        return parsed;
      }
    }
    if (end == input.size()) return parsed;
  }
}

std::string error_of(std::string_view input, RequestParser::Limits limits = {}) {
  return parse(input, SIZE_MAX, limits).error;
}

TEST(RequestParser, ReadsArraysOfBulkStrings) {
  EXPECT_EQ(parse("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n").requests, (Requests{{"GET", "k"}}));
  EXPECT_EQ(parse("*1\r\n$0\r\n\r\n").requests, (Requests{{""}}));
  EXPECT_EQ(parse("*1\r\n$4\r\n\r\n\r\n\r\n").requests, (Requests{{"\r\n\r\n"}}));
}

TEST(RequestParser, ReadsInlineRequests) {
  EXPECT_EQ(parse("PING\r\n").requests, (Requests{{"PING"}}));
  EXPECT_EQ(parse("SET  k\t\"a b\"\n").requests, (Requests{{"SET", "k", "a b"}}));
  EXPECT_EQ(parse("\r\n  \r\nPING\n").requests, (Requests{{"PING"}}));
}

TEST(RequestParser, SkipsEmptyArrays) {
  EXPECT_EQ(parse("*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n").requests, (Requests{{"PING"}}));
}

TEST(RequestParser, AnyFragmentationGivesTheSame) {
  const std::string input =
      "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nhello\r\nworld\r\nPING\r\n*0\r\n\r\n"
      "*1\r\n$4\r\nPING\r\nset \"a\\x41\" 'it\\'s'\r\n*2\r\n$3\r\nGET\r\n$1\r\n*\r\n";
  const Requests whole = parse(input).requests;
  ASSERT_EQ(whole.size(), 5u);
  EXPECT_EQ(whole[3], (std::vector<std::string>{"set", "aA", "it's"}));
  for (size_t step = 1; step < 40; ++step) {
    const Parsed parsed = parse(input, step);
    EXPECT_EQ(parsed.requests, whole) << step;
    EXPECT_FALSE(parsed.incomplete);
  }
}

TEST(RequestParser, WaitsForWhatIsMissing) {
  const std::string input = "*2\r\n$3\r\nGET\r\n$5\r\nhello\r\n";
  for (size_t size = 1; size < input.size(); ++size) {
    const Parsed parsed = parse(std::string_view(input).substr(0, size));
    EXPECT_TRUE(parsed.requests.empty()) << size;
    EXPECT_TRUE(parsed.incomplete) << size;
    EXPECT_EQ(parsed.error, "") << size;
  }
}

TEST(RequestParser, SaysHowMuchOfALongBulkIsMissing) {
  RequestParser parser;
  RequestBatch batch;
  size_t position = 0;
  const std::string input = "*2\r\n$3\r\nSET\r\n$1000000\r\nabc";
  EXPECT_EQ(parser.parse(input, position, {}, batch), Outcome::kNeedMore);
  EXPECT_EQ(parser.missing_bytes(), 1'000'000u + 2 - 3);
  EXPECT_EQ(position, 0u);
}

TEST(RequestParser, RefusesWhatIsNoRequest) {
  EXPECT_EQ(error_of("*x\r\n"), "invalid multibulk length");
  EXPECT_EQ(error_of("*2147483648\r\n"), "invalid multibulk length");
  EXPECT_EQ(error_of("*1\r\n:1\r\n"), "expected '$', got ':'");
  EXPECT_EQ(error_of("*1\r\n$-1\r\n"), "invalid bulk length");
  EXPECT_EQ(error_of("*1\r\n$x\r\n"), "invalid bulk length");
  EXPECT_EQ(error_of("*1\r\n$536870913\r\n"), "invalid bulk length");
  EXPECT_EQ(error_of("SET \"a\r\n"), "unbalanced quotes in request");
  EXPECT_EQ(error_of("SET \"a\"b\r\n"), "unbalanced quotes in request");
  EXPECT_EQ(error_of(std::string(70'000, 'x')), "too big inline request");
  EXPECT_EQ(error_of("*" + std::string(70'000, '1')), "too big mbulk count string");
  EXPECT_EQ(error_of("*1\r\n$" + std::string(70'000, '1')), "too big bulk count string");
}

TEST(RequestParser, LimitsAreKept) {
  RequestParser::Limits limits;
  limits.max_bulk_bytes = 4;
  EXPECT_EQ(error_of("*1\r\n$5\r\nhello\r\n", limits), "invalid bulk length");
  EXPECT_EQ(error_of("*1\r\n$4\r\nPING\r\n", limits), "");
  limits = {};
  limits.authenticated = false;
  EXPECT_EQ(error_of("*11\r\n", limits), "unauthenticated multibulk length");
  EXPECT_EQ(error_of("*10\r\n", limits), "");
  EXPECT_EQ(error_of("*1\r\n$16385\r\n", limits), "unauthenticated bulk length");
  EXPECT_EQ(error_of("*1\r\n$16384\r\n", limits), "");
}

TEST(RequestParser, RequestsBeforeAnErrorAreKept) {
  const Parsed parsed = parse("*1\r\n$4\r\nPING\r\n*1\r\n!\r\n");
  EXPECT_EQ(parsed.requests, (Requests{{"PING"}}));
  EXPECT_NE(parsed.error, "");
}

TEST(RequestBatch, GivesTheMemoryOfAHugeRequestBack) {
  std::string text = "*100000\r\n";
  for (int i = 0; i < 100'000; ++i) text += "$1\r\nx\r\n";
  RequestParser parser;
  RequestBatch batch;
  size_t position = 0;
  ASSERT_EQ(parser.parse(text, position, {}, batch), RequestParser::Outcome::kRequest);
  EXPECT_EQ(batch.arguments.size(), 100'000u);
  batch.clear();
  EXPECT_EQ(batch.arguments.capacity(), 0u);
}

TEST(SplitWords, FollowsTheQuotingOfRedisCli) {
  std::vector<std::string> words;
  EXPECT_TRUE(split_words(R"(a "b c" 'd e' "\x41\n\"" 'f\'g' "")", words));
  EXPECT_EQ(words, (std::vector<std::string>{"a", "b c", "d e", "A\n\"", "f'g", ""}));
  for (const char* line : {"\"open", "'open", "\"a\"b", "'a'b"}) {
    words.clear();
    EXPECT_FALSE(split_words(line, words)) << line;
  }
}

}  // namespace
}  // namespace scrubjay::resp
