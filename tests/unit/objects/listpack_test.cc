// The listpack against a std::vector, its limits, and what is no listpack.
#include "objects/listpack.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace scrubjay::objects {
namespace {

std::vector<std::string> contents(const OwnBytes& buffer) {
  const Listpack pack(buffer.view());
  std::vector<std::string> items;
  char digits[kInt64Digits];
  for (size_t at = pack.begin(); at != pack.end();) items.emplace_back(pack.read(at).text(digits));
  return items;
}

TEST(Listpack, KeepsNumbersAndStringsOfEveryWidth) {
  const std::vector<std::string> texts{"0",
                                       "127",
                                       "128",
                                       "-1",
                                       "4095",
                                       "-4096",
                                       "4096",
                                       "32767",
                                       "-32768",
                                       "32768",
                                       "8388607",
                                       "-8388608",
                                       "8388608",
                                       "2147483647",
                                       "-2147483648",
                                       "2147483648",
                                       "9223372036854775807",
                                       "-9223372036854775808",
                                       "9223372036854775808",
                                       "",
                                       "a",
                                       "007",
                                       "-0",
                                       "1.5",
                                       std::string(63, 'x'),
                                       std::string(64, 'x'),
                                       std::string(4095, 'y'),
                                       std::string(4096, 'y'),
                                       std::string(70'000, 'z')};
  OwnBytes buffer(empty_listpack());
  for (const std::string& text : texts) listpack_append(buffer, PackedText(text));
  EXPECT_EQ(contents(buffer), texts);
  EXPECT_TRUE(is_listpack(buffer.view()));
  const Listpack pack(buffer.view());
  EXPECT_EQ(pack.count(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    const size_t at = pack.at_index(i);
    EXPECT_TRUE(pack.item(at) == PackedText(texts[i])) << i;
    EXPECT_EQ(pack.find(PackedText(texts[i]), pack.begin()), at) << i;
  }
  EXPECT_EQ(pack.at_index(texts.size()), pack.end());
}

TEST(Listpack, ItsBytesAreTheFormats) {
  OwnBytes buffer(empty_listpack());
  listpack_append(buffer, PackedText("a"));
  listpack_append(buffer, PackedText("1"));
  listpack_append(buffer, PackedText("500"));
  EXPECT_EQ(buffer.view(), std::string_view("\x0f\0\0\0\x03\0\x81"
                                            "a\x02\x01\x01\xc1\xf4\x02\xff",
                                            15));
}

TEST(Listpack, CountsBeyondWhatItsHeaderHolds) {
  OwnBytes buffer(empty_listpack());
  constexpr size_t kMany = 70'000;
  for (size_t i = 0; i < kMany; ++i) listpack_append(buffer, PackedText("x"));
  EXPECT_EQ(Listpack(buffer.view()).count(), kMany);
  listpack_erase(buffer, Listpack::kHeader, kMany - 10);
  EXPECT_EQ(Listpack(buffer.view()).count(), 10u);
}

TEST(Listpack, BehavesAsAVector) {
  OwnBytes buffer(empty_listpack());
  std::vector<std::string> model;
  Random random(3);
  for (int step = 0; step < 50'000; ++step) {
    std::string text = std::to_string(static_cast<int64_t>(random()) >> random.below(64));
    if (random.below(2) == 0)
      text = std::string(random.below(random.below(20) == 0 ? 5000 : 80), 'q');
    const size_t index = random.below(model.size() + 1);
    const size_t at = Listpack(buffer.view()).at_index(index);
    const auto place = model.begin() + static_cast<ptrdiff_t>(index);
    const uint64_t kind = random.below(10);
    if (kind < 4 || model.empty()) {
      listpack_insert(buffer, at, PackedText(text));
      model.insert(place, text);
    } else if (kind < 6 && index < model.size()) {
      listpack_replace(buffer, at, PackedText(text));
      *place = text;
    } else if (index < model.size()) {
      const size_t count = std::min<size_t>(1 + random.below(3), model.size() - index);
      listpack_erase(buffer, at, count);
      model.erase(place, place + static_cast<ptrdiff_t>(count));
    }
    if (step % 500 != 0) continue;
    ASSERT_EQ(contents(buffer), model);
    ASSERT_TRUE(is_listpack(buffer.view()));
    const Listpack pack(buffer.view());
    size_t back = pack.end();
    for (size_t i = model.size(); i-- > 0;) {
      back = pack.previous(back);
      ASSERT_TRUE(pack.item(back) == PackedText(model[i]));
    }
    ASSERT_EQ(back, pack.begin());
  }
}

TEST(Listpack, RefusesForeignBytesThatAreNone) {
  OwnBytes buffer(empty_listpack());
  for (const char* text : {"a", "12", "300", "99999", "hello"})
    listpack_append(buffer, PackedText(text));
  const std::string good(buffer.view());
  ASSERT_TRUE(is_listpack(good));
  EXPECT_FALSE(is_listpack(""));
  EXPECT_FALSE(is_listpack(good + "x"));
  for (size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(is_listpack(good.substr(0, size)));
  // No single changed byte may lead outside: what is accepted can be walked.
  for (size_t i = 0; i < good.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string bad = good;
      bad[i] = static_cast<char>(value);
      if (!is_listpack(bad)) continue;
      const Listpack pack(bad);
      size_t items = 0;
      for (size_t at = pack.begin(); at != pack.end(); at = pack.next(at)) ++items;
      ASSERT_LE(items, good.size());
    }
  }
}

}  // namespace
}  // namespace scrubjay::objects
