#include "objects/intset.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "base/random.h"

namespace scrubjay::objects {
namespace {

TEST(Intset, WidensWithItsNumbers) {
  OwnBytes buffer(empty_intset());
  for (const int64_t number :
       {int64_t{5}, int64_t{-5}, int64_t{70'000}, int64_t{1} << 40,
        std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    EXPECT_TRUE(intset_insert(buffer, number));
    EXPECT_FALSE(intset_insert(buffer, number));
    EXPECT_TRUE(is_intset(buffer.view()));
  }
  const Intset set(buffer.view());
  EXPECT_EQ(set.count(), 6u);
  EXPECT_EQ(set.width(), 8u);
  EXPECT_EQ(set.at(0), std::numeric_limits<int64_t>::min());
  EXPECT_TRUE(set.contains(70'000));
  EXPECT_FALSE(set.contains(70'001));
}

TEST(Intset, BehavesAsStdSet) {
  OwnBytes buffer(empty_intset());
  std::set<int64_t> model;
  Random random(5);
  for (int step = 0; step < 100'000; ++step) {
    const auto number =
        static_cast<int64_t>(random.below(600)) - 300 + (step > 50'000 ? int64_t{1} << 33 : 0);
    if (random.below(2) == 0)
      ASSERT_EQ(intset_insert(buffer, number), model.insert(number).second);
    else
      ASSERT_EQ(intset_erase(buffer, number), model.erase(number) == 1);
    if (step % 1000 != 0) continue;
    const Intset set(buffer.view());
    ASSERT_EQ(set.count(), model.size());
    size_t i = 0;
    for (const int64_t member : model) ASSERT_EQ(set.at(i++), member);
    ASSERT_TRUE(is_intset(buffer.view()));
  }
}

TEST(Intset, RefusesForeignBytesThatAreNone) {
  OwnBytes buffer(empty_intset());
  intset_insert(buffer, 1);
  intset_insert(buffer, 2);
  std::string bytes(buffer.view());
  EXPECT_TRUE(is_intset(bytes));
  EXPECT_FALSE(is_intset(bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(is_intset(""));
  std::swap(bytes[8], bytes[10]);  // 2, 1
  EXPECT_FALSE(is_intset(bytes));
  bytes[10] = bytes[8];  // 2, 2
  EXPECT_FALSE(is_intset(bytes));
  bytes[0] = 3;
  EXPECT_FALSE(is_intset(bytes));
}

}  // namespace
}  // namespace scrubjay::objects
