#include "store/keyspace.h"

#include <algorithm>
#include <bit>
#include <mutex>
#include <utility>

#include "base/same_bytes.h"

namespace scrubjay::store {

Keyspace::Keyspace(const Clock& clock, uint32_t stripes, int databases, Table::Retire retire)
    : clock_(clock), databases_(databases), mask_(std::bit_ceil(stripes) - 1), retire_(retire) {
  for (uint32_t number = 0; number <= mask_; ++number) {
    stripes_.push_back(std::make_unique<Stripe>(number, databases));
  }
}

Keyspace::~Keyspace() {
  take_shelves(-1);
}

Shelf& Keyspace::make_shelf(Stripe& stripe, int database, int64_t now_ms) {
  std::atomic<Shelf*>& place = stripe.shelves[static_cast<size_t>(database)];
  Shelf* shelf = place.load(std::memory_order_relaxed);
  if (shelf == nullptr) {
    shelf = new Shelf(now_ms, retire_);
    place.store(shelf, std::memory_order_release);
  }
  return *shelf;
}

bool Keyspace::prefetch_value(const Key& key, int database, const Touch& touch, bool inside) {
  Stripe& stripe = stripe_of(key.hash);
  const Shelf* const shelf = stripe.shelf(database);
  if (shelf == nullptr) return false;
  const std::unique_lock lock(stripe.mutex, std::try_to_lock);
  if (!lock) return false;
  const Table::Slot slot = shelf->table.find(
      key.hash, [&](const Entry* entry) { return same_bytes(entry->key(), key.text); });
  if (!slot) return false;
  if (!inside) return slot.get()->prefetch_value(touch);
  slot.get()->prefetch_inside(touch);
  return false;
}

void Keyspace::each_stripe(bool world, const std::function<void(Stripe&)>& f) {
  for (const auto& stripe : stripes_) {
    if (world) {
      f(*stripe);
    } else {
      const std::lock_guard lock(stripe->mutex);
      f(*stripe);
    }
  }
}

Keyspace::DatabaseSize Keyspace::size(int database, bool world) {
  DatabaseSize sum;
  each_stripe(world, [&](Stripe& stripe) {
    const Shelf* shelf = stripe.shelf(database);
    if (shelf == nullptr) return;
    sum.keys += shelf->table.size();
    sum.with_deadline += shelf->wheel.size();
    sum.table_bytes += shelf->table.memory_bytes();
    sum.wheel_bytes += shelf->wheel.memory_bytes();
  });
  return sum;
}

StripeCounters Keyspace::counters(bool world) {
  StripeCounters sum;
  each_stripe(world, [&](Stripe& stripe) {
    sum.hits += stripe.counters.hits;
    sum.misses += stripe.counters.misses;
    sum.expired += stripe.counters.expired;
    sum.expired_fields += stripe.counters.expired_fields;
    sum.evicted += stripe.counters.evicted;
    sum.changes += stripe.counters.changes;
  });
  return sum;
}

void Keyspace::reset_counters(bool world) {
  each_stripe(world,
              [](Stripe& stripe) { stripe.counters = {.changes = stripe.counters.changes}; });
}

namespace {

Table::Slot slot_of(const Shelf& shelf, std::string_view key) {
  return shelf.table.find(hash_of(key), [&](const Entry* entry) { return entry->key() == key; });
}

// A key past its deadline is not there: it leaves the shelf now, so that nobody takes its removal
// for a change later.
bool holds_live(Stripe& stripe, Shelf* shelf, std::string_view key, int64_t now_ms) {
  if (shelf == nullptr) return false;
  const Table::Slot slot = slot_of(*shelf, key);
  if (!slot) return false;
  Entry* entry = slot.get();
  if (!entry->has_deadline() || entry->deadline() >= now_ms) return true;
  shelf->wheel.remove(entry);
  if (entry->is_hash_object()) shelf->unfile_fields(entry);
  Entry::destroy(shelf->table.erase(slot));
  ++stripe.counters.expired;
  return false;
}

}  // namespace

// What was there was alive when it was watched, or came later: either way it changes.
void Keyspace::note_gone(const Stripe& stripe, int database, std::string_view key) {
  if (stripe.waiting.empty()) return;
  KeyName name{database, std::string(key)};
  if (!stripe.waiting.contains(name)) return;
  const std::lock_guard lock(gone_mutex_);
  gone_.push_back(std::move(name));
  any_gone_.store(true, std::memory_order_relaxed);
}

std::vector<KeyName> Keyspace::take_gone() {
  const std::lock_guard lock(gone_mutex_);
  any_gone_.store(false, std::memory_order_relaxed);
  return std::exchange(gone_, {});
}

void Keyspace::touch_watched(Stripe& stripe, int database, const Shelf* before, Shelf* after,
                             int64_t now_ms) {
  for (auto& [name, watched] : stripe.watched) {
    if (name.database != database) continue;
    const bool was_there = before != nullptr && slot_of(*before, name.key);
    if (was_there || holds_live(stripe, after, name.key, now_ms)) ++watched.version;
  }
}

std::vector<std::unique_ptr<Shelf>> Keyspace::take_shelves(int database) {
  std::vector<std::unique_ptr<Shelf>> taken;
  for (const auto& stripe : stripes_) {
    for (int db = 0; db < databases_; ++db) {
      if (database >= 0 && db != database) continue;
      Shelf* shelf = stripe->shelf(db);
      if (shelf == nullptr) continue;
      touch_watched(*stripe, db, shelf, nullptr, 0);
      stripe->shelves[static_cast<size_t>(db)].store(nullptr, std::memory_order_release);
      taken.emplace_back(shelf);
    }
  }
  return taken;
}

void Keyspace::swap_databases(int first, int second, int64_t now_ms) {
  if (first == second) return;
  for (const auto& stripe : stripes_) {
    Shelf* a = stripe->shelf(first);
    Shelf* b = stripe->shelf(second);
    touch_watched(*stripe, first, a, b, now_ms);
    touch_watched(*stripe, second, b, a, now_ms);
    stripe->shelves[static_cast<size_t>(first)].store(b, std::memory_order_release);
    stripe->shelves[static_cast<size_t>(second)].store(a, std::memory_order_release);
  }
}

}  // namespace scrubjay::store
