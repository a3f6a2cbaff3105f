#include "scrubjay/detail/cache_advisor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "support/policy_simulator.h"

namespace scrubjay::detail {
namespace {

std::vector<uint64_t> skewed_traffic(size_t requests) {
  std::vector<double> weights(200'000);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = 1 / std::pow(static_cast<double>(i + 1), 0.8);
  std::discrete_distribution<uint64_t> draw(weights.begin(), weights.end());
  std::mt19937_64 random(11);
  std::vector<uint64_t> keys(requests);
  for (uint64_t& key : keys) key = test::spread(draw(random));
  return keys;
}

// Cache-aside on `real`, watched by the advisor.
double replay(const std::vector<uint64_t>& keys, ShadowCache& real, CacheAdvisor* advisor) {
  uint64_t hits = 0;
  for (const uint64_t key : keys) {
    const bool hit = real.use(key, KeyUse::kMiss);
    hits += hit ? 1 : 0;
    if (advisor != nullptr && advisor->sampled(key))
      advisor->use(key, hit ? KeyUse::kHit : KeyUse::kMiss);
    if (hit) continue;
    real.use(key, KeyUse::kWrite);
    if (advisor != nullptr && advisor->sampled(key)) advisor->use(key, KeyUse::kWrite);
  }
  return static_cast<double>(hits) / static_cast<double>(keys.size());
}

// What is expected at each size against a replay of all traffic through a cache of that size.
void expect_good_advice(const CacheAdvisor::MakeShadow& make) {
  constexpr size_t kKeys = 10'000;
  const auto traffic = skewed_traffic(600'000);
  CacheAdvisor advisor;
  advisor.start(kKeys, make);
  const auto real = make(kKeys);
  const double observed = replay(traffic, *real, &advisor);
  const auto advice = advisor.advice(observed);
  EXPECT_GT(advice.requests, traffic.size() / 40);
  for (size_t i = 0; i < CacheAdvisor::kFactors.size(); ++i) {
    const auto size = static_cast<size_t>(kKeys * CacheAdvisor::kFactors[i]);
    const auto cache = make(size);
    EXPECT_NEAR(advice.expected[i], replay(traffic, *cache, nullptr), 0.02)
        << CacheAdvisor::kFactors[i];
  }
  EXPECT_LT(advice.expected[0], advice.expected[3]);
}

TEST(CacheAdvisor, ForeseesLru) {
  expect_good_advice([](size_t keys) { return std::make_unique<RecencyShadow>(keys); });
}
TEST(CacheAdvisor, ForeseesLfu) {
  expect_good_advice([](size_t keys) { return std::make_unique<SampledShadow>(keys, 15, 10); });
}
TEST(CacheAdvisor, ForeseesRandom) {
  expect_good_advice([](size_t keys) { return std::make_unique<SampledShadow>(keys, 1, 10); });
}
TEST(CacheAdvisor, ForeseesAdaptive) {
  expect_good_advice([](size_t keys) { return std::make_unique<AdaptiveShadow>(keys, 0.1); });
}

TEST(CacheAdvisor, AtRestItSamplesNothing) {
  CacheAdvisor advisor;
  EXPECT_FALSE(advisor.running());
  for (uint64_t key = 0; key < 1000; ++key) EXPECT_FALSE(advisor.sampled(test::spread(key)));
  EXPECT_EQ(advisor.advice(0).requests, 0u);
}

}  // namespace
}  // namespace scrubjay::detail
