// One part of the keyspace with its mutex: the shelves of all databases, what clients watch
// and wait for, and the counters of what happened here. A key's hash chooses its stripe. All fields
// belong to the mutex's holder (or to whoever holds every gate), but for the shelf pointers, which
// prefetching reads.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ranked_mutex.h"
#include "store/shelf.h"
#include "store/waiter.h"

namespace scrubjay::store {

// A key that some client watches or waits for: database and name.
struct KeyName {
  int database;
  std::string key;
  bool operator==(const KeyName&) const = default;
};
struct KeyNameHash {
  size_t operator()(const KeyName& name) const {
    return hash_of(name.key) + static_cast<size_t>(name.database);
  }
};

// A key that some client watches. A version is never used twice for one key while it is watched.
struct WatchedKey {
  uint64_t version = 0;
  uint32_t watchers = 0;
};

struct StripeCounters {
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t expired = 0;
  uint64_t expired_fields = 0;
  uint64_t evicted = 0;
  uint64_t changes = 0;
};

struct alignas(64) Stripe {
  Stripe(uint32_t index, int databases)
      : mutex(index), number(index), shelves(static_cast<size_t>(databases)) {}

  Shelf* shelf(int database) const {
    return shelves[static_cast<size_t>(database)].load(std::memory_order_acquire);
  }

  // The line that every request on the stripe writes.
  RankedMutex<LockRank::kStripe> mutex;
  // The latest instant at which anybody looked at this stripe: time never runs backwards here.
  int64_t latest_ms = 0;
  StripeCounters counters;
  // What prefetching and the maintaining thread read without the lock, on another.
  alignas(64) const uint32_t number;
  // When the wheels have work next; written under the lock.
  std::atomic<int64_t> next_due{std::numeric_limits<int64_t>::max()};
  std::vector<std::atomic<Shelf*>> shelves;
  std::unordered_map<KeyName, WatchedKey, KeyNameHash> watched;
  std::unordered_map<KeyName, WaitQueue, KeyNameHash> waiting;
  // Bytes of new keys less bytes evicted, while memory is limited: who owes most evicts next.
  // Written under the lock.
  std::atomic<int64_t> owed{0};
};

}  // namespace scrubjay::store
