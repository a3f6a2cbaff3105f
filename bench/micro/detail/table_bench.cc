// The table at the size of a real shelf: 8 tables, up to 10 million entries of 48 bytes.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "scrubjay/detail/table.h"

namespace scrubjay::detail {
namespace {

constexpr size_t kTables = 8;

struct Item {
  uint64_t hash;
  uint64_t key;
  uint64_t rest[4];
};

struct ItemTraits {
  static uint64_t hash(const Item* item) { return item->hash; }
};

using ItemTable = Table<Item, ItemTraits>;

uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

struct Tables {
  std::array<ItemTable, kTables> tables;
  ItemTable& of(uint64_t hash) { return tables[hash % kTables]; }
  size_t memory_bytes() const {
    size_t bytes = 0;
    for (const ItemTable& table : tables) bytes += table.memory_bytes();
    return bytes;
  }
};

// Entries lie in memory in an order that has nothing to do with their hashes.
std::vector<Item> make_items(size_t count) {
  std::vector<Item> items(count);
  for (size_t i = 0; i < count; ++i) items[i] = {mix(i), i, {}};
  return items;
}

void insert_all(Tables& tables, std::vector<Item>& items) {
  for (Item& item : items) tables.of(item.hash).insert(item.hash, &item);
}

// Inserts, and bytes a key while growing from 0.1 million on.
void BM_Grow(benchmark::State& state) {
  std::vector<Item> items = make_items(static_cast<size_t>(state.range(0)));
  double least = 1e9;
  double most = 0;
  double sum = 0;
  double samples = 0;
  double slowest_us = 0;
  for (auto _ : state) {
    Tables tables;
    size_t next = 100'000;
    for (size_t i = 0; i < items.size(); ++i) {
      tables.of(items[i].hash).insert(items[i].hash, &items[i]);
      if (i + 1 < next) continue;
      next += next / 200;
      const double cost = static_cast<double>(tables.memory_bytes()) / static_cast<double>(i + 1);
      least = std::min(least, cost);
      most = std::max(most, cost);
      sum += cost;
      samples += 1;
    }
  }
  {
    Tables tables;
    for (Item& item : items) {
      const auto begin = std::chrono::steady_clock::now();
      tables.of(item.hash).insert(item.hash, &item);
      const std::chrono::duration<double, std::micro> took =
          std::chrono::steady_clock::now() - begin;
      slowest_us = std::max(slowest_us, took.count());
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(items.size()) * state.iterations());
  state.counters["bytes_min"] = least;
  state.counters["bytes_avg"] = sum / samples;
  state.counters["bytes_max"] = most;
  state.counters["slowest_us"] = slowest_us;
}
BENCHMARK(BM_Grow)->Arg(1'000'000)->Arg(10'000'000)->Unit(benchmark::kMillisecond)->Iterations(1);

// Batches of 64 lookups of present keys, with the two stages of prefetching or without.
void BM_Find(benchmark::State& state) {
  std::vector<Item> items = make_items(static_cast<size_t>(state.range(0)));
  const bool prefetch = state.range(1) != 0;
  const bool hit = state.range(2) != 0;
  Tables tables;
  insert_all(tables, items);
  std::mt19937_64 random(1);
  std::array<uint64_t, 64> keys;
  std::array<uint64_t, 64> hashes;
  size_t wrong_reads = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < keys.size(); ++i) {
      keys[i] = random() % items.size() + (hit ? 0 : items.size());
      hashes[i] = mix(keys[i]);
    }
    if (prefetch) {
      for (const uint64_t hash : hashes) tables.of(hash).prefetch_bucket(hash);
      for (const uint64_t hash : hashes) tables.of(hash).prefetch_entry(hash);
    }
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto slot = tables.of(hashes[i]).find(hashes[i], [&](const Item* item) {
        wrong_reads += item->key != keys[i];
        return item->key == keys[i];
      });
      if (static_cast<bool>(slot) != hit) state.SkipWithError("wrong answer");
      benchmark::DoNotOptimize(slot);
    }
  }
  const auto lookups = static_cast<int64_t>(keys.size()) * state.iterations();
  state.SetItemsProcessed(lookups);
  state.counters["wrong_reads"] = static_cast<double>(wrong_reads) / static_cast<double>(lookups);
}
BENCHMARK(BM_Find)
    ->ArgNames({"keys", "prefetch", "hit"})
    ->ArgsProduct({{100'000, 4'000'000}, {0, 1}, {0, 1}});

void BM_EraseAndInsert(benchmark::State& state) {
  std::vector<Item> items = make_items(static_cast<size_t>(state.range(0)));
  Tables tables;
  insert_all(tables, items);
  std::mt19937_64 random(1);
  for (auto _ : state) {
    Item& item = items[random() % items.size()];
    ItemTable& table = tables.of(item.hash);
    table.erase(table.find(item.hash, [&](const Item* other) { return other->key == item.key; }));
    table.insert(item.hash, &item);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_EraseAndInsert)->Arg(100'000)->Arg(4'000'000);

// Erases everything: time a key, and the most bytes a key on the way down to 0.1 million.
void BM_Shrink(benchmark::State& state) {
  std::vector<Item> items = make_items(static_cast<size_t>(state.range(0)));
  double most = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Tables tables;
    insert_all(tables, items);
    state.ResumeTiming();
    for (size_t left = items.size(); left > 0; --left) {
      const Item& item = items[left - 1];
      ItemTable& table = tables.of(item.hash);
      table.erase(table.find(item.hash, [&](const Item* other) { return other->key == item.key; }));
      if (left > 100'000) {
        most = std::max(most,
                        static_cast<double>(tables.memory_bytes()) / static_cast<double>(left - 1));
      }
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(items.size()) * state.iterations());
  state.counters["bytes_max"] = most;
}
BENCHMARK(BM_Shrink)->Arg(4'000'000)->Unit(benchmark::kMillisecond)->Iterations(1);

void BM_Scan(benchmark::State& state) {
  std::vector<Item> items = make_items(4'000'000);
  Tables tables;
  insert_all(tables, items);
  uint64_t cursor = 0;
  uint64_t sum = 0;
  int64_t visited = 0;
  for (auto _ : state) {
    cursor = tables.tables[0].scan(cursor, 10, [&](const Item* item) {
      sum += item->key;
      ++visited;
    });
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(visited);
}
BENCHMARK(BM_Scan);

void BM_Random(benchmark::State& state) {
  std::vector<Item> items = make_items(4'000'000);
  Tables tables;
  insert_all(tables, items);
  std::mt19937_64 random(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(tables.tables[0].random([&] { return random(); }));
  }
}
BENCHMARK(BM_Random);

}  // namespace
}  // namespace scrubjay::detail
