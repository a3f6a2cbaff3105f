#include "scrubjay/detail/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

namespace scrubjay::detail {
namespace {

struct Item {
  uint64_t key;
  uint64_t hash;
};

struct ItemTraits {
  static uint64_t hash(const Item* item) { return item->hash; }
  static bool owns_more(const Item* item) { return item->key % 3 == 0; }
};

using ItemTable = Table<Item, ItemTraits>;

uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

// A table beside a plain map; both get the same operations.
class Model {
 public:
  explicit Model(uint64_t (*hash)(uint64_t)) : hash_(hash) {}

  bool insert(uint64_t key) {
    auto [place, fresh] = items_.try_emplace(key);
    if (!fresh) return false;
    place->second = std::make_unique<Item>(Item{key, hash_(key)});
    table_.insert(hash_(key), place->second.get());
    return true;
  }

  bool erase(uint64_t key) {
    const auto slot = find(key);
    const auto place = items_.find(key);
    EXPECT_EQ(static_cast<bool>(slot), place != items_.end());
    if (!slot) return false;
    EXPECT_EQ(slot.get(), place->second.get());
    EXPECT_EQ(table_.erase(slot), place->second.get());
    items_.erase(place);
    return true;
  }

  void move(uint64_t key) {
    const auto slot = find(key);
    const auto place = items_.find(key);
    ASSERT_EQ(static_cast<bool>(slot), place != items_.end());
    if (!slot) return;
    auto moved = std::make_unique<Item>(*place->second);
    table_.replace(slot, hash_(key), moved.get());
    place->second = std::move(moved);
    EXPECT_EQ(find(key).get(), place->second.get());
  }

  ItemTable::Slot find(uint64_t key) const {
    return table_.find(hash_(key), [&](const Item* item) { return item->key == key; });
  }

  void move_segments() {
    uint64_t cursor = 0;
    do {
      if (const void* block = table_.segment_block(cursor)) {
        table_.move_segment(cursor);
        ASSERT_NE(table_.segment_block(cursor), block);
      }
      cursor = table_.scan_segment(cursor, 1, [](Item*) {});
    } while (cursor != 0);
  }

  void check() const {
    table_.check_invariants();
    ASSERT_EQ(table_.size(), items_.size());
  }

  void check_all_found() const {
    for (const auto& [key, item] : items_) ASSERT_EQ(find(key).get(), item.get());
    std::set<const Item*> seen;
    table_.for_each([&](Item* item) { seen.insert(item); });
    ASSERT_EQ(seen.size(), items_.size());
  }

  ItemTable& table() { return table_; }
  const auto& items() const { return items_; }

 private:
  uint64_t (*hash_)(uint64_t);
  std::unordered_map<uint64_t, std::unique_ptr<Item>> items_;
  ItemTable table_;
};

void random_operations(Model& model, uint64_t keys, int steps, int check_every, unsigned seed) {
  std::mt19937_64 random(seed);
  int insert_percent = 60;
  for (int i = 0; i < steps; ++i) {
    if (i % (steps / 8) == 0) insert_percent = insert_percent == 60 ? 25 : 60;
    const uint64_t key = random() % keys;
    const int action = static_cast<int>(random() % 100);
    if (action < insert_percent) {
      model.insert(key);
    } else if (action < 90) {
      model.erase(key);
    } else {
      model.move(key);
    }
    if (i % check_every == 0) {
      model.move_segments();
      model.check();
    }
  }
  model.move_segments();
  model.check();
  model.check_all_found();
}

TEST(Table, StartsSmallAndEmpty) {
  ItemTable table;
  EXPECT_EQ(table.size(), 0u);
  EXPECT_LE(table.memory_bytes(), 160u);
  EXPECT_FALSE(table.find(7, [](const Item*) { return true; }));
  EXPECT_EQ(table.random([] { return uint64_t{5}; }), nullptr);
  EXPECT_EQ(table.scan(0, 10, [](Item*) { FAIL(); }), 0u);
  table.check_invariants();
}

TEST(Table, AgreesWithAMapWhileTiny) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Model model(mix);
    random_operations(model, 4 + seed * 8, 4000, 1, seed);
  }
}

