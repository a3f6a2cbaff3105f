#include "scrubjay/detail/eviction_policy.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "scrubjay/detail/shadow_cache.h"
#include "support/policy_simulator.h"

namespace scrubjay::detail {
namespace {

using test::PolicySimulator;

double exact_lru(const std::vector<uint32_t>& keys, size_t capacity) {
  RecencyShadow cache(capacity);
  uint64_t hits = 0;
  for (const uint32_t key : keys) hits += cache.use(test::spread(key), KeyUse::kWrite) ? 1 : 0;
  return 100.0 * static_cast<double>(hits) / static_cast<double>(keys.size());
}

double adaptive(const std::vector<uint32_t>& keys, size_t capacity, size_t stripes) {
  PolicySimulator cache(capacity, capacity, stripes);
  uint64_t hits = 0;
  for (const uint32_t key : keys) hits += cache.access(key) ? 1 : 0;
  return 100.0 * static_cast<double>(hits) / static_cast<double>(keys.size());
}

// Key popularity falls as 1 / rank^skew.
class Zipf {
 public:
  Zipf(uint64_t keys, double skew) {
    std::vector<double> weights(keys);
    for (uint64_t i = 0; i < keys; ++i) weights[i] = 1 / std::pow(static_cast<double>(i + 1), skew);
    draw_ = std::discrete_distribution<uint64_t>(weights.begin(), weights.end());
  }
  uint64_t operator()(std::mt19937_64& random) { return draw_(random); }

 private:
  std::discrete_distribution<uint64_t> draw_;
};

TEST(EvictionPolicy, HoldsItsCapacity) {
  PolicySimulator cache(1000, 1000, 4);
  for (uint64_t key = 0; key < 20'000; ++key) cache.access(key % 3000);
  EXPECT_LE(cache.used(), 1000u);
  EXPECT_EQ(cache.keys(), cache.used());
}

TEST(EvictionPolicy, KeepsWhatIsWantedOftenThroughAScan) {
  PolicySimulator cache(1000, 1000, 4);
  std::mt19937_64 random(1);
  for (int i = 0; i < 50'000; ++i) cache.access(random() % 500);
  uint64_t hits = 0;
  for (uint64_t i = 0; i < 50'000; ++i) {
    cache.access(1'000'000 + i);  // never again
    hits += cache.access(random() % 500) ? 1 : 0;
  }
  EXPECT_GT(hits, 50'000 * 97 / 100);
}

// First a loop larger than the cache, then what was asked for lately, then what is asked for often.
TEST(EvictionPolicy, TheWindowFollowsTheTraffic) {
  constexpr uint64_t kCapacity = 1000;
  PolicySimulator cache(kCapacity, kCapacity, 4);
  uint64_t hits = 0;
  for (uint64_t i = 0; i < 200'000; ++i) hits += cache.access(i % 2000) && i >= 100'000 ? 1 : 0;
  EXPECT_GT(hits, 30'000u) << "of a loop of 2000 an LRU of 1000 keeps nothing";
  EXPECT_LT(cache.share(), 0.3);

  // Each key comes three times within 900 requests, 450 apart, and never again.
  hits = 0;
  const auto recent = [](uint64_t i) { return 10'000'000 + (i / 3) - (i % 3) * 150; };
  for (uint64_t i = 0; i < 400'000; ++i) hits += cache.access(recent(i)) && i >= 200'000 ? 1 : 0;
  EXPECT_GT(cache.share(), 0.4);
  EXPECT_GT(hits, 200'000u * 60 / 100);

  Zipf zipf(20'000, 0.9);
  std::mt19937_64 random(7);
  RecencyShadow lru(kCapacity);
  hits = 0;
  uint64_t lru_hits = 0;
  for (uint64_t i = 0; i < 400'000; ++i) {
    const uint64_t key = 1'000'000'000 + zipf(random);
    const bool lru_hit = lru.use(test::spread(key), KeyUse::kWrite);
    const bool hit = cache.access(key);
    if (i < 200'000) continue;
    hits += hit ? 1 : 0;
    lru_hits += lru_hit ? 1 : 0;
  }
  EXPECT_LT(cache.share(), 0.3);
  EXPECT_GT(hits, lru_hits + 200'000 * 3 / 100);
}

// A megabyte that is asked for now and then must not cost ten thousand small items that earn more.
TEST(EvictionPolicy, ALargeItemDoesNotThrowOutManySmallOnes) {
  constexpr uint64_t kSmall = 100;
  constexpr uint64_t kLarge = 1'000'000;
  PolicySimulator cache(2'000'000, 20'000, 4);
  std::mt19937_64 random(3);
  for (int i = 0; i < 200'000; ++i) cache.access(random() % 15'000, kSmall);
  uint64_t hits = 0;
  uint64_t asked = 0;
  for (int i = 0; i < 200'000; ++i) {
    if (i % 500 == 0) cache.access(5'000'000 + random() % 20, kLarge);
    hits += cache.access(random() % 15'000, kSmall) ? 1 : 0;
    ++asked;
  }
  EXPECT_GT(hits, asked * 75 / 100);
}

TEST(EvictionPolicy, AnIdleLargeItemGoesForSmallOnes) {
  PolicySimulator cache(1'000'000, 10'000, 1);
  cache.access(1, 900'000);
  std::mt19937_64 random(5);
  uint64_t hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    const bool hit = cache.access(1000 + random() % 9000, 100);
    hits += hit && i >= 50'000 ? 1 : 0;
  }
  EXPECT_GT(hits, 50'000 * 95 / 100);
}

std::vector<uint32_t> read_trace(const std::string& path) {
  std::vector<uint32_t> keys;
  FILE* const pipe = ::popen(("zstd -dcq --long=27 '" + path + "' 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return keys;
  std::vector<uint32_t> part(1 << 16);
  for (size_t got = 0; (got = std::fread(part.data(), 4, part.size(), pipe)) > 0;)
    keys.insert(keys.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
  ::pclose(pipe);
  return keys;
}

// On recorded traffic, where a folder of it is at hand: SCRUBJAY_TRACES, files NAME.u32.zst of
// 32-bit keys.
TEST(EvictionPolicy, DoesWellOnTraces) {
  const char* const folder = std::getenv("SCRUBJAY_TRACES");
  if (folder == nullptr) GTEST_SKIP() << "SCRUBJAY_TRACES names no folder";
  constexpr std::array kNames{"scarab", "web12", "cdn", "corda", "sprite", "multi3", "gli"};
  double sum = 0;
  int points = 0;
  for (const std::string name : kNames) {
    const auto keys = read_trace(std::string(folder) + "/" + name + ".u32.zst");
    ASSERT_FALSE(keys.empty()) << name;
    const uint32_t unique = *std::max_element(keys.begin(), keys.end()) + 1;
    for (const double percent : {1.0, 5.0, 10.0, 20.0}) {
      const auto capacity = static_cast<size_t>(std::max(1.0, unique * percent / 100 + 0.5));
      const double ours = adaptive(keys, capacity, 8);
      EXPECT_GT(ours, exact_lru(keys, capacity) - 2) << name << ' ' << percent << " %";
      sum += ours;
      ++points;
    }
  }
  EXPECT_GT(sum / points, 41.5);  // an exact LRU has 37
}

}  // namespace
}  // namespace scrubjay::detail
