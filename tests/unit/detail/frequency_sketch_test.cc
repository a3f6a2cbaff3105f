#include "scrubjay/detail/frequency_sketch.h"

#include <gtest/gtest.h>

#include <vector>

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
  uint64_t too_high = 0;
  uint64_t forgotten = 0;
  for (uint64_t key = 0; key < kKeys; ++key) {
    too_high += sketch.estimate(spread(key)) > 1;
    forgotten += sketch.estimate(spread(key)) == 0;
  }
  EXPECT_LT(too_high, kKeys / 20);
  EXPECT_LT(forgotten, kKeys / 8) << "a tenth of the blocks has been halved meanwhile";
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
  std::vector<uint32_t> known;
  for (uint64_t key = 0; key < 500; ++key) known.push_back(sketch.estimate(spread(key)));
  const size_t before = sketch.memory_bytes();
  for (const size_t keys : {5000, 100}) {
    sketch.fit(keys);
    EXPECT_TRUE(keys > 1000 ? sketch.memory_bytes() >= 4 * before : sketch.memory_bytes() < before);
    for (uint64_t key = 0; key < 500; ++key)
      EXPECT_GE(sketch.estimate(spread(key)), known[key]) << keys;
  }
}

TEST(FrequencySketch, TakesEightBytesPerKey) {
  FrequencySketch sketch(100'000);
  EXPECT_LE(sketch.memory_bytes(), 8 * 100'000u + 64);
}

}  // namespace
}  // namespace scrubjay::detail
