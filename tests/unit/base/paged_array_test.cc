#include "base/paged_array.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>

#include "base/memory.h"

namespace scrubjay {
namespace {

TEST(PagedArrayTest, HoldsPointers) {
  constexpr size_t kSize = 100'001;
  const PagedArray array(kSize);
  for (size_t i = 0; i < kSize; ++i) array[i] = reinterpret_cast<void*>(i);
  for (size_t i = 0; i < kSize; ++i) ASSERT_EQ(reinterpret_cast<uintptr_t>(array.data()[i]), i);
}

TEST(PagedArrayTest, Moves) {
  PagedArray none;
  EXPECT_FALSE(none);
  PagedArray array(10);
  array[9] = &none;
  none = std::move(array);
  EXPECT_TRUE(none);
  EXPECT_EQ(none[9], &none);
}

TEST(PagedArrayTest, ItsPagesGoBack) {
  constexpr size_t kBytes = 64 << 20;
  const uint64_t before = memory_figures().rss;
  {
    const PagedArray array(kBytes / sizeof(void*));
    EXPECT_GE(memory_figures().rss, before + kBytes / 2);
  }
  EXPECT_LE(memory_figures().rss, before + kBytes / 2);
}

}  // namespace
}  // namespace scrubjay
