#include "schema/syntax.h"

#include <gtest/gtest.h>

#include "schema/command_spec.h"

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
      "\"FILTERBY\" options:oneof?(\"MODULE\" module-name:string \"PATTERN\" pattern:pattern)");
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

TEST(Syntax, UnfinishedTextEnds) {
  for (const char* text : {"A [b", "A <b | ", "A b]", "A | >", "A [[[", "A ... [", "A B <"})
    parse(text);
}

}  // namespace
}  // namespace scrubjay::schema
