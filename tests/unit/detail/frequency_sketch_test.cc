#include "scrubjay/detail/frequency_sketch.h"

#include <gtest/gtest.h>

#include "support/policy_simulator.h"

namespace scrubjay::detail {
namespace {

using test::spread;

TEST(FrequencySketch, CountsUpToItsMaximum) {
  FrequencySketch sketch(1000);
  EXPECT_EQ(sketch.estimate(spread(1)), 0u);
  for (uint32_t i = 1; i <= 20; ++i) {
    sketch.count(spread(1));
    EXPECT_EQ(sketch.estimate(spread(1)), std::min(i, FrequencySketch::kMaximum));
  }
}

TEST(FrequencySketch, SeldomTakesOneKeyForAnother) {
  constexpr uint64_t kKeys = 10'000;
  FrequencySketch sketch(kKeys);
  for (uint64_t key = 0; key < kKeys; ++key) sketch.count(spread(key));
  uint64_t wrong = 0;
  for (uint64_t key = 0; key < kKeys; ++key) {
    EXPECT_GE(sketch.estimate(spread(key)), 1u);
    wrong += sketch.estimate(spread(key)) > 1;
  }
  EXPECT_LT(wrong, kKeys / 20);
}

TEST(FrequencySketch, TheAgedPastFades) {
  FrequencySketch sketch(256);
  for (int i = 0; i < 15; ++i) sketch.count(spread(1));
  for (uint64_t i = 0; i < 256 * 10 * 5; ++i) sketch.count(spread(1000 + i % 2000));
  EXPECT_LT(sketch.estimate(spread(1)), 8u);
}

TEST(FrequencySketch, KeepsWhatItKnowsWhenItGrows) {
  FrequencySketch sketch(1000);
  for (uint64_t key = 0; key < 500; ++key) {
    for (int i = 0; i < 3; ++i) sketch.count(spread(key));
  }
  const size_t before = sketch.memory_bytes();
  sketch.fit(5000);
  EXPECT_GE(sketch.memory_bytes(), 4 * before);
  for (uint64_t key = 0; key < 500; ++key) EXPECT_GE(sketch.estimate(spread(key)), 3u);
  sketch.fit(100);
  EXPECT_LT(sketch.memory_bytes(), before);
  for (uint64_t key = 0; key < 500; ++key) EXPECT_GE(sketch.estimate(spread(key)), 3u);
}

TEST(FrequencySketch, TakesEightBytesPerKey) {
  FrequencySketch sketch(100'000);
  EXPECT_LE(sketch.memory_bytes(), 8 * 100'000u + 64);
}

}  // namespace
}  // namespace scrubjay::detail
