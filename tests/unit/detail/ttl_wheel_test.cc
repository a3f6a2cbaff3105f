#include "scrubjay/detail/ttl_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <memory>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace scrubjay::detail {
namespace {

constexpr int64_t kStart = 1'700'000'000'123;
constexpr size_t kAll = std::numeric_limits<size_t>::max();
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

struct Item {
  int64_t deadline = 0;
  uint32_t index = 0;
  uint32_t place = 0;  // in the model's list
};

struct ItemTraits {
  static int64_t deadline(const Item* item) { return item->deadline; }
  static uint32_t index(const Item* item) { return item->index; }
  static void set_index(Item* item, uint32_t index) { item->index = index; }
};

using Wheel = TtlWheel<Item, ItemTraits>;

// A wheel beside a list of its entries and a sorted multiset of their deadlines.
class Model {
 public:
  explicit Model(int64_t now) : now_(now), wheel_(now) {}

  void add(int64_t deadline) {
    auto item = std::make_unique<Item>();
    item->deadline = deadline;
    item->place = static_cast<uint32_t>(items_.size());
    wheel_.add(item.get());
    deadlines_.insert(deadline);
    items_.push_back(std::move(item));
  }

  void remove(size_t place) {
    wheel_.remove(items_[place].get());
    forget(items_[place].get());
  }

  void relocate(size_t place) {
    items_[place] = std::make_unique<Item>(*items_[place]);
    wheel_.relocate(items_[place].get());
  }

  void reschedule(size_t place, int64_t deadline) {
    Item& item = *items_[place];
    deadlines_.erase(deadlines_.find(item.deadline));
    item.deadline = deadline;
    wheel_.remove(&item);
    wheel_.add(&item);
    deadlines_.insert(deadline);
  }

  // Turns the wheel in steps of `budget`; at the end nothing that is due may be left.
  void advance(int64_t now, size_t budget) {
    now_ = now;
    for (;;) {
      size_t handed_out = 0;
      const bool done = wheel_.advance(now, budget, [&](Item* item) {
        ASSERT_LT(item->deadline, now);
        forget(item);
        ++handed_out;
      });
      ASSERT_LE(handed_out, budget);
      if (done) break;
    }
    ASSERT_TRUE(deadlines_.empty() || *deadlines_.begin() >= now);
    check_next();
  }

  void check_next() const {
    const int64_t next = wheel_.next_due();
    if (deadlines_.empty()) {
      ASSERT_EQ(next, kNever);
    } else {
      ASSERT_TRUE(*deadlines_.begin() == kNever || next <= std::max(now_, *deadlines_.begin() + 1));
    }
  }

  void check() const {
    wheel_.check_invariants();
    ASSERT_EQ(wheel_.size(), items_.size());
    check_next();
  }

  size_t size() const { return items_.size(); }
  int64_t now() const { return now_; }
  Wheel& wheel() { return wheel_; }

 private:
  void forget(Item* item) {
    deadlines_.erase(deadlines_.find(item->deadline));
    const uint32_t place = item->place;
    std::swap(items_[place], items_.back());
    items_[place]->place = place;
    items_.pop_back();
  }

