// Payloads as servers wrote them, round trips, and damage.
#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "rdb/crc64.h"
#include "rdb/lzf.h"
#include "rdb/payload_reader.h"
#include "rdb/payload_writer.h"

namespace scrubjay::rdb {
namespace {

std::string bytes(std::string_view text) {
  return std::string(text);
}
template <size_t N>
std::string raw(const char (&text)[N]) {
  return {text, N - 1};
}

using Items = std::vector<std::string>;

TEST(Crc64, IsJonesOne) {
  EXPECT_EQ(crc64("123456789"), 0xe9c6d914c4b8d9caull);
  EXPECT_EQ(crc64(""), 0u);
}

TEST(Lzf, ComesBack) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    const size_t size = random.below(20'000);
    while (text.size() < size) {
      if (random.below(2) == 0)
        text += static_cast<char>(random());
      else
        text.append(random.below(600), static_cast<char>('a' + random.below(3)));
    }
    const auto packed = lzf_compress(text);
    if (!packed) continue;
    EXPECT_LT(packed->size(), text.size());
    EXPECT_EQ(lzf_decompress(*packed, text.size()), text);
    EXPECT_EQ(lzf_decompress(*packed, text.size() + 1), std::nullopt);
    EXPECT_EQ(lzf_decompress(std::string_view(*packed).substr(0, packed->size() - 1), text.size()),
              std::nullopt);
  }
}

TEST(PayloadReader, ReadsStringsInEveryEncoding) {
  EXPECT_EQ(read_value(raw("\x00\x03"
                           "abc"))
                ->text,
            "abc");
  EXPECT_EQ(read_value(raw("\x00\xc0\x85"))->text, "-123");
  EXPECT_EQ(read_value(raw("\x00\xc1\x39\x30"))->text, "12345");
  EXPECT_EQ(read_value(raw("\x00\xc2\xd2\x02\x96\x49"))->text, "1234567890");
  EXPECT_EQ(read_value(raw("\x00\x40\x03"
                           "abc"))
                ->text,
            "abc");
  EXPECT_EQ(read_value(raw("\x00\x80\x00\x00\x00\x03"
                           "abc"))
                ->text,
            "abc");
  EXPECT_EQ(read_value(raw("\x00\x81\x00\x00\x00\x00\x00\x00\x00\x03"
                           "abc"))
                ->text,
            "abc");
  EXPECT_EQ(read_value(raw("\x00\xc3\x04\x0a\x00"
                           "a\xe0\x00\x00")),
            std::nullopt);
}

TEST(PayloadReader, ReadsTheEncodingsOfOldServers) {
  // A ziplist of "a" and 5.
  const std::string ziplist =
      raw("\x10\x10\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01"
          "a\x03\xf6\xff");
  const auto list = read_value(raw("\x0a") + ziplist);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->items, (Items{"a", "5"}));
  EXPECT_EQ(read_value(raw("\x0d") + ziplist)->items, (Items{"a", "5"}));
  const auto scored = read_value(raw("\x0c") + ziplist);
  ASSERT_TRUE(scored);
  EXPECT_EQ(scored->items, (Items{"a"}));
  EXPECT_EQ(scored->scores, (std::vector<double>{5}));
  EXPECT_EQ(read_value(raw("\x0e\x01") + ziplist)->items, (Items{"a", "5"}));
  EXPECT_EQ(read_value(raw("\x09\x08\x01\x01"
                           "a\x02\x00"
                           "bc\xff"))
                ->items,
            (Items{"a", "bc"}));
}

TEST(PayloadReader, ReadsHashesWithDeadlines) {
  PayloadWriter writer(true);
  writer.begin_timed_hash(2, 1000);
  writer.field_deadline(1000);
  writer.string("a");
  writer.string("1");
  writer.field_deadline(-1);
  writer.string("b");
  writer.string("2");
  const std::string payload = writer.finish();
  ASSERT_TRUE(footer_is_good(payload));
  const auto value = read_payload(payload);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->items, (Items{"a", "1", "b", "2"}));
  EXPECT_EQ(value->deadlines, (std::vector<int64_t>{1000, -1}));
}

TEST(PayloadReader, RefusesWhatCannotBe) {
  EXPECT_FALSE(footer_is_good(""));
  EXPECT_FALSE(footer_is_good(bytes("123456789")));
  EXPECT_EQ(read_value(""), std::nullopt);
  EXPECT_EQ(read_value(raw("\x01\x00")), std::nullopt);  // an empty list
  EXPECT_EQ(read_value(raw("\x02\x02\x01"
                           "a\x01"
                           "a")),
            std::nullopt);  // a member twice
  EXPECT_EQ(read_value(raw("\x04\x02\x01"
                           "a\x01"
                           "b")),
            std::nullopt);  // a field is missing
  EXPECT_EQ(read_value(raw("\x01\x81\xff\xff\xff\xff\xff\xff\xff\xff")), std::nullopt);
  EXPECT_EQ(read_value(raw("\x05\x01\x01"
                           "a\x00\x00\x00\x00\x00\x00\xf8\x7f")),
            std::nullopt);
  EXPECT_EQ(read_value(raw("\x0f\x01\x01"
                           "a")),
            std::nullopt);  // a stream of 5.0
  EXPECT_EQ(read_value(raw("\x00\x05"
                           "abcd")),
            std::nullopt);  // less than a value
}

TEST(PayloadReader, NoChangedByteLeadsAstray) {
  PayloadWriter writer(true);
  writer.begin(kHashCode);
  writer.count(3);
  for (const char* text : {"field", "12", "f2", "a value of some length", "f3", "70000"})
    writer.string(text);
  const std::string payload = writer.finish();
  ASSERT_TRUE(footer_is_good(payload));
  ASSERT_EQ(read_payload(payload)->items.size(), 6u);
  for (size_t i = 0; i < payload.size(); ++i) {
    std::string bad = payload;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    EXPECT_FALSE(footer_is_good(bad)) << i;
    read_payload(bad);
  }
}

}  // namespace
}  // namespace scrubjay::rdb
