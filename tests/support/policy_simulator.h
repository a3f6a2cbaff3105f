// A cache of keys without values on the product's table, eviction policy and window controller, cut
// into stripes as the server is: it answers hit or miss, so that the policy can be judged on
// traces.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "scrubjay/detail/eviction_policy.h"
#include "scrubjay/detail/table.h"
#include "scrubjay/detail/window_controller.h"

namespace scrubjay::test {

struct SimulatedEntry {
  uint64_t hash = 0;
  uint64_t bytes = 1;
  uint32_t bits = 0;
};

struct SimulatedTraits {
  static uint64_t hash(const SimulatedEntry* entry) { return entry->hash; }
  static uint64_t bytes(const SimulatedEntry* entry) { return entry->bytes; }
  static uint32_t bits(const SimulatedEntry* entry) { return entry->bits; }
  static void set_bits(SimulatedEntry* entry, uint32_t bits) { entry->bits = bits; }
  static bool evictable(const SimulatedEntry*, bool) { return true; }
};

inline uint64_t spread(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

class PolicySimulator {
 public:
  using Table = detail::Table<SimulatedEntry, SimulatedTraits>;
  using Policy = detail::EvictionPolicy<SimulatedEntry, Table, SimulatedTraits>;

  PolicySimulator(uint64_t capacity_bytes, uint64_t capacity_keys, size_t stripes)
      : capacity_(capacity_bytes), stripes_(stripes) {
    for (auto& stripe : stripes_) stripe = std::make_unique<Stripe>();
    controller_.set_capacity(capacity_keys);
  }
  ~PolicySimulator() {
    for (auto& stripe : stripes_)
      stripe->table.for_each([](SimulatedEntry* entry) { delete entry; });
  }

  // Cache-aside: a key that is missing is read and put in.
  bool access(uint64_t key, uint64_t bytes = 1) {
    const uint64_t hash = spread(key);
    Stripe& stripe = *stripes_[(hash >> 16) % stripes_.size()];
    const auto slot =
        stripe.table.find(hash, [&](const SimulatedEntry* entry) { return entry->hash == hash; });
    note(hash, slot ? detail::KeyUse::kHit : detail::KeyUse::kMiss);
    if (slot) {
      stripe.policy.found(slot.get());
      return true;
    }
    stripe.policy.missed(hash);
    note(hash, detail::KeyUse::kWrite);
    auto* const entry = new SimulatedEntry{hash, bytes};
    used_ += bytes;
    stripe.table.insert(hash, entry);
    stripe.policy.add(stripe.table, hash, entry, limit());
    while (used_ > capacity_) evict(stripe);
    return false;
  }

  double share() const { return controller_.share(); }
  uint64_t used() const { return used_; }
  size_t keys() const {
    size_t sum = 0;
    for (const auto& stripe : stripes_) sum += stripe->table.size();
    return sum;
  }

 private:
  struct Stripe {
    Table table;
    Policy policy;
  };

  void note(uint64_t hash, detail::KeyUse how) {
    if (controller_.sampled(hash)) controller_.use(hash, how);
  }

  detail::WindowLimit limit() const {
    const uint64_t room = capacity_ / stripes_.size();
    return {static_cast<uint64_t>(controller_.share() * static_cast<double>(room)), room / 16,
            used_ < capacity_ - capacity_ / 64};
  }

  // Another stripe's if this one has nothing.
  void evict(Stripe& near) {
    victims_.clear();
    const auto random = [this] { return spread(++drawn_); };
    Stripe* stripe = &near;
    stripe->policy.choose(stripe->table, limit(), false, random, victims_);
    for (size_t i = 0; victims_.empty() && i < stripes_.size(); ++i) {
      stripe = stripes_[i].get();
      stripe->policy.choose(stripe->table, limit(), false, random, victims_);
    }
    for (SimulatedEntry* victim : victims_) {
      stripe->table.erase(stripe->table.find(
          victim->hash, [&](const SimulatedEntry* entry) { return entry == victim; }));
      used_ -= victim->bytes;
      delete victim;
    }
  }

  const uint64_t capacity_;
  uint64_t used_ = 0;
  uint64_t drawn_ = 0;
  std::vector<std::unique_ptr<Stripe>> stripes_;
  detail::WindowController controller_;
  std::vector<SimulatedEntry*> victims_;
};

}  // namespace scrubjay::test
