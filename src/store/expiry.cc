#include "store/expiry.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace scrubjay::store {
namespace {

// Removes the entries, which have left the wheel already. Buckets are fetched ahead of their use.
void remove_all(Keyspace& keyspace, Stripe& stripe, Shelf& shelf, int database,
                std::vector<Entry*>& due, ChangeListener* listener) {
  thread_local std::vector<Key> keys;
  keys.clear();
  for (Entry* entry : due) {
    keys.emplace_back(entry->key());
    shelf.table.prefetch_bucket(keys.back().hash);
  }
  for (size_t i = 0; i < due.size(); ++i) {
    Entry* entry = due[i];
    shelf.table.erase(
        shelf.table.find(keys[i].hash, [entry](const Entry* other) { return other == entry; }));
    if (entry->is_hash_object()) shelf.unfile_fields(entry);
    ++stripe.counters.expired;
    ++stripe.counters.changes;
    touch_watched(stripe, database, keys[i].text);
    keyspace.note_gone(stripe, database, keys[i].text);
    if (listener != nullptr) listener->changed({"expired", keys[i], database});
    bury(keyspace, entry);
  }
  due.clear();
}

// Removes fields that are past their deadline from the hashes, which have left the wheel already,
// and files the hashes again. Returns how many fields went.
size_t remove_fields(Keyspace& keyspace, Stripe& stripe, Shelf& shelf, int database,
                     std::vector<objects::Hash*>& due, int64_t now_ms, size_t budget,
                     ChangeListener* listener) {
  size_t removed = 0;
  for (objects::Hash* hash : due) {
    hash->schedule.filed = false;
    Entry* const entry = static_cast<Entry*>(hash->schedule.entry);
    const Key key(entry->key());
    const size_t gone = hash->expire(now_ms, budget);
    removed += gone;
    stripe.counters.expired_fields += gone;
    const auto announce = [&](std::string_view event) {
      ++stripe.counters.changes;
      touch_watched(stripe, database, key.text);
      if (listener != nullptr) listener->changed({event, key, database});
    };
    if (gone > 0) announce("hexpired");
    if (hash->size() > 0) {
      shelf.file_fields(entry);
      continue;
    }
    shelf.table.erase(
        shelf.table.find(key.hash, [entry](const Entry* other) { return other == entry; }));
    if (entry->has_deadline()) shelf.wheel.remove(entry);
    announce("del");
    bury(keyspace, entry);
  }
  due.clear();
  return removed;
}

}  // namespace

bool expire_due(Keyspace& keyspace, Stripe& stripe, int64_t now_ms, size_t budget,
                ChangeListener* listener) {
  thread_local std::vector<Entry*> due;
  thread_local std::vector<objects::Hash*> due_hashes;
  stripe.latest_ms = std::max(stripe.latest_ms, now_ms);
  int64_t next = std::numeric_limits<int64_t>::max();
  bool done = true;
  for (int database = 0; database < static_cast<int>(stripe.shelves.size()); ++database) {
    Shelf* shelf = stripe.shelf(database);
    if (shelf == nullptr || (shelf->wheel.size() == 0 && shelf->field_wheel.size() == 0)) continue;
    done &= shelf->wheel.advance(now_ms, budget, [](Entry* entry) {
      __builtin_prefetch(entry);
      due.push_back(entry);
    });
    remove_all(keyspace, stripe, *shelf, database, due, listener);
    done &= shelf->field_wheel.advance(now_ms, budget,
                                       [](objects::Hash* hash) { due_hashes.push_back(hash); });
    remove_fields(keyspace, stripe, *shelf, database, due_hashes, now_ms, budget, listener);
    done &= shelf->field_wheel.next_due() > now_ms;
    next = std::min(next, shelf->next_due());
  }
  stripe.next_due.store(next, std::memory_order_relaxed);
  return done;
}

}  // namespace scrubjay::store
