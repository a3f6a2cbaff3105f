#include "objects/hyperloglog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/random.h"

namespace scrubjay::objects {
namespace {

constexpr uint64_t kNoLimit = UINT64_MAX;
constexpr uint64_t kUsualLimit = 3000;

OwnBytes fresh(bool dense) {
  OwnBytes value(empty_hyperloglog());
  EXPECT_TRUE(!dense || hyperloglog_make_dense(value));
  return value;
}

HllRegisters registers_of(const OwnBytes& value) {
  HllRegisters registers{};
  EXPECT_TRUE(HyperLogLog(value.view()).raise(registers));
  return registers;
}

// A sparse value whose runs are given as bytes.
OwnBytes with_runs(std::string_view runs) {
  OwnBytes value(empty_hyperloglog().substr(0, kHllHeader));
  if (!runs.empty())
    std::memcpy(value.splice(kHllHeader, 0, runs.size()), runs.data(), runs.size());
  return value;
}

HllRegisters random_registers(Random& random, size_t set, unsigned highest) {
  HllRegisters registers{};
  for (size_t i = 0; i < set; ++i)
    registers[random.below(kHllRegisters)] = static_cast<uint8_t>(1 + random.below(highest));
  return registers;
}

TEST(HllRegisters, PackAndRaiseAsABitByBitModel) {
  Random random(1);
  for (const size_t set : {0u, 10u, 20'000u, 100'000u}) {
    const HllRegisters registers = random_registers(random, set, 63);
    std::string packed(kHllPackedBytes, '\x55');
    hll_pack(registers, packed.data());
    for (size_t i = 0; i < kHllRegisters; ++i) {
      unsigned value = 0;
      for (size_t bit = 0; bit < 6; ++bit) {
        const size_t at = i * 6 + bit;
        value |= (static_cast<unsigned char>(packed[at / 8]) >> at % 8 & 1u) << bit;
      }
      ASSERT_EQ(value, registers[i]) << i;
    }
    HllRegisters raised = random_registers(random, 5000, 63);
    HllRegisters expected;
    std::transform(raised.begin(), raised.end(), registers.begin(), expected.begin(),
                   [](uint8_t a, uint8_t b) { return std::max(a, b); });
    HllRegisters raised_portably = raised;
    hll_raise(raised, packed.data());
    ASSERT_EQ(raised, expected);
    hll_raise_portably(raised_portably, packed.data());
    ASSERT_EQ(raised_portably, expected);
  }
}

TEST(HllRegisters, TheHistogramCountsEachOnce) {
  Random random(2);
  const HllRegisters registers = random_registers(random, 30'000, 63);
  const HllHistogram histogram = hll_histogram(registers);
  for (size_t value = 0; value < histogram.size(); ++value)
    EXPECT_EQ(histogram[value], std::count(registers.begin(), registers.end(), value)) << value;
}

TEST(HllRegisters, TheEstimateHasItsEnds) {
  HllHistogram histogram{};
  histogram[0] = kHllRegisters;
  EXPECT_EQ(hll_estimate(histogram), 0u);
  histogram = {};
  histogram[63] = kHllRegisters;
  EXPECT_EQ(hll_estimate(histogram), uint64_t{1} << 63);
  histogram = {};
  histogram[0] = kHllRegisters - 1;
  histogram[1] = 1;
  EXPECT_EQ(hll_estimate(histogram), 1u);
}

TEST(HyperLogLog, KnowsItsHeader) {
  EXPECT_TRUE(is_hyperloglog(empty_hyperloglog()));
  EXPECT_TRUE(is_hyperloglog(empty_hyperloglog().substr(0, kHllHeader)));
  EXPECT_FALSE(is_hyperloglog(empty_hyperloglog().substr(0, kHllHeader - 1)));
  EXPECT_FALSE(is_hyperloglog(""));
  std::string other(empty_hyperloglog());
  other[4] = 2;
  EXPECT_FALSE(is_hyperloglog(other));
  other[4] = 0;
  EXPECT_FALSE(is_hyperloglog(other));
  other.resize(kHllDenseSize);
  EXPECT_TRUE(is_hyperloglog(other));
  other.push_back('x');
  EXPECT_FALSE(is_hyperloglog(other));
}

// Taken from redis-server 7.0.15.
TEST(HyperLogLog, HasRedisBytes) {
  OwnBytes value(empty_hyperloglog());
  EXPECT_EQ(hyperloglog_add(value, "a", kUsualLimit), HllEdit::kChanged);
  EXPECT_EQ(value.view(), std::string_view("HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80q\xa6\x84NW", 21));
  EXPECT_EQ(hyperloglog_add(value, "a", kUsualLimit), HllEdit::kUnchanged);
}

TEST(HyperLogLog, SparseAndDenseAgreeWithTheModel) {
  Random random(3);
  for (const uint64_t space : {40u, 3000u, 1'000'000u}) {
    OwnBytes sparse = fresh(false);
    OwnBytes usual = fresh(false);
    OwnBytes dense = fresh(true);
    HllRegisters model{};
    for (int step = 0; step < 4000; ++step) {
      const std::string element = std::to_string(random.below(space));
      const HllEdit edit = hyperloglog_add(dense, element, 0);
      ASSERT_EQ(hyperloglog_add(sparse, element, kNoLimit), edit);
      ASSERT_EQ(hyperloglog_add(usual, element, kUsualLimit), edit);
      const HllRegisters now = registers_of(dense);
      size_t risen = 0;
      for (size_t i = 0; i < kHllRegisters; ++i) {
        ASSERT_GE(now[i], model[i]);
        risen += now[i] > model[i];
      }
      ASSERT_EQ(risen, edit == HllEdit::kChanged ? 1u : 0u);
      model = now;
      if (step % 100 != 0) continue;
      ASSERT_EQ(registers_of(sparse), model);
      ASSERT_EQ(registers_of(usual), model);
      ASSERT_EQ(HyperLogLog(sparse.view()).estimate(), hll_estimate(hll_histogram(model)));
      ASSERT_EQ(HyperLogLog(dense.view()).estimate(), hll_estimate(hll_histogram(model)));
    }
    EXPECT_FALSE(HyperLogLog(sparse.view()).is_dense());
    ASSERT_TRUE(hyperloglog_make_dense(sparse));
    EXPECT_EQ(sparse.view(), dense.view());
  }
}

TEST(HyperLogLog, RaisingJoinsAsTheModel) {
  Random random(4);
  for (const size_t set : {0u, 5u, 300u, 16'000u, 100'000u}) {
    for (const uint64_t limit : {uint64_t{0}, kUsualLimit, kNoLimit}) {
      for (const bool dense : {false, true}) {
        OwnBytes value = fresh(dense);
        for (size_t i = 0; i < 200; ++i)
          hyperloglog_add(value, std::to_string(random.below(1000)), kNoLimit);
        const unsigned highest = set % 2 == 0 ? 32 : 51;
        HllRegisters expected = random_registers(random, set, highest);
        const HllRegisters raise = expected;
        ASSERT_TRUE(HyperLogLog(value.view()).raise(expected));
        hyperloglog_raise(value, raise, limit);
        ASSERT_TRUE(is_hyperloglog(value.view()));
        ASSERT_EQ(registers_of(value), expected);
      }
    }
  }
}

// Raising in one go goes on where the last register was; one after the other must give the same.
TEST(HyperLogLog, RaisingWritesTheRunsOfSingleEdits) {
  Random random(5);
  for (const unsigned highest : {1u, 2u, 5u, 32u}) {
    const HllRegisters registers = random_registers(random, 3000, highest);
    OwnBytes at_once(empty_hyperloglog());
    hyperloglog_raise(at_once, registers, kNoLimit);
    OwnBytes singly(empty_hyperloglog());
    for (size_t i = 0; i < kHllRegisters; ++i) {
      if (registers[i] == 0) continue;
      HllRegisters one{};
      one[i] = registers[i];
      hyperloglog_raise(singly, one, kNoLimit);
    }
    ASSERT_EQ(at_once.view(), singly.view());
  }
}

TEST(HyperLogLog, GivesWayToDense) {
  OwnBytes value(empty_hyperloglog());
  size_t largest = 0;
  for (int i = 0; !HyperLogLog(value.view()).is_dense(); ++i) {
    largest = value.size();
    hyperloglog_add(value, std::to_string(i), kUsualLimit);
  }
  EXPECT_LE(largest, kUsualLimit);
  EXPECT_GT(largest, kUsualLimit - 3);
  HllRegisters high{};
  high[7] = kHllMaxSparseValue + 1;
  OwnBytes small(empty_hyperloglog());
  hyperloglog_raise(small, high, kUsualLimit);
  EXPECT_TRUE(HyperLogLog(small.view()).is_dense());
  EXPECT_EQ(registers_of(small), high);
}

TEST(HyperLogLog, EstimatesWithinItsError) {
  constexpr double kStandardError = 1.04 / 128;
  for (const std::string prefix : {"a", "element:", "visitor-"}) {
    OwnBytes value(empty_hyperloglog());
    uint64_t added = 0;
    for (const uint64_t size : {10u, 100u, 1000u, 5000u, 10'000u, 40'000u, 100'000u, 1'000'000u}) {
      for (; added < size; ++added)
        hyperloglog_add(value, prefix + std::to_string(added), kUsualLimit);
      const auto estimate = HyperLogLog(value.view()).estimate();
      ASSERT_TRUE(estimate);
      const auto exact = static_cast<double>(size);
      EXPECT_LE(std::abs(static_cast<double>(*estimate) - exact),
                std::ceil(4 * kStandardError * exact))
          << prefix << size;
    }
  }
}

TEST(HyperLogLog, KeepsAnEstimateUntilARegisterRises) {
  for (const bool dense : {false, true}) {
    OwnBytes value = fresh(dense);
    EXPECT_EQ(HyperLogLog(value.view()).stored_estimate(), std::nullopt);
    hyperloglog_store_estimate(value, 0x0123456789abcdef);
    EXPECT_EQ(HyperLogLog(value.view()).stored_estimate(), 0x0123456789abcdef);
    hyperloglog_add(value, "a", kUsualLimit);
    EXPECT_EQ(HyperLogLog(value.view()).stored_estimate(), std::nullopt);
    hyperloglog_store_estimate(value, 1);
    hyperloglog_add(value, "a", kUsualLimit);
    EXPECT_EQ(HyperLogLog(value.view()).stored_estimate(), 1u);
    hyperloglog_make_stale(value);
    EXPECT_EQ(HyperLogLog(value.view()).stored_estimate(), std::nullopt);
  }
}

TEST(HyperLogLog, ShowsItsRuns) {
  EXPECT_EQ(HyperLogLog(empty_hyperloglog()).runs_text(), "Z:16384");
  const OwnBytes value = with_runs("\x85\x02\x40\x63");
  EXPECT_EQ(HyperLogLog(value.view()).runs_text(), "v:2,2 z:3 Z:100");
}

TEST(HyperLogLog, RefusesForgedRuns) {
  using namespace std::literals;
  for (const std::string_view runs : {""sv, "\x7f\xfe"sv, "\x7f\xff\x84"sv, "\x7f\xff\x00"sv,
                                      "\x7f\xfd\x8b"sv, "\x7f\xff\x7f\xff"sv, "\x9c\x05\xf1"sv}) {
    OwnBytes value = with_runs(runs);
    const std::string before(value.view());
    HllRegisters registers{};
    EXPECT_FALSE(HyperLogLog(value.view()).raise(registers));
    EXPECT_EQ(HyperLogLog(value.view()).estimate(), std::nullopt);
    EXPECT_FALSE(hyperloglog_make_dense(value));
    EXPECT_EQ(hyperloglog_add(value, "a", 0), HllEdit::kCorrupt);
    EXPECT_EQ(value.view(), before);
  }
  // Half a run can't be edited.
  OwnBytes half = with_runs("\x00\x7f"sv);
  EXPECT_EQ(hyperloglog_add(half, "a", kUsualLimit), HllEdit::kCorrupt);
}

}  // namespace
}  // namespace scrubjay::objects
