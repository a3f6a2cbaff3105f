#include "cli/reply_text.h"

#include <gtest/gtest.h>

namespace scrubjay::cli {
namespace {

resp::Reply read(std::string_view bytes) {
  resp::ReplyReader reader;
  auto reply = reader.next(bytes);
  EXPECT_TRUE(reply && *reply);
  return std::move(**reply);
}

std::string terminal(std::string_view bytes) {
  return terminal_text(read(bytes));
}

std::string raw(std::string_view bytes) {
  return raw_text(read(bytes));
}

TEST(ReplyText, TellsTypesApartOnATerminal) {
  EXPECT_EQ(terminal("+OK\r\n"), "OK\n");
  EXPECT_EQ(terminal("-ERR no\r\n"), "(error) ERR no\n");
  EXPECT_EQ(terminal(":1\r\n"), "(integer) 1\n");
  EXPECT_EQ(terminal("$3\r\na\"b\r\n"), "\"a\\\"b\"\n");
  EXPECT_EQ(terminal("$-1\r\n"), "(nil)\n");
  EXPECT_EQ(terminal("*-1\r\n"), "(nil)\n");
  EXPECT_EQ(terminal(",1.5\r\n"), "(double) 1.5\n");
  EXPECT_EQ(terminal("#t\r\n"), "(true)\n");
  EXPECT_EQ(terminal("(12\r\n"), "(big number) 12\n");
  EXPECT_EQ(terminal("=5\r\ntxt:x\r\n"), "x\n");
  EXPECT_EQ(terminal("*0\r\n"), "(empty array)\n");
  EXPECT_EQ(terminal("%0\r\n"), "(empty hash)\n");
  EXPECT_EQ(terminal("~0\r\n"), "(empty set)\n");
}

TEST(ReplyText, IndentsOnATerminal) {
  EXPECT_EQ(terminal("*2\r\n:1\r\n*2\r\n:2\r\n*1\r\n+x\r\n"),
            "1) (integer) 1\n"
            "2) 1) (integer) 2\n"
            "   2) 1) x\n");
  EXPECT_EQ(terminal("%2\r\n+a\r\n*2\r\n:1\r\n:2\r\n+b\r\n~0\r\n"),
            "1# a => \n"
            "   1) (integer) 1\n"
            "   2) (integer) 2\n"
            "2# b => (empty set)\n");
  std::string ten = "*10\r\n";
  for (int i = 0; i < 10; ++i) ten += ":7\r\n";
  EXPECT_TRUE(terminal(ten).starts_with(" 1) (integer) 7\n 2) "));
  EXPECT_TRUE(terminal(ten).ends_with("10) (integer) 7\n"));
}

TEST(ReplyText, IsBareOnAPipe) {
  EXPECT_EQ(raw("*3\r\n$1\r\na\r\n$-1\r\n:2\r\n"), "a\n\n2");
  EXPECT_EQ(raw("%2\r\n+a\r\n:1\r\n+b\r\n#t\r\n"), "a 1\nb (true)");
  EXPECT_EQ(raw("-ERR no\r\n"), "ERR no\n");
  EXPECT_EQ(raw_text(read("*2\r\n:1\r\n:2\r\n"), ", "), "1, 2");
}

TEST(ReplyText, LeavesAttributesOut) {
  EXPECT_EQ(terminal("*2\r\n|1\r\n+ttl\r\n:3\r\n:1\r\n:2\r\n"), "1) (integer) 1\n2) (integer) 2\n");
  EXPECT_EQ(raw("*2\r\n:1\r\n|1\r\n+ttl\r\n:3\r\n:2\r\n"), "1\n2");
}

}  // namespace
}  // namespace scrubjay::cli
