#include "base/partial_quick_sort.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace scrubjay {
namespace {

int compare(int a, int b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

TEST(PartialQuickSort, SortsTheFirstOnesAndLosesNothing) {
  Random random(1);
  for (int round = 0; round < 5000; ++round) {
    const size_t size = random.below(300);
    const size_t wanted = random.below(size + 1);
    const uint64_t values = 1 + random.below(round % 2 == 0 ? 5 : 1000);
    std::vector<int> items(size);
    for (int& item : items) item = static_cast<int>(random.below(values));
    if (round % 7 == 0) std::sort(items.begin(), items.end());
    std::vector<int> expected = items;
    std::sort(expected.begin(), expected.end());
    partial_quick_sort(items.data(), size, wanted, compare);
    ASSERT_TRUE(
        std::equal(items.begin(), items.begin() + static_cast<long>(wanted), expected.begin()));
    std::sort(items.begin(), items.end());
    ASSERT_EQ(items, expected);
  }
}

TEST(PartialQuickSort, FewItemsKeepTheOrderOfEquals) {
  std::vector<std::pair<int, char>> items{{2, 'a'}, {1, 'b'}, {2, 'c'}, {1, 'd'}, {1, 'e'}};
  partial_quick_sort(items.data(), items.size(), 3,
                     [](const auto& a, const auto& b) { return compare(a.first, b.first); });
  EXPECT_EQ(items[0].second, 'b');
  EXPECT_EQ(items[1].second, 'd');
  EXPECT_EQ(items[2].second, 'e');
}

}  // namespace
}  // namespace scrubjay
