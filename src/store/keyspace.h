// All data: the stripes. It hands out locks and shelves, walks the whole, and exchanges databases.
// Who calls what under which lock stands at each function; "world" means every gate is held.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/config.h"
#include "scrubjay/clock.h"
#include "scrubjay/detail/cache_advisor.h"
#include "scrubjay/detail/window_controller.h"
#include "store/stripe.h"

namespace scrubjay::store {

using config::EvictionPolicy;

// What reads and evictions need of the configuration. Written under all gates.
struct Policy {
  EvictionPolicy eviction = EvictionPolicy::kNoEviction;
  int lfu_log_factor = 10;
  int lfu_decay_minutes = 1;
  int samples = 5;
  uint32_t events = 0;  // config::KeyspaceEvent; here for misses and new keys
  uint64_t limit = 0;   // of memory; 0: none

  bool lfu() const {
    return eviction == EvictionPolicy::kVolatileLfu || eviction == EvictionPolicy::kAllkeysLfu;
  }
  bool adaptive() const {
    return eviction == EvictionPolicy::kAllkeysAdaptive ||
           eviction == EvictionPolicy::kVolatileAdaptive;
  }
  bool timed_only() const {
    return eviction == EvictionPolicy::kVolatileLru || eviction == EvictionPolicy::kVolatileLfu ||
           eviction == EvictionPolicy::kVolatileRandom ||
           eviction == EvictionPolicy::kVolatileTtl ||
           eviction == EvictionPolicy::kVolatileAdaptive;
  }
};

// Up to which size a collection keeps its compact encoding. Written under all gates.
struct CompactLimits {
  int64_t hash_entries = 128;
  uint64_t hash_value = 64;
  int64_t list_size = -2;  // entries, or -1 to -5 for 4, 8, 16, 32, 64 kb
  int64_t intset_entries = 512;
  int64_t set_entries = 128;
  uint64_t set_value = 64;
  int64_t sorted_set_entries = 128;
  uint64_t sorted_set_value = 64;
};

class Keyspace {
 public:
  // `stripes` is rounded up to a power of two. `retire` frees table memory that a lock-free
  // prefetcher may still look at.
  Keyspace(const Clock& clock, uint32_t stripes, int databases, Table::Retire retire = nullptr);
  ~Keyspace();
  Keyspace(const Keyspace&) = delete;

  const Clock& clock() const { return clock_; }
  int databases() const { return databases_; }
  uint32_t stripe_count() const { return static_cast<uint32_t>(stripes_.size()); }
  Stripe& stripe(uint32_t number) { return *stripes_[number]; }
  uint32_t stripe_number(uint64_t hash) const { return static_cast<uint32_t>(hash >> 16) & mask_; }
  Stripe& stripe_of(uint64_t hash) { return *stripes_[stripe_number(hash)]; }

  // The shelf, made when missing. Caller holds the stripe.
  Shelf& make_shelf(Stripe& stripe, int database, int64_t now_ms);

  // Prefetching for a key that a later command of the batch will ask for. No lock; gate raised.
  void prefetch_bucket(uint64_t hash, int database) const {
    if (const Shelf* shelf = stripes_[stripe_number(hash)]->shelf(database))
      shelf->table.prefetch_bucket(hash);
  }
  // True if prefetch_stashed() may have something to do, a little later.
  bool prefetch_entry(uint64_t hash, int database) const {
    const Shelf* const shelf = stripes_[stripe_number(hash)]->shelf(database);
    return shelf != nullptr && shelf->table.prefetch_entry(hash);
  }
  void prefetch_stashed(uint64_t hash, int database) const {
    if (const Shelf* shelf = stripes_[stripe_number(hash)]->shelf(database))
      shelf->table.prefetch_stashed(hash);
  }

  // The third and fourth step, for a command that looks into a large value: its object, then
  // (`inside`) what it will touch there. These do look at the entry: under the stripe's lock, and
  // not at all if somebody else has it. Returns whether the fourth step has something to do.
  bool prefetch_value(const Key& key, int database, const Touch& touch, bool inside);

  // Calls f(stripe) for each stripe with its lock held, one at a time (world: without locking).
  void each_stripe(bool world, const std::function<void(Stripe&)>& f);

  struct DatabaseSize {
    uint64_t keys = 0;
    uint64_t with_deadline = 0;
    uint64_t table_bytes = 0;
    uint64_t wheel_bytes = 0;
  };
  // Locks stripe after stripe unless the caller holds the world.
  DatabaseSize size(int database, bool world);
  StripeCounters counters(bool world);
  void reset_counters(bool world);

  // Takes all shelves of one database (-1: of all) out of the world, and marks what is watched. The
  // caller holds the world and frees the shelves when it likes. Returns also how many keys they
  // hold.
  std::vector<std::unique_ptr<Shelf>> take_shelves(int database);
  void swap_databases(int first, int second, int64_t now_ms);

  Policy policy;
  CompactLimits limits;

  // The share of the window under an adaptive policy, for all stripes.
  detail::WindowController window;
  // Tells what another limit would do (CACHE.ADVISE), while it is switched on.
  detail::CacheAdvisor advisor;
  // What one stripe may hold under the limit, and whether there is room still; anyone may write.
  std::atomic<uint64_t> stripe_bytes{0};
  std::atomic<bool> spacious{true};
  // Active expiry can be stopped (DEBUG SET-ACTIVE-EXPIRE 0, CLIENT PAUSE); access still expires
  // unless everything is paused.
  std::atomic<bool> active_expiry{true};
  std::atomic<bool> frozen{false};  // nothing expires or is evicted: clients are paused for writes

  // Takes entries whose freeing takes long (many heap blocks), to free them where nobody waits. Set
  // once by the engine; unset, they are freed at once.
  std::function<void(std::vector<Entry*>&&)> free_later;

  // Keys that clients wait for and that expiry or eviction took away. Called under the stripe's
  // lock.
  void note_gone(const Stripe& stripe, int database, std::string_view key);
  bool any_gone() const { return any_gone_.load(std::memory_order_relaxed); }
  std::vector<KeyName> take_gone();

  // Tells the thread that maintains a stripe that a deadline came before what it had planned.
  // Set once by the engine; called under the stripe's lock.
  std::function<void(Stripe&, int64_t deadline)> earlier_deadline;

 private:
  void touch_watched(Stripe& stripe, int database, const Shelf* before, Shelf* after,
                     int64_t now_ms);

  const Clock& clock_;
  const int databases_;
  const uint32_t mask_;
  const Table::Retire retire_;
  std::vector<std::unique_ptr<Stripe>> stripes_;
  std::mutex gone_mutex_;
  std::vector<KeyName> gone_;
  std::atomic<bool> any_gone_{false};
};

// Frees an entry that is in no table any more: at once, or where nobody waits if it takes long.
inline void bury(Keyspace& keyspace, Entry* entry) {
  constexpr size_t kMuchEffort = 64;
  if (entry->is_object() && keyspace.free_later && entry->free_effort() > kMuchEffort)
    keyspace.free_later({entry});
  else
    Entry::destroy(entry);
}

// Bumps the version of a watched key. Caller holds the stripe.
inline void touch_watched(Stripe& stripe, int database, std::string_view key) {
  if (stripe.watched.empty()) [[likely]]
    return;
  const auto found = stripe.watched.find(KeyName{database, std::string(key)});
  if (found != stripe.watched.end()) ++found->second.version;
}

}  // namespace scrubjay::store