  int64_t now_;
  Wheel wheel_;
  std::vector<std::unique_ptr<Item>> items_;
  std::multiset<int64_t> deadlines_;
};

void random_operations(Model& model, int steps, size_t most, unsigned longest_bits, int check_every,
                       unsigned seed) {
  std::mt19937_64 random(seed);
  const auto some_time = [&] {
    const unsigned bits = static_cast<unsigned>(random() % (longest_bits + 1));
    return static_cast<int64_t>(random() & ((uint64_t{1} << bits) - 1));
  };
  for (int i = 0; i < steps; ++i) {
    const unsigned action = static_cast<unsigned>(random() % 100);
    if (action < 45 && model.size() < most) {
      model.add(model.now() + some_time() - static_cast<int64_t>(random() % 3));
    } else if (model.size() == 0) {
      continue;
    } else if (action < 65) {
      model.remove(random() % model.size());
    } else if (action < 75) {
      model.relocate(random() % model.size());
    } else if (action < 85) {
      model.reschedule(random() % model.size(), model.now() + some_time());
    } else if (action < 86) {
      model.advance(model.now() + some_time(), 1 + random() % 40);
    } else if (action < 94) {
      model.advance(model.now() + static_cast<int64_t>(random() % 20), 1 + random() % 5);
    } else {
      const int64_t next = model.wheel().next_due();
      if (next != kNever && next - model.now() < int64_t{1} << 40) {
        model.advance(std::max(model.now(), next), kAll);
      }
    }
    if (i % check_every == 0) model.check();
  }
  model.check();
}

TEST(TtlWheel, StartsEmpty) {
  Wheel wheel(kStart);
  EXPECT_EQ(wheel.size(), 0u);
  EXPECT_EQ(wheel.memory_bytes(), 0u);
  EXPECT_EQ(wheel.next_due(), kNever);
  EXPECT_TRUE(wheel.advance(kStart + 1000, kAll, [](Item*) { FAIL(); }));
  wheel.check_invariants();
}

TEST(TtlWheel, OneEntryIsCheap) {
  Wheel wheel(kStart);
  Item item{.deadline = kStart + 3'600'000};
  wheel.add(&item);
  EXPECT_LE(wheel.memory_bytes(), 1300u);
  wheel.remove(&item);
  EXPECT_EQ(wheel.memory_bytes(), 0u);
}

TEST(TtlWheel, HandsOutTheMillisecondAfterTheDeadline) {
  for (const int64_t ahead : {0, 1, 2, 254, 255, 256, 257, 65535, 65536, 1 << 24, 86'400'000}) {
    Wheel wheel(kStart);
    Item item{.deadline = kStart + ahead};
    wheel.add(&item);
    int handed_out = 0;
    const auto count = [&](Item*) { ++handed_out; };
    EXPECT_TRUE(wheel.advance(kStart + ahead, kAll, count));
    EXPECT_EQ(handed_out, 0) << ahead;
    EXPECT_EQ(wheel.next_due(), kStart + ahead + 1);
    EXPECT_TRUE(wheel.advance(kStart + ahead + 1, kAll, count));
    EXPECT_EQ(handed_out, 1) << ahead;
    wheel.check_invariants();
  }
}

TEST(TtlWheel, APastDeadlineIsDueAtOnce) {
  Wheel wheel(kStart);
  Item items[3] = {{.deadline = kStart - 1},
                   {.deadline = -5},
                   {.deadline = std::numeric_limits<int64_t>::min()}};
  for (Item& item : items) wheel.add(&item);
  EXPECT_LE(wheel.next_due(), kStart);
  int handed_out = 0;
  EXPECT_TRUE(wheel.advance(kStart, kAll, [&](Item*) { ++handed_out; }));
  EXPECT_EQ(handed_out, 3);
}

TEST(TtlWheel, TakesDeadlinesAtTheEndOfTime) {
  Wheel wheel(kStart);
  Item items[3] = {{.deadline = int64_t{1} << 62}, {.deadline = kNever - 1}, {.deadline = kNever}};
  for (Item& item : items) wheel.add(&item);
  wheel.check_invariants();
  std::vector<Item*> handed_out;
  const auto take = [&](Item* item) { handed_out.push_back(item); };
  EXPECT_TRUE(wheel.advance(int64_t{1} << 61, kAll, take));
  EXPECT_TRUE(handed_out.empty());
  EXPECT_TRUE(wheel.advance((int64_t{1} << 62) + 1, kAll, take));
  EXPECT_EQ(handed_out, std::vector<Item*>{&items[0]});
  wheel.check_invariants();
  wheel.remove(&items[2]);
  wheel.remove(&items[1]);
  EXPECT_EQ(wheel.memory_bytes(), 0u);
}

TEST(TtlWheel, TimeBeforeTheEpochWorks) {
  Model model(-100'000);
  random_operations(model, 20000, 50, 16, 1, 5);
}

TEST(TtlWheel, WaitsWhenTimeGoesBack) {
  Wheel wheel(kStart);
  Item item{.deadline = kStart + 10};
  wheel.add(&item);
  EXPECT_TRUE(wheel.advance(kStart - 5000, kAll, [](Item*) { FAIL(); }));
  int handed_out = 0;
  EXPECT_TRUE(wheel.advance(kStart + 11, kAll, [&](Item*) { ++handed_out; }));
  EXPECT_EQ(handed_out, 1);
}

TEST(TtlWheel, AgreesWithAModelWhileTiny) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Model model(kStart);
    random_operations(model, 5000, 1 + seed * 3, 4 + seed * 2, 1, seed);
  }
}

