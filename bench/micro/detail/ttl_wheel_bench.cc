// The wheel with a million entries of 48 bytes, scattered over the heap's order.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "scrubjay/detail/ttl_wheel.h"

namespace scrubjay::detail {
namespace {

constexpr int64_t kStart = 1'700'000'000'123;
constexpr size_t kAll = std::numeric_limits<size_t>::max();

struct Item {
  int64_t deadline;
  uint32_t index;
  uint64_t rest[4];
};

struct ItemTraits {
  static int64_t deadline(const Item* item) { return item->deadline; }
  static uint32_t index(const Item* item) { return item->index; }
  static void set_index(Item* item, uint32_t index) { item->index = index; }
};

using Wheel = TtlWheel<Item, ItemTraits>;

std::vector<Item*> shuffled(std::vector<Item>& items) {
  std::vector<Item*> order;
  for (Item& item : items) order.push_back(&item);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(2));
  return order;
}

// A million entries with deadlines within `spread` ms after a time to live of `ttl` ms: everything
// from the first tick to the last, cascades included.
void BM_Expire(benchmark::State& state) {
  std::vector<Item> items(1'000'000);
  const std::vector<Item*> order = shuffled(items);
  const int64_t ttl = state.range(0);
  const int64_t spread = state.range(1);
  const auto budget = static_cast<size_t>(state.range(2));
  std::mt19937_64 random(1);
  double bytes = 0;
  double longest_us = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Wheel wheel(kStart);
    for (Item* item : order) {
      item->deadline =
          kStart + ttl + static_cast<int64_t>(random() % static_cast<uint64_t>(spread));
      wheel.add(item);
    }
    bytes = static_cast<double>(wheel.memory_bytes()) / static_cast<double>(items.size());
    size_t handed_out = 0;
    state.ResumeTiming();
    while (wheel.size() != 0) {
      const int64_t now = wheel.next_due();
      for (bool done = false; !done;) {
        const auto begin = std::chrono::steady_clock::now();
        done = wheel.advance(now, budget == 0 ? kAll : budget, [&](Item*) { ++handed_out; });
        const std::chrono::duration<double, std::micro> took =
            std::chrono::steady_clock::now() - begin;
        longest_us = std::max(longest_us, took.count());
      }
    }
    if (handed_out != items.size()) state.SkipWithError("lost entries");
  }
  state.SetItemsProcessed(static_cast<int64_t>(items.size()) * state.iterations());
  state.counters["bytes"] = bytes;
  state.counters["longest_us"] = longest_us;
}
BENCHMARK(BM_Expire)
    ->ArgNames({"ttl", "spread", "budget"})
    ->Args({3'600'000, 1, 0})
    ->Args({3'600'000, 1, 1000})
    ->Args({3'600'000, 60'000, 0})
    ->Args({3'600'000, 3'600'000, 0})
    ->Args({1'000, 86'400'000, 0})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);

void BM_AddAndRemove(benchmark::State& state) {
  std::vector<Item> items(1'000'000);
  const std::vector<Item*> order = shuffled(items);
  std::mt19937_64 random(1);
  Wheel wheel(kStart);
  for (Item* item : order) {
    item->deadline = kStart + static_cast<int64_t>(random() % 3'600'000);
    wheel.add(item);
  }
  for (auto _ : state) {
    Item* const item = order[random() % order.size()];
    wheel.remove(item);
    item->deadline = kStart + static_cast<int64_t>(random() % 3'600'000);
    wheel.add(item);
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes"] =
      static_cast<double>(wheel.memory_bytes()) / static_cast<double>(wheel.size());
}
BENCHMARK(BM_AddAndRemove);

void BM_RemoveAll(benchmark::State& state) {
  std::vector<Item> items(1'000'000);
  const std::vector<Item*> order = shuffled(items);
  std::mt19937_64 random(1);
  for (auto _ : state) {
    state.PauseTiming();
    Wheel wheel(kStart);
    for (Item* item : order) {
      item->deadline = kStart + static_cast<int64_t>(random() % 3'600'000);
      wheel.add(item);
    }
    state.ResumeTiming();
    for (Item& item : items) wheel.remove(&item);
  }
  state.SetItemsProcessed(static_cast<int64_t>(items.size()) * state.iterations());
}
BENCHMARK(BM_RemoveAll)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace scrubjay::detail
