#include "resp/reply.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace scrubjay::resp {
namespace {

std::string text_of(const ReplyBuffer& buffer) {
  std::string text;
  size_t from = 0;
  for (const auto& splice : buffer.splices()) {
    text += buffer.own_bytes().substr(from, splice.at - from);
    text += splice.block.view();
    from = splice.at;
  }
  return text + std::string(buffer.own_bytes().substr(from));
}

// What `write` says to a client of RESP2 and to one of RESP3.
template <class F>
std::pair<std::string, std::string> both(F&& write) {
  std::string texts[2];
  for (const int protocol : {2, 3}) {
    ReplyBuffer buffer;
    ReplyBuilder reply(buffer, protocol);
    write(reply);
    texts[protocol - 2] = text_of(buffer);
    EXPECT_EQ(buffer.total_bytes(), texts[protocol - 2].size());
  }
  return {texts[0], texts[1]};
}

using Pair = std::pair<std::string, std::string>;

Pair same(const std::string& text) {
  return {text, text};
}

TEST(Reply, SomeKindsAreTheSameInBothProtocols) {
  EXPECT_EQ(both([](auto& r) { r.ok(); }), same("+OK\r\n"));
  EXPECT_EQ(both([](auto& r) { r.simple("QUEUED"); }), same("+QUEUED\r\n"));
  EXPECT_EQ(both([](auto& r) { r.error("ERR no"); }), same("-ERR no\r\n"));
  EXPECT_EQ(both([](auto& r) { r.integer(7); }), same(":7\r\n"));
  EXPECT_EQ(both([](auto& r) { r.integer(std::numeric_limits<int64_t>::min()); }),
            same(":-9223372036854775808\r\n"));
  EXPECT_EQ(both([](auto& r) { r.bulk(""); }), same("$0\r\n\r\n"));
  EXPECT_EQ(both([](auto& r) { r.bulk("a\r\nb"); }), same("$4\r\na\r\nb\r\n"));
  EXPECT_EQ(both([](auto& r) { r.bulk_integer(-12); }), same("$3\r\n-12\r\n"));
  EXPECT_EQ(both([](auto& r) { r.array(0); }), same("*0\r\n"));
  EXPECT_EQ(both([](auto& r) { r.array(12); }), same("*12\r\n"));
}

TEST(Reply, OthersFollowTheProtocol) {
  EXPECT_EQ(both([](auto& r) { r.null(); }), Pair("$-1\r\n", "_\r\n"));
  EXPECT_EQ(both([](auto& r) { r.null_array(); }), Pair("*-1\r\n", "_\r\n"));
  EXPECT_EQ(both([](auto& r) { r.boolean(true); }), Pair(":1\r\n", "#t\r\n"));
  EXPECT_EQ(both([](auto& r) { r.boolean(false); }), Pair(":0\r\n", "#f\r\n"));
  EXPECT_EQ(both([](auto& r) { r.real(1.5); }), Pair("$3\r\n1.5\r\n", ",1.5\r\n"));
  EXPECT_EQ(both([](auto& r) { r.map(2); }), Pair("*4\r\n", "%2\r\n"));
  EXPECT_EQ(both([](auto& r) { r.set(2); }), Pair("*2\r\n", "~2\r\n"));
  EXPECT_EQ(both([](auto& r) { r.push(3); }), Pair("*3\r\n", ">3\r\n"));
  EXPECT_EQ(both([](auto& r) { r.verbatim("hi"); }), Pair("$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"));
}

TEST(Reply, ErrorsStayOnOneLine) {
  EXPECT_EQ(both([](auto& r) { r.error("ERR a\r\nb"); }), same("-ERR a  b\r\n"));
}

TEST(Reply, ALengthMayComeLater) {
  const auto write = [](ReplyBuilder& r) {
    r.integer(1);
    const size_t place = r.array_later();
    r.bulk("a");
    r.bulk(SharedBytes::copy_of("shared"));
    r.set_length(place, 2);
    r.ok();
  };
  EXPECT_EQ(both(write), same(":1\r\n*2\r\n$1\r\na\r\n$6\r\nshared\r\n+OK\r\n"));
  const auto write_map = [](ReplyBuilder& r) {
    const size_t place = r.array_later();
    r.bulk("k");
    r.bulk("v");
    r.set_map_length(place, 1);
  };
  EXPECT_EQ(both(write_map), Pair("*2\r\n$1\r\nk\r\n$1\r\nv\r\n", "%1\r\n$1\r\nk\r\n$1\r\nv\r\n"));
}

TEST(Reply, BlocksAreSplicedNotCopied) {
  const SharedBytes block = SharedBytes::copy_of(std::string(100'000, 'x'));
  ReplyBuffer buffer;
  ReplyBuilder reply(buffer);
  reply.bulk(block);
  EXPECT_LT(buffer.own_bytes().size(), 20u);
  EXPECT_EQ(text_of(buffer), "$100000\r\n" + std::string(100'000, 'x') + "\r\n");
  EXPECT_FALSE(block.unique());
  buffer.clear();
  EXPECT_TRUE(block.unique());
  EXPECT_TRUE(buffer.empty());
}

TEST(Reply, TruncatingTakesBackWhatCameBehindTheMark) {
  const SharedBytes block = SharedBytes::copy_of("first");
  const SharedBytes undone = SharedBytes::copy_of("second");
  ReplyBuffer buffer;
  ReplyBuilder reply(buffer);
  reply.bulk(block);
  const size_t mark = buffer.mark();
  reply.array(2);
  reply.bulk(undone);
  reply.integer(5);
  buffer.truncate(mark);
  reply.error("ERR undone");
  EXPECT_TRUE(undone.unique());
  EXPECT_FALSE(block.unique());
  EXPECT_EQ(text_of(buffer), "$5\r\nfirst\r\n-ERR undone\r\n");
  EXPECT_EQ(buffer.total_bytes(), text_of(buffer).size());
}

TEST(Reply, TheBufferGrowsToAnySize) {
  ReplyBuffer buffer;
  ReplyBuilder reply(buffer);
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string value(static_cast<size_t>(i), 'v');
    reply.bulk(value);
    expected += "$" + std::to_string(i) + "\r\n" + value + "\r\n";
  }
  EXPECT_EQ(text_of(buffer), expected);
}

}  // namespace
}  // namespace scrubjay::resp
