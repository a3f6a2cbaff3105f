#include "store/eviction.h"

#include <algorithm>
#include <mutex>

#include "base/random.h"
#include "store/access.h"
#include "store/expiry.h"

namespace scrubjay::store {
namespace {

// Redis keeps the best of earlier samples in a pool; one larger sample does as well without it.
constexpr int kSampleFactor = 3;
// So many keys tell how many more there will be room for.
constexpr uint64_t kEnoughToGuess = 4;
constexpr uint64_t kSlackKeys = 4;

// The higher, the sooner it goes.
int64_t eviction_score(const Entry& entry, const Policy& policy, int64_t now_ms) {
  if (policy.lfu())
    return -static_cast<int64_t>(lfu_frequency(entry.access(), now_ms, policy.lfu_decay_minutes));
  return static_cast<int64_t>(idle_seconds(entry.access(), now_ms));
}

// The worst of some entries that the policy may evict.
Entry* worst_of_sample(const Shelf& shelf, const Policy& policy, int64_t now_ms) {
  const size_t wanted = static_cast<size_t>(policy.samples) * kSampleFactor;
  Entry* worst = nullptr;
  int64_t worst_score = 0;
  size_t seen = 0;
  const auto consider = [&](Entry* entry) {
    if (policy.timed_only() && !entry->has_deadline()) return;
    ++seen;
    const int64_t score = eviction_score(*entry, policy, now_ms);
    if (worst == nullptr || score > worst_score) {
      worst = entry;
      worst_score = score;
    }
  };
  const bool few_timed = policy.timed_only() && shelf.wheel.size() < shelf.table.size() / 4;
  if (few_timed) {
    for (size_t i = 0; i < wanted; ++i) consider(shelf.wheel.random(thread_random()));
    return worst;
  }
  // Neighbours in the table have nothing else in common, and are fetched together.
  constexpr uint64_t kCursors = uint64_t{1} << 48;
  for (int i = 0; i < 64 && seen < wanted; ++i)
    shelf.table.scan(thread_random().below(kCursors), wanted / 2 + 1, consider);
  if (worst == nullptr) shelf.table.scan(0, wanted, consider);
  return worst;
}

detail::WindowLimit window_limit(const Keyspace& keyspace, const Stripe& stripe,
                                 const Shelf& shelf) {
  size_t keys = 0;
  for (const auto& place : stripe.shelves) {
    if (const Shelf* other = place.load(std::memory_order_relaxed)) keys += other->table.size();
  }
  const double part =
      static_cast<double>(shelf.table.size()) / static_cast<double>(std::max<size_t>(keys, 1));
  const double room =
      part * static_cast<double>(keyspace.stripe_bytes.load(std::memory_order_relaxed));
  // In a small cache a few keys: room is made in one stripe before a key comes into another.
  uint64_t slack = static_cast<uint64_t>(room / 16);
  const AdaptivePolicy* const adaptive = shelf.adaptive.get();
  if (adaptive != nullptr && adaptive->window_keys() > 0)
    slack = std::max(slack, kSlackKeys * adaptive->window_bytes() / adaptive->window_keys());
  return {static_cast<uint64_t>(keyspace.window.share() * room), slack,
          keyspace.spacious.load(std::memory_order_relaxed)};
}

// Appends the next victims of the shelf.
void choose_victims(Keyspace& keyspace, const Stripe& stripe, Shelf& shelf, int64_t now_ms,
                    std::vector<Entry*>& victims) {
  const Policy& policy = keyspace.policy;
  const auto add = [&](Entry* entry) {
    if (entry != nullptr) victims.push_back(entry);
  };
  if (policy.adaptive()) {
    if (AdaptivePolicy* adaptive = shelf.adaptive.get()) {
      adaptive->choose(shelf.table, window_limit(keyspace, stripe, shelf), policy.timed_only(),
                       thread_random(), victims);
      if (!victims.empty()) return;
    }
    // Few of many keys may go, or no key has come since the policy was chosen.
    return add(policy.timed_only() ? shelf.wheel.random(thread_random())
                                   : shelf.table.random(thread_random()));
  }
  switch (policy.eviction) {
    case EvictionPolicy::kVolatileTtl:
      return add(shelf.wheel.nearest());
    case EvictionPolicy::kVolatileRandom:
      return add(shelf.wheel.random(thread_random()));
    case EvictionPolicy::kAllkeysRandom:
      return add(shelf.table.random(thread_random()));
    default:
      return add(worst_of_sample(shelf, policy, now_ms));
  }
}

size_t evictable_keys(const Shelf* shelf, const Policy& policy) {
  if (shelf == nullptr) return 0;
  return policy.timed_only() ? shelf->wheel.size() : shelf->table.size();
}

// A database drawn with odds by its evictable keys; -1 if there are none.
int draw_database(const Stripe& stripe, const Policy& policy) {
  const auto databases = static_cast<int>(stripe.shelves.size());
  size_t total = 0;
  for (int i = 0; i < databases; ++i) total += evictable_keys(stripe.shelf(i), policy);
  if (total == 0) return -1;
  size_t drawn = thread_random().below(total);
  for (int i = 0; i < databases; ++i) {
    const size_t keys = evictable_keys(stripe.shelf(i), policy);
    if (drawn < keys) return i;
    drawn -= keys;
  }
  return -1;
}

void evict(Keyspace& keyspace, Stripe& stripe, int database, Entry* victim,
           ChangeListener* listener) {
  Shelf& shelf = *stripe.shelf(database);
  const Key key(victim->key());
  if (victim->has_deadline()) shelf.wheel.remove(victim);
  if (victim->is_hash_object()) shelf.unfile_fields(victim);
  shelf.table.erase(
      shelf.table.find(key.hash, [&](const Entry* entry) { return entry == victim; }));
  stripe.owed.store(stripe.owed.load(std::memory_order_relaxed) -
                        static_cast<int64_t>(EvictionTraits::bytes(victim)),
                    std::memory_order_relaxed);
  ++stripe.counters.evicted;
  ++stripe.counters.changes;
  touch_watched(stripe, database, key.text);
  keyspace.note_gone(stripe, database, key.text);
  if (listener != nullptr) listener->changed({"evicted", key, database});
  bury(keyspace, victim);
}

size_t expire_from(Keyspace& keyspace, Stripe& stripe, ChangeListener* listener) {
  constexpr size_t kAtOnce = 16;
  const uint64_t before = stripe.counters.expired;
  const int64_t now_ms = std::max(keyspace.clock().now_ms(), stripe.latest_ms);
  expire_due(keyspace, stripe, now_ms, kAtOnce, listener);
  return static_cast<size_t>(stripe.counters.expired - before);
}

size_t evict_from(Keyspace& keyspace, Stripe& stripe, ChangeListener* listener) {
  const int64_t now_ms = std::max(keyspace.clock().now_ms(), stripe.latest_ms);
  const int database = draw_database(stripe, keyspace.policy);
  if (database < 0) return 0;
  thread_local std::vector<Entry*> victims;
  victims.clear();
  choose_victims(keyspace, stripe, *stripe.shelf(database), now_ms, victims);
  for (Entry* victim : victims) evict(keyspace, stripe, database, victim, listener);
  return victims.size();
}

constexpr uint32_t kCompared = 8;  // stripes, before one is chosen

// Of a few stripes the one that owes most.
uint32_t debtor(Keyspace& keyspace, uint32_t first) {
  const uint32_t count = keyspace.stripe_count();
  uint32_t most = first;
  for (uint32_t i = 1; i < std::min(kCompared, count); ++i) {
    const uint32_t other = (first + i) & (count - 1);
    if (keyspace.stripe(other).owed.load(std::memory_order_relaxed) >
        keyspace.stripe(most).owed.load(std::memory_order_relaxed)) {
      most = other;
    }
  }
  return most;
}

void note_use(Keyspace& keyspace, uint64_t hash, detail::KeyUse how) {
  if (keyspace.window.sampled(hash)) [[unlikely]]
    keyspace.window.use(hash, how);
}

}  // namespace

size_t evict_some(Keyspace& keyspace, bool world, ChangeListener* listener) {
  if (keyspace.policy.eviction == EvictionPolicy::kNoEviction || keyspace.frozen) return 0;
  const uint32_t count = keyspace.stripe_count();
  const auto drawn = static_cast<uint32_t>(thread_random().below(count));
  // Calls f(stripe) for stripes from `first` on, until something goes.
  const auto try_some = [&](uint32_t first, uint32_t most, auto&& may_help, auto&& take) {
    for (uint32_t i = 0; i < most; ++i) {
      Stripe& stripe = keyspace.stripe((first + i) & (count - 1));
      if (!may_help(stripe)) continue;
      std::unique_lock lock(stripe.mutex, std::defer_lock);
      if (!world) lock.lock();
      if (const size_t gone = take(keyspace, stripe, listener)) return gone;
    }
    return size_t{0};
  };
  if (keyspace.active_expiry) {
    const int64_t now_ms = keyspace.clock().now_ms();
    const auto is_due = [&](const Stripe& stripe) {
      return stripe.next_due.load(std::memory_order_relaxed) <= now_ms;
    };
    const size_t gone = try_some(drawn, std::min(kCompared, count), is_due, expire_from);
    if (gone > 0) return gone;
  }
  return try_some(
      debtor(keyspace, drawn), count, [](const Stripe&) { return true; }, evict_from);
}

void note_found(Keyspace& keyspace, Shelf& shelf, uint64_t hash, Entry* entry, detail::KeyUse how) {
  if (shelf.adaptive == nullptr) return;
  shelf.adaptive->found(entry);
  note_use(keyspace, hash, how);
}

void note_miss(Keyspace& keyspace, Shelf* shelf, uint64_t hash) {
  if (shelf == nullptr || shelf->adaptive == nullptr) return;
  shelf->adaptive->missed(hash);
  note_use(keyspace, hash, detail::KeyUse::kMiss);
}

uint32_t adaptive_frequency(Keyspace& keyspace, int database, uint64_t hash, const Entry* entry) {
  const Shelf* const shelf = keyspace.stripe_of(hash).shelf(database);
  if (shelf == nullptr || shelf->adaptive == nullptr) return 0;
  return shelf->adaptive->frequency(hash, entry);
}

void note_new(Keyspace& keyspace, Stripe& stripe, Shelf& shelf, uint64_t hash, Entry* entry) {
  const int64_t owed = stripe.owed.load(std::memory_order_relaxed);
  stripe.owed.store(owed + static_cast<int64_t>(EvictionTraits::bytes(entry)),
                    std::memory_order_relaxed);
  if (!keyspace.policy.adaptive()) return;
  if (shelf.adaptive == nullptr) shelf.adaptive = std::make_unique<AdaptivePolicy>();
  AdaptivePolicy* const adaptive = shelf.adaptive.get();
  adaptive->add(shelf.table, hash, entry, window_limit(keyspace, stripe, shelf));
  if (keyspace.window.capacity() == 0 && adaptive->window_keys() >= kEnoughToGuess) [[unlikely]] {
    const uint64_t mean = adaptive->window_bytes() / adaptive->window_keys() + 1;
    keyspace.window.set_capacity(keyspace.stripe_bytes.load(std::memory_order_relaxed) *
                                 keyspace.stripe_count() / mean);
  }
  note_use(keyspace, hash, detail::KeyUse::kWrite);
}

}  // namespace scrubjay::store