TEST(TtlWheel, AgreesWithAModel) {
  Model model(kStart);
  random_operations(model, 600000, 20000, 20, 5003, 7);
}

TEST(TtlWheel, AgreesWithAModelOverFarDeadlines) {
  Model model(kStart);
  random_operations(model, 300000, 5000, 55, 997, 8);
}

TEST(TtlWheel, DrainsInStepsAndStaysConsistent) {
  Wheel wheel(kStart);
  std::deque<Item> items(5000);
  for (size_t i = 0; i < items.size(); ++i) {
    items[i].deadline = kStart + 5'000'000 + (i % 3 == 0 ? static_cast<int64_t>(i) : 0);
    wheel.add(&items[i]);
  }
  const int64_t end = kStart + 5'010'000;
  size_t handed_out = 0;
  int64_t now = kStart;
  while (now < end) {
    now = std::min(end, std::max(now + 1, wheel.next_due()));
    for (bool done = false; !done;) {
      done = wheel.advance(now, 7, [&](Item* item) {
        EXPECT_EQ(item->deadline + 1, now);
        ++handed_out;
      });
      wheel.check_invariants();
    }
  }
  EXPECT_EQ(handed_out, items.size());
}

TEST(TtlWheel, OnDueMayAddAndRemoveOthers) {
  Wheel wheel(kStart);
  std::vector<Item> items(3000);
  std::set<Item*> inside;
  std::mt19937_64 random(3);
  for (Item& item : items) {
    item.deadline = kStart + static_cast<int64_t>(random() % 100'000);
    wheel.add(&item);
    inside.insert(&item);
  }
  int64_t now = kStart;
  int again = 0;
  while (!inside.empty()) {
    now += 1000;
    while (!wheel.advance(now, 50, [&](Item* item) {
      ASSERT_EQ(inside.erase(item), 1u);
      ASSERT_LT(item->deadline, now);
      if (!inside.empty() && random() % 3 == 0) {
        Item* const other = *inside.begin();
        wheel.remove(other);
        inside.erase(other);
      }
      if (random() % 4 == 0 && again < 5000) {
        ++again;
        item->deadline = now - 500 + static_cast<int64_t>(random() % 70'000);
        wheel.add(item);
        inside.insert(item);
      }
    })) {
    }
    wheel.check_invariants();
    ASSERT_EQ(wheel.size(), inside.size());
  }
  EXPECT_EQ(wheel.memory_bytes(), 0u);
}

TEST(TtlWheel, CostsLittleAndGivesMemoryBack) {
  Wheel wheel(kStart);
  std::vector<Item> items(300'000);
  std::mt19937_64 random(4);
  for (Item& item : items) {
    item.deadline = kStart + static_cast<int64_t>(random() % 3'600'000);
    wheel.add(&item);
  }
  EXPECT_LE(static_cast<double>(wheel.memory_bytes()), 8.8 * static_cast<double>(items.size()));
  std::shuffle(items.begin(), items.end(), random);
  for (Item& item : items) wheel.relocate(&item);
  wheel.check_invariants();
  for (size_t left = items.size(); left > 0;) {
    wheel.remove(&items[--left]);
    if (left % 10'000 == 0) {
      ASSERT_LE(wheel.memory_bytes(), left * 10 + 60'000) << left;
      wheel.check_invariants();
    }
  }
  EXPECT_EQ(wheel.memory_bytes(), 0u);
}

TEST(TtlWheel, ExpiryGivesMemoryBackAmongLongLivedEntries) {
  Wheel wheel(kStart);
  std::vector<Item> items(200'000);
  for (size_t i = 0; i < items.size(); ++i) {
    items[i].deadline = i % 20 == 0 ? kStart + 10'000'000 : kStart + static_cast<int64_t>(i % 9000);
    wheel.add(&items[i]);
  }
  EXPECT_TRUE(wheel.advance(kStart + 9001, kAll, [](Item*) {}));
  EXPECT_EQ(wheel.size(), 10'000u);
  wheel.check_invariants();
  EXPECT_LE(wheel.memory_bytes(), 10'000u * 10 + 30'000);
}

}  // namespace
}  // namespace scrubjay::detail
