// What the adaptive policy costs: a hit, a new key into a full cache, and the sketch alone.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "support/policy_simulator.h"

namespace scrubjay::detail {
namespace {

constexpr uint64_t kKeys = 1'000'000;

std::vector<uint64_t> random_keys(uint64_t bound) {
  std::mt19937_64 random(1);
  std::vector<uint64_t> keys(1 << 20);
  for (uint64_t& key : keys) key = random() % bound;
  return keys;
}

void sketch_count(benchmark::State& state) {
  FrequencySketch sketch(static_cast<size_t>(state.range(0)));
  const auto keys = random_keys(static_cast<uint64_t>(state.range(0)));
  size_t i = 0;
  for (auto _ : state) sketch.count(test::spread(keys[i++ & (keys.size() - 1)]));
}
BENCHMARK(sketch_count)->Arg(1'000)->Arg(1'000'000);

void hit(benchmark::State& state) {
  test::PolicySimulator cache(kKeys, kKeys, 8);
  for (uint64_t key = 0; key < kKeys * 9 / 10; ++key) cache.access(key);
  const auto keys = random_keys(kKeys * 9 / 10);
  size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(cache.access(keys[i++ & (keys.size() - 1)]));
}
BENCHMARK(hit);

void new_key_evicts(benchmark::State& state) {
  test::PolicySimulator cache(kKeys, kKeys, 8);
  for (uint64_t key = 0; key < kKeys; ++key) cache.access(key);
  uint64_t next = kKeys;
  for (auto _ : state) benchmark::DoNotOptimize(cache.access(next++));
}
BENCHMARK(new_key_evicts);

}  // namespace
}  // namespace scrubjay::detail
