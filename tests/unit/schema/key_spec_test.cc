#include "schema/key_spec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "schema/command_spec.h"

// The rows here have no documentation.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace scrubjay::schema {
namespace {

// "1 3" for the keys at 1 and 3, with "!" in front when the arguments do not fit.
std::string keys_of(const CommandSpec& command, const std::string& request) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin <= request.size();) {
    const size_t end = std::min(request.find(' ', begin), request.size());
    words.push_back(request.substr(begin, end - begin));
    begin = end + 1;
  }
  const std::vector<std::string_view> arguments(words.begin(), words.end());
  KeyPositions positions;
  std::string shown = extract_keys(command, arguments, positions) ? "" : "!";
  for (const auto& position : positions)
    shown += (shown.empty() ? "" : " ") + std::to_string(position.index);
  return shown;
}

TEST(KeySpec, Ranges) {
  constexpr CommandSpec kGet{.syntax = "GET key", .keys = {key_at(1, kRO)}};
  EXPECT_EQ(keys_of(kGet, "get a"), "1");
  EXPECT_EQ(keys_of(kGet, "get"), "!");
  constexpr CommandSpec kMset{.syntax = "MSET key value [key value ...]",
                              .keys = {keys_from_to(1, -1, 2, kOW)}};
  EXPECT_EQ(keys_of(kMset, "mset a 1 b 2"), "1 3");
  EXPECT_EQ(keys_of(kMset, "mset a 1 b"), "1 3");
  EXPECT_EQ(keys_of(kMset, "mset"), "!");
  constexpr CommandSpec kBlpop{.syntax = "BLPOP key [key ...] timeout",
                               .keys = {keys_from_to(1, -2, 1, kRW)}};
  EXPECT_EQ(keys_of(kBlpop, "blpop a b 0"), "1 2");
  EXPECT_EQ(keys_of(kBlpop, "blpop a"), "!");
  constexpr CommandSpec kObject{.syntax = "OBJECT ENCODING key", .keys = {key_at(2, kRO)}};
  EXPECT_EQ(keys_of(kObject, "object encoding a"), "2");
}

TEST(KeySpec, Counted) {
  constexpr CommandSpec kUnion{.syntax = "ZUNIONSTORE destination numkeys key [key ...]",
                               .keys = {key_at(1, kOW), counted_keys_at(2, kRO)}};
  EXPECT_EQ(keys_of(kUnion, "zunionstore d 2 a b"), "1 3 4");
  EXPECT_EQ(keys_of(kUnion, "zunionstore d 1 a weights 2"), "1 3");
  for (const char* count : {"3", "0", "-1", "x", "9223372036854775807", "99999999999999999999"}) {
    EXPECT_EQ(keys_of(kUnion, std::string("zunionstore d ") + count + " a b").front(), '!')
        << count;
  }
  constexpr CommandSpec kEval{.syntax = "EVAL script numkeys [key [key ...]] [arg [arg ...]]",
                              .keys = {counted_keys_at(2, kRW)},
                              .group = Group::kScripting};
  EXPECT_EQ(keys_of(kEval, "eval s 1 a b"), "3");
  EXPECT_EQ(keys_of(kEval, "eval s 0"), "");
  EXPECT_EQ(keys_of(kEval, "eval s many"), "");
}

TEST(KeySpec, CountedPairs) {
  constexpr CommandSpec kMsetex{.syntax = "MSETEX numkeys key value [key value ...] [NX | XX]",
                                .keys = {counted_keys_at(1, kOW, 2)}};
  EXPECT_EQ(keys_of(kMsetex, "msetex 2 a 1 b 2"), "2 4");
  EXPECT_EQ(keys_of(kMsetex, "msetex 1 a 1 nx"), "2");
  EXPECT_EQ(keys_of(kMsetex, "msetex 2 a 1 b"), "!");
}

TEST(KeySpec, HalfOfWhatFollowsAWord) {
  constexpr CommandSpec kRead{
      .syntax = "XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
      .keys = {keys_after("STREAMS", true, kRO)}};
  EXPECT_EQ(keys_of(kRead, "xread streams a b 0 0"), "2 3");
  EXPECT_EQ(keys_of(kRead, "xread count 1 STREAMS streams 0"), "4");
  EXPECT_EQ(keys_of(kRead, "xread streams a b 0"), "!");
  EXPECT_EQ(keys_of(kRead, "xread count streams streams a 0"), "4");
  EXPECT_EQ(keys_of(kRead, "xread a b c"), "!");
}

TEST(KeySpec, TheLastWordCountsAndOtherTokensKeepTheirValues) {
  constexpr CommandSpec kSort{
      .syntax =
          "SORT key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] "
          "[ALPHA] [STORE destination]",
      .keys = {key_at(1, kRO), every_key(kRO), keys_after("STORE", false, kOW)}};
  EXPECT_EQ(keys_of(kSort, "sort a"), "1");
  EXPECT_EQ(keys_of(kSort, "sort a desc store d"), "1 4");
  EXPECT_EQ(keys_of(kSort, "sort a store b store c STORE d"), "1 7");
  EXPECT_EQ(keys_of(kSort, "sort a by store store d"), "1 5");
  EXPECT_EQ(keys_of(kSort, "sort a store store get x"), "1 3");
  EXPECT_EQ(keys_of(kSort, "sort a limit store store get x"), "1");
  EXPECT_EQ(keys_of(kSort, "sort a store"), "1");
  EXPECT_TRUE(has_every_key(kSort));
}

TEST(KeySpec, EverythingBehindAWord) {
  constexpr CommandSpec kMigrate{
      .syntax = "MIGRATE host port <key | \"\"> destination-db timeout [COPY] [KEYS key [key ...]]",
      .keys = {key_at(3, kRW | kIncomplete), rest_after("KEYS", kRW | kIncomplete, -2)}};
  EXPECT_EQ(keys_of(kMigrate, "migrate h 1 a 0 5"), "3");
  EXPECT_EQ(keys_of(kMigrate, "migrate h 1  0 5 keys a b"), "7 8");
  EXPECT_FALSE(has_every_key(kMigrate));
}

TEST(KeySpec, FlagsThatDependOnTheOptionsAreSettled) {
  const auto flags = [](const CommandSpec& command, std::vector<std::string_view> request) {
    KeyPositions positions;
    EXPECT_TRUE(extract_keys(command, request, positions));
    return positions.at(0).flags;
  };
  constexpr CommandSpec kSet{
      .syntax = "SET key value [GET]",
      .keys = {key_at(1, kRW | kAccess | kUpdate | kInsert | kVariableFlags)},
      .group = Group::kString};
  EXPECT_EQ(flags(kSet, {"set", "a", "get"}), kOW | kUpdate);
  EXPECT_EQ(flags(kSet, {"set", "a", "b", "get"}), kRW | kAccess | kUpdate);
  constexpr CommandSpec kBitfield{.syntax = "BITFIELD key [GET encoding offset]",
                                  .keys = {key_at(1, kRW | kAccess | kUpdate | kVariableFlags)},
                                  .group = Group::kBitmap};
  EXPECT_EQ(flags(kBitfield, {"bitfield", "a", "get", "u8", "0"}), kRO | kAccess);
  EXPECT_EQ(flags(kBitfield, {"bitfield", "a", "incrby", "u8", "0", "1"}), kRW | kAccess | kUpdate);
}

}  // namespace
}  // namespace scrubjay::schema
