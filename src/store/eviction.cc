#include "store/eviction.h"

#include <mutex>

#include "base/random.h"
#include "store/access.h"

namespace scrubjay::store {
namespace {

bool only_volatile(EvictionPolicy policy) {
  return policy == EvictionPolicy::kVolatileLru || policy == EvictionPolicy::kVolatileLfu ||
         policy == EvictionPolicy::kVolatileRandom || policy == EvictionPolicy::kVolatileTtl;
}

// The higher, the sooner it goes.
double eviction_score(const Entry& entry, const Policy& policy, int64_t now_ms) {
  switch (policy.eviction) {
    case EvictionPolicy::kVolatileTtl:
      return -static_cast<double>(entry.deadline());
    case EvictionPolicy::kVolatileLfu:
    case EvictionPolicy::kAllkeysLfu:
      return 255.0 - lfu_frequency(entry.access(), now_ms, policy.lfu_decay_minutes);
    case EvictionPolicy::kVolatileLru:
    case EvictionPolicy::kAllkeysLru:
      return static_cast<double>(idle_seconds(entry.access(), now_ms));
    default:
      return 0;
  }
}

Entry* choose_victim(const Shelf& shelf, const Policy& policy, int64_t now_ms) {
  const bool timed_only = only_volatile(policy.eviction);
  const bool random = policy.eviction == EvictionPolicy::kVolatileRandom ||
                      policy.eviction == EvictionPolicy::kAllkeysRandom;
  if (shelf.table.size() == 0 || (timed_only && shelf.wheel.size() == 0)) return nullptr;
  const int wanted = random ? 1 : policy.samples;
  Entry* victim = nullptr;
  double worst = 0;
  int seen = 0;
  const auto consider = [&](Entry* entry) {
    if (timed_only && !entry->has_deadline()) return;
    ++seen;
    const double score = eviction_score(*entry, policy, now_ms);
    if (victim == nullptr || score > worst) {
      victim = entry;
      worst = score;
    }
  };
  const int tries = timed_only ? wanted * 16 : wanted;
  for (int i = 0; i < tries && seen < wanted; ++i) consider(shelf.table.random(thread_random()));
  // Few of many keys have a deadline: look at all of them rather than miss them.
  if (victim == nullptr) shelf.table.for_each(consider);
  return victim;
}

bool evict_from(Keyspace& keyspace, Stripe& stripe, ChangeListener* listener) {
  const int64_t now_ms = std::max(keyspace.clock().now_ms(), stripe.latest_ms);
  const auto first = static_cast<int>(thread_random().below(stripe.shelves.size()));
  for (int i = 0; i < keyspace.databases(); ++i) {
    const int database = (first + i) % keyspace.databases();
    Shelf* shelf = stripe.shelf(database);
    if (shelf == nullptr) continue;
    Entry* victim = choose_victim(*shelf, keyspace.policy, now_ms);
    if (victim == nullptr) continue;
    const Key key(victim->key());
    if (victim->has_deadline()) shelf->wheel.remove(victim);
    if (victim->is_hash_object()) shelf->unfile_fields(victim);
    shelf->table.erase(
        shelf->table.find(key.hash, [&](const Entry* entry) { return entry == victim; }));
    ++stripe.counters.evicted;
    ++stripe.counters.changes;
    touch_watched(stripe, database, key.text);
    keyspace.note_gone(stripe, database, key.text);
    if (listener != nullptr) listener->changed({"evicted", key, database});
    bury(keyspace, victim);
    return true;
  }
  return false;
}

}  // namespace

bool evict_one(Keyspace& keyspace, bool world, ChangeListener* listener) {
  if (keyspace.policy.eviction == EvictionPolicy::kNoEviction || keyspace.frozen) return false;
  const uint32_t count = keyspace.stripe_count();
  const auto first = static_cast<uint32_t>(thread_random().below(count));
  for (uint32_t i = 0; i < count; ++i) {
    Stripe& stripe = keyspace.stripe((first + i) & (count - 1));
    std::unique_lock lock(stripe.mutex, std::defer_lock);
    if (!world) lock.lock();
    if (evict_from(keyspace, stripe, listener)) return true;
  }
  return false;
}

}  // namespace scrubjay::store