TEST(Table, AgreesWithAMapAcrossSplitsAndMerges) {
  Model model(mix);
  random_operations(model, 6000, 400000, 211, 1);
}

TEST(Table, AgreesWithAMapWhenLarge) {
  Model model(mix);
  random_operations(model, 120000, 1500000, 60013, 2);
}

TEST(Table, EqualHashesStillWork) {
  Model model(+[](uint64_t) { return uint64_t{0x123456789abcdef0}; });
  random_operations(model, 3000, 20000, 97, 3);
  for (uint64_t key = 0; key < 3000; ++key) model.erase(key);
  model.check();
  EXPECT_LE(model.table().memory_bytes(), 1024u);
}

TEST(Table, FewDistinctHashesStillWork) {
  Model model(+[](uint64_t key) { return mix(key % 5); });
  random_operations(model, 2500, 20000, 97, 4);
}

TEST(Table, EqualPrefixesDoNotBlowUpTheDirectory) {
  Model model(+[](uint64_t key) { return mix(key) >> 24; });
  for (uint64_t key = 0; key < 8000; ++key) model.insert(key);
  model.check();
  model.check_all_found();
  EXPECT_LE(model.table().memory_bytes(), 8000u * 20);
  for (uint64_t key = 0; key < 8000; ++key) model.erase(key);
  model.check();
}

TEST(Table, GivesMemoryBack) {
  Model model(mix);
  const size_t empty = model.table().memory_bytes();
  for (uint64_t key = 0; key < 200000; ++key) model.insert(key);
  for (uint64_t key = 0; key < 200000; ++key) {
    model.erase(key);
    const size_t left = model.table().size();
    if (key % 1000 == 0) {
      ASSERT_LE(model.table().memory_bytes(), left * 17 + 600) << left;
    }
  }
  model.check();
  EXPECT_LE(model.table().memory_bytes(), empty);
}

TEST(Table, StaysUnderTwelveBytesAnEntry) {
  Model model(mix);
  double sum = 0;
  int samples = 0;
  double next = 20000;
  for (uint64_t key = 0; key < 320000; ++key) {
    model.insert(key);
    if (static_cast<double>(key) < next) continue;
    next *= 1.01;
    const double bytes = static_cast<double>(model.table().memory_bytes());
    const double cost = bytes / static_cast<double>(model.table().size());
    EXPECT_LE(cost, 13.0);
    sum += cost;
    ++samples;
  }
  EXPECT_LE(sum / samples, 11.5);
}

TEST(Table, ScanMeetsEveryEntryThatStays) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937_64 random(seed);
    Model model(mix);
    const uint64_t staying = 1 + random() % 3000;
    for (uint64_t key = 0; key < staying; ++key) model.insert(key);
    const bool grows = seed % 2 == 0;
    const uint64_t passing = 1000000;
    if (!grows) {
      for (uint64_t key = 0; key < 20000; ++key) model.insert(passing + key);
    }
    uint64_t churn = 0;
    std::set<uint64_t> seen;
    uint64_t cursor = 0;
    do {
      cursor = model.table().scan(cursor, 1 + random() % 20,
                                  [&](Item* item) { seen.insert(item->key); });
      ASSERT_LT(cursor, uint64_t{1} << 48);
      for (int i = 0; i < 100 && churn < 20000; ++i, ++churn) {
        grows ? model.insert(passing + churn) : model.erase(passing + churn);
      }
    } while (cursor != 0);
    for (uint64_t key = 0; key < staying; ++key) ASSERT_TRUE(seen.contains(key)) << seed;
  }
}

TEST(Table, ScanOfAnUnchangedTableMeetsEachEntryOnceInSteps) {
  Model model(mix);
  for (uint64_t key = 0; key < 10000; ++key) model.insert(key);
  size_t visited = 0;
  uint64_t cursor = 0;
  do {
    size_t step = 0;
    cursor = model.table().scan(cursor, 10, [&](Item*) { ++step; });
    EXPECT_TRUE(step >= 10 || cursor == 0);
    EXPECT_LE(step, 60u);
    visited += step;
  } while (cursor != 0);
  EXPECT_EQ(visited, 10000u);
}

