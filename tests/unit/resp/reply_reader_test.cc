#include "resp/reply_reader.h"

#include <gtest/gtest.h>

#include <cmath>

namespace scrubjay::resp {
namespace {

using Kind = Reply::Kind;

// One line of text per tree, so that a test shows input and meaning side by side.
std::string show(const Reply& reply) {
  std::string items;
  for (const Reply& item : reply.items) items += (items.empty() ? "" : " ") + show(item);
  switch (reply.kind) {
    case Kind::simple:
      return "+" + reply.text;
    case Kind::error:
      return "-" + reply.text;
    case Kind::integer:
      return std::to_string(reply.integer);
    case Kind::bulk:
      return "'" + reply.text + "'";
    case Kind::null:
      return "null";
    case Kind::null_array:
      return "null_array";
    case Kind::boolean:
      return reply.integer ? "true" : "false";
    case Kind::real:
      return "real " + reply.text;
    case Kind::big_number:
      return "big " + reply.text;
    case Kind::verbatim:
      return reply.format + ":" + reply.text;
    case Kind::blob_error:
      return "!" + reply.text;
    case Kind::array:
      return "[" + items + "]";
    case Kind::map:
      return "map{" + items + "}";
    case Kind::set:
      return "set{" + items + "}";
    case Kind::push:
      return "push{" + items + "}";
    case Kind::attribute:
      return "attribute{" + items + "}";
  }
  return "?";
}

// All replies of the input, cut into pieces of `step` bytes; an error ends the list.
std::vector<std::string> read(std::string_view bytes, size_t step,
                              ReplyReader::Limits limits = {}) {
  ReplyReader reader(limits);
  std::vector<std::string> seen;
  for (size_t at = 0; at < bytes.size(); at += step) {
    std::string_view piece = bytes.substr(at, step);
    for (;;) {
      auto reply = reader.next(piece);
      if (!reply) {
        seen.push_back("error: " + reply.error());
        return seen;
      }
      if (!*reply) break;
      seen.push_back(show(**reply));
    }
    EXPECT_TRUE(piece.empty());
  }
  if (reader.inside_reply()) seen.push_back("unfinished");
  return seen;
}

std::vector<std::string> read_all_ways(std::string_view bytes, ReplyReader::Limits limits = {}) {
  const auto whole = read(bytes, bytes.size(), limits);
  for (const size_t step : {1, 2, 3, 5, 7}) EXPECT_EQ(read(bytes, step, limits), whole) << step;
  return whole;
}

using Lines = std::vector<std::string>;

TEST(ReplyReader, ReadsEveryScalar) {
  EXPECT_EQ(read_all_ways(
                "+OK\r\n-ERR no\r\n:42\r\n:-7\r\n$5\r\nhe\r\no\r\n$0\r\n\r\n$-1\r\n*-1\r\n_\r\n"),
            (Lines{"+OK", "-ERR no", "42", "-7", "'he\r\no'", "''", "null", "null_array", "null"}));
  EXPECT_EQ(read_all_ways("#t\r\n#f\r\n,1.5\r\n,inf\r\n,-inf\r\n,nan\r\n(123456789012345678901\r\n"
                          "=8\r\ntxt:some\r\n!7\r\nERR bad\r\n+\r\n"),
            (Lines{"true", "false", "real 1.5", "real inf", "real -inf", "real nan",
                   "big 123456789012345678901", "txt:some", "!ERR bad", "+"}));
}

TEST(ReplyReader, ReadsNestedAggregates) {
  EXPECT_EQ(read_all_ways("*3\r\n:1\r\n*2\r\n$1\r\na\r\n*0\r\n%1\r\n+k\r\n~2\r\n:1\r\n:2\r\n"),
            (Lines{"[1 ['a' []] map{+k set{1 2}}]"}));
  EXPECT_EQ(read_all_ways(">2\r\n+message\r\n_\r\n*0\r\n%0\r\n~0\r\n"),
            (Lines{"push{+message null}", "[]", "map{}", "set{}"}));
}

TEST(ReplyReader, AttributesAreNotCounted) {
  EXPECT_EQ(read_all_ways("|1\r\n+ttl\r\n:3\r\n+value\r\n"),
            (Lines{"attribute{+ttl 3}", "+value"}));
  EXPECT_EQ(read_all_ways("*2\r\n:1\r\n|1\r\n+ttl\r\n:3\r\n:2\r\n"),
            (Lines{"[1 attribute{+ttl 3} 2]"}));
}

TEST(ReplyReader, GivesTheValueOfNumbers) {
  ReplyReader reader;
  std::string_view input = ",-2.5e3\r\n:9223372036854775807\r\n,nan\r\n";
  EXPECT_EQ((*reader.next(input))->real, -2500);
  EXPECT_EQ((*reader.next(input))->integer, INT64_MAX);
  EXPECT_TRUE(std::isnan((*reader.next(input))->real));
  EXPECT_FALSE(*reader.next(input));
}

TEST(ReplyReader, WaitsForTheRest) {
  for (const char* begin :
       {"+O", "$5\r\nhel", "*2\r\n:1\r\n", "$5\r\nhello\r", ":1\r", "%1\r\n+a\r\n"}) {
    EXPECT_EQ(read_all_ways(begin), (Lines{"unfinished"})) << begin;
  }
}

TEST(ReplyReader, RefusesGarbage) {
  const std::pair<const char*, const char*> cases[] = {
      {"?x\r\n", "got \"?\" as reply type byte"},
      {"\x01x\r\n", "got \"\\x01\" as reply type byte"},
      {"\r\n", "an empty line where a reply should begin"},
      {"+a\n", "a line does not end in CR LF"},
      {":12x\r\n", "bad integer value"},
      {":\r\n", "bad integer value"},
      {":9223372036854775808\r\n", "bad integer value"},
      {"#x\r\n", "bad boolean value"},
      {",1.5z\r\n", "bad double value"},
      {",\r\n", "bad double value"},
      {"(12a\r\n", "bad big number value"},
      {"_x\r\n", "bad null value"},
      {"$x\r\n", "bad bulk string length"},
      {"$-2\r\n", "bulk string length out of range"},
      {"=-1\r\n", "bulk string length out of range"},
      {"$2\r\nabcd", "a bulk string does not end in CR LF"},
      {"=2\r\nab\r\n", "a verbatim string lacks its format"},
      {"*x\r\n", "bad aggregate length"},
      {"*-2\r\n", "aggregate length out of range"},
      {"%-1\r\n", "aggregate length out of range"},
      {"*9223372036854775807\r\n", "aggregate length out of range"},
      {"*2\r\n:1\r\n?\r\n", "got \"?\" as reply type byte"},
  };
  for (const auto& [bytes, message] : cases) {
    EXPECT_EQ(read_all_ways(bytes), (Lines{std::string("error: Protocol error, ") + message}));
  }
}

TEST(ReplyReader, StaysBroken) {
  ReplyReader reader;
  std::string_view bad = "?\r\n";
  const std::string first = reader.next(bad).error();
  std::string_view good = "+OK\r\n";
  EXPECT_EQ(reader.next(good).error(), first);
  EXPECT_EQ(good, "+OK\r\n");
}

TEST(ReplyReader, KeepsToItsLimits) {
  ReplyReader::Limits limits;
  limits.max_depth = 3;
  limits.max_line_bytes = 10;
  limits.max_bulk_bytes = 20;
  limits.max_reply_bytes = 2000;
  EXPECT_EQ(read_all_ways("*1\r\n*1\r\n*1\r\n:1\r\n", limits), (Lines{"[[[1]]]"}));
  EXPECT_EQ(read_all_ways("*1\r\n*1\r\n*1\r\n*1\r\n", limits),
            (Lines{"error: Protocol error, aggregates are nested deeper than 3"}));
  EXPECT_EQ(read_all_ways("+123456789\r\n", limits), (Lines{"+123456789"}));
  EXPECT_EQ(read_all_ways("+1234567890123\r\n", limits),
            (Lines{"error: Protocol error, a line is longer than 10 bytes"}));
  EXPECT_EQ(read_all_ways("$21\r\n", limits),
            (Lines{"error: Protocol error, bulk string length out of range"}));
  std::string many = "*1000\r\n";
  for (int i = 0; i < 1000; ++i) many += ":1\r\n";
  EXPECT_EQ(read_all_ways(many, limits),
            (Lines{"error: Protocol error, a reply is larger than 2000 bytes"}));
  // The limit counts per reply, not per stream.
  std::string stream;
  for (int i = 0; i < 1000; ++i) stream += ":1\r\n";
  EXPECT_EQ(read_all_ways(stream, limits).size(), 1000u);
}

TEST(ReplyReader, AnnouncedLengthsCostNothing) {
  EXPECT_EQ(read_all_ways("*4000000000000000000\r\n"), (Lines{"unfinished"}));
  EXPECT_EQ(read_all_ways("$536870912\r\n"), (Lines{"unfinished"}));
}

}  // namespace
}  // namespace scrubjay::resp
