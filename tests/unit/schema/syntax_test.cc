#include "schema/syntax.h"

#include <gtest/gtest.h>

#include "schema/command_spec.h"

// The rows here have no documentation.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace scrubjay::schema {
namespace {

// The tree on one line: name:type, "token" before it, ? optional, + multiple, ++ with its token.
std::string show(const std::vector<SyntaxArgument>& arguments) {
  std::string text;
  for (const SyntaxArgument& argument : arguments) {
    if (!text.empty()) text += ' ';
    if (!argument.token.empty()) text += "\"" + argument.token + "\" ";
    text += argument.name + ":" + std::string(type_name(argument.type));
    if (argument.key_spec >= 0) text += std::to_string(argument.key_spec);
    if (argument.optional) text += "?";
    if (argument.multiple) text += argument.multiple_token ? "++" : "+";
    if (!argument.arguments.empty()) text += "(" + show(argument.arguments) + ")";
  }
  return text;
}

std::string parse(std::string_view syntax, int key_specs = 1, bool is_subcommand = false) {
  CommandSpec spec{};
  spec.syntax = syntax;
  for (int i = 0; i < key_specs; ++i) spec.keys[static_cast<size_t>(i)] = key_at(1 + i, kRO);
  return show(parse_arguments(spec, is_subcommand));
}

TEST(Syntax, ValuesAndKeys) {
  EXPECT_EQ(parse("GET key"), "key:key0");
  EXPECT_EQ(parse("PING [message]", 0), "message:string?");
  EXPECT_EQ(parse("RENAME key newkey", 2), "key:key0 newkey:key1");
  EXPECT_EQ(parse("LCS key1 key2 [LEN]"), "key1:key0 key2:key0 \"LEN\" len:pure-token?");
  EXPECT_EQ(parse("QUIT", 0), "");
}

TEST(Syntax, Choices) {
  EXPECT_EQ(parse("SET key value [NX | XX] [GET] [EX seconds | KEEPTTL]"),
            "key:key0 value:string condition:oneof?(\"NX\" nx:pure-token \"XX\" xx:pure-token) "
            "\"GET\" get:pure-token? expiration:oneof?(\"EX\" seconds:integer \"KEEPTTL\" "
            "keepttl:pure-token)");
  EXPECT_EQ(
      parse("COMMAND LIST [FILTERBY <MODULE module-name | PATTERN pattern>]", 0, true),
      "\"FILTERBY\" filterby:oneof?(\"MODULE\" module-name:string \"PATTERN\" pattern:pattern)");
}

TEST(Syntax, Repetition) {
  EXPECT_EQ(parse("MGET key [key ...]"), "key:key0+");
  EXPECT_EQ(parse("MSET key value [key value ...]"), "data:block+(key:key0 value:string)");
  EXPECT_EQ(parse("COMMAND INFO [command-name [command-name ...]]", 0, true),
            "command-name:string?+");
  EXPECT_EQ(parse("SORT key [GET pattern [GET pattern ...]]"),
            "key:key0 \"GET\" pattern:pattern?++");
}

TEST(Syntax, TokensTakeWhatFollows) {
  EXPECT_EQ(parse("SORT key [LIMIT offset count]"),
            "key:key0 \"LIMIT\" limit:block?(offset:integer count:integer)");
  EXPECT_EQ(parse("XREAD [COUNT count] STREAMS key [key ...] id [id ...]"),
            "\"COUNT\" count:integer? \"STREAMS\" streams:block(key:key0+ id:string+)");
  EXPECT_EQ(
      parse("HELLO [protover [AUTH username password] [SETNAME clientname]]", 0),
      "arguments:block?(protover:integer \"AUTH\" auth:block?(username:string password:string) "
      "\"SETNAME\" clientname:string?)");
}

TEST(Syntax, RepeatedChoices) {
  EXPECT_EQ(
      parse(
          "BITFIELD key [GET encoding offset | [OVERFLOW <WRAP | SAT>] <SET encoding offset value "
          "| INCRBY encoding offset increment> [GET encoding offset | [OVERFLOW <WRAP | SAT>] "
          "<SET encoding offset value | INCRBY encoding offset increment> ...]]"),
      "key:key0 operation:oneof?+(\"GET\" get-block:block(encoding:string offset:integer) "
      "write:block(\"OVERFLOW\" overflow-block:oneof?(\"WRAP\" wrap:pure-token \"SAT\" "
      "sat:pure-token) write-operation:oneof(\"SET\" set-block:block(encoding:string "
      "offset:integer value:integer) \"INCRBY\" incrby-block:block(encoding:string "
      "offset:integer increment:integer))))");
  EXPECT_EQ(parse("LMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT>", 2),
            "source:key0 destination:key1 wherefrom:oneof(\"LEFT\" left:pure-token \"RIGHT\" "
            "right:pure-token) whereto:oneof(\"LEFT\" left:pure-token \"RIGHT\" right:pure-token)");
  EXPECT_EQ(parse("MIGRATE host port <key | \"\"> destination-db", 0),
            "host:string port:integer key-selector:oneof(key:key empty-string:pure-token) "
            "destination-db:integer");
}

TEST(Syntax, TypesDependOnTheCommand) {
  EXPECT_EQ(parse("GETRANGE key start end"), "key:key0 start:integer end:integer");
  EXPECT_EQ(parse("XRANGE key start end [COUNT count]"),
            "key:key0 start:string end:string \"COUNT\" count:integer?");
  EXPECT_EQ(parse("BLPOP key [key ...] timeout"), "key:key0+ timeout:double");
  EXPECT_EQ(parse("INCRBYFLOAT key increment"), "key:key0 increment:double");
}

TEST(Syntax, KeysTakeTheSpecThatFindsThem) {
  CommandSpec sort{.syntax = "SORT key [BY pattern] [STORE destination]",
                   .keys = {key_at(1, kRO), every_key(kRO), keys_after("STORE", false, kOW)}};
  EXPECT_EQ(show(parse_arguments(sort, false)),
            "key:key0 \"BY\" pattern:pattern1? \"STORE\" destination:key2?");
  CommandSpec store{.syntax = "ZUNIONSTORE destination numkeys key [key ...]",
                    .keys = {key_at(1, kOW), counted_keys_at(2, kRO)}};
  EXPECT_EQ(show(parse_arguments(store, false)), "destination:key0 numkeys:integer key:key1+");
  CommandSpec lcs{.syntax = "LCS key1 key2", .keys = {keys_from_to(1, 2, 1, kRO)}};
  EXPECT_EQ(show(parse_arguments(lcs, false)), "key1:key0 key2:key0");
}

TEST(Syntax, ArityCountsTheLeastAndTellsWhetherItVaries) {
  static_assert(arity_of("GET key") == 2);
  static_assert(arity_of("CONFIG GET parameter [parameter ...]") == -3);
  static_assert(arity_of("SET key value [NX | XX] [GET]") == -3);
  static_assert(arity_of("LINSERT key <BEFORE | AFTER> pivot element") == 5);
  static_assert(arity_of("REPLICAOF <host port | NO ONE>") == 3);
  static_assert(arity_of("CLIENT NO-EVICT <ON | OFF>") == 3);
  static_assert(arity_of("XADD key [NOMKSTREAM] <* | id> field value [field value ...]") == -5);
  static_assert(arity_of("CLUSTER SETSLOT slot <IMPORTING node-id | NODE node-id | STABLE>") == -4);
  static_assert(
      arity_of("GEOSEARCH key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS "
               "radius <M | KM> | BYBOX width height <M | KM>> [ASC | DESC]") == -7);
}

TEST(Syntax, ValuesBehindATokenAreCounted) {
  constexpr std::string_view kSort =
      "SORT key [BY pattern] [LIMIT offset count] [ALPHA] [STORE destination]";
  EXPECT_EQ(values_after_token(kSort, "by"), 1);
  EXPECT_EQ(values_after_token(kSort, "Limit"), 2);
  EXPECT_EQ(values_after_token(kSort, "ALPHA"), 0);
  EXPECT_EQ(values_after_token(kSort, "sort"), -1);
  EXPECT_EQ(values_after_token(kSort, "key"), -1);
}

TEST(Syntax, UnfinishedTextEnds) {
  for (const char* text : {"A [b", "A <b | ", "A b]", "A | >", "A [[[", "A ... [", "A B <"})
    parse(text);
}

}  // namespace
}  // namespace scrubjay::schema