TEST(Table, ScanBySegmentsComesByEachSegmentsBeginning) {
  Model model(mix);
  for (uint64_t key = 0; key < 100'000; ++key) model.insert(key);
  for (uint64_t key = 0; key < 100'000; ++key)
    if (key % 7 != 0) model.erase(key);
  const auto walk = [&](size_t count) {
    std::set<const void*> segments;
    size_t steps = 0;
    uint64_t cursor = 0;
    do {
      if (const void* segment = model.table().segment_block(cursor)) segments.insert(segment);
      cursor = model.table().scan_segment(cursor, count, [](Item*) {});
      ++steps;
    } while (cursor != 0);
    return std::pair(segments.size(), steps);
  };
  const auto [segments, steps] = walk(SIZE_MAX);
  EXPECT_GT(segments, 10u);
  EXPECT_EQ(steps, segments) << "each step ends with its segment";
  EXPECT_EQ(walk(32).first, segments);
}

TEST(Table, RandomReachesAllAboutEvenly) {
  for (const uint64_t count : {1u, 9u, 300u, 3000u}) {
    Model model(mix);
    for (uint64_t key = 0; key < count; ++key) model.insert(key);
    std::mt19937_64 random(9);
    std::unordered_map<uint64_t, int> drawn;
    const uint64_t draws = count * 100;
    for (uint64_t i = 0; i < draws; ++i) {
      Item* const item = model.table().random([&] { return random(); });
      ASSERT_NE(item, nullptr);
      ++drawn[item->key];
    }
    ASSERT_EQ(drawn.size(), count);
    for (const auto& [key, times] : drawn) {
      EXPECT_GT(times, 40);
      EXPECT_LT(times, 190);
    }
  }
}

TEST(Table, ClearHandsOutEverythingAndTellsWhatOwnsMore) {
  Model model(mix);
  for (uint64_t key = 0; key < 5000; ++key) model.insert(key);
  std::set<const Item*> cleared;
  model.table().clear([&](Item* item, bool owns_more) {
    cleared.insert(item);
    EXPECT_EQ(owns_more, ItemTraits::owns_more(item));
  });
  EXPECT_EQ(cleared.size(), 5000u);
  EXPECT_EQ(model.table().size(), 0u);
  EXPECT_LE(model.table().memory_bytes(), 160u);
  model.table().check_invariants();
}

// One thread changes the table under a mutex, another prefetches without it; dead blocks wait in a
// list until both have ended.
struct DeadBlock {
  void* memory;
  void (*free)(void*);
};
std::vector<DeadBlock>& dead_blocks() {
  static std::vector<DeadBlock> blocks;
  return blocks;
}

TEST(Table, PrefetchRunsBesideChanges) {
  {
    ItemTable table([](void* memory, void (*free)(void*)) {
      dead_blocks().push_back({memory, free});
    });
    std::deque<Item> items;
    for (uint64_t key = 0; key < 20000; ++key) items.push_back({key, mix(key)});
    std::mutex mutex;
    std::atomic<bool> done{false};
    std::thread prefetcher([&] {
      for (uint64_t key = 0; !done.load(std::memory_order_relaxed); ++key) {
        table.prefetch_bucket(mix(key % 20000));
        table.prefetch_entry(mix(key % 20000));
      }
    });
    const auto find = [&](const Item& wanted) {
      return table.find(wanted.hash, [&](const Item* item) { return item->key == wanted.key; });
    };
    for (int round = 0; round < 2; ++round) {
      for (Item& item : items) {
        const std::lock_guard lock(mutex);
        table.insert(item.hash, &item);
      }
      for (Item& item : items) {
        const std::lock_guard lock(mutex);
        EXPECT_EQ(table.erase(find(item)), &item);
      }
    }
    table.clear([](Item*, bool) {});
    done = true;
    prefetcher.join();
    table.check_invariants();
  }
  for (const DeadBlock& block : dead_blocks()) block.free(block.memory);
  dead_blocks().clear();
}

}  // namespace
}  // namespace scrubjay::detail
