#include "store/expiry.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace scrubjay::store {
namespace {

// Removes the entries, which have left the wheel already. Buckets are fetched ahead of their use.
void remove_all(Stripe& stripe, Shelf& shelf, int database, std::vector<Entry*>& due,
                ChangeListener* listener) {
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
    ++stripe.counters.expired;
    ++stripe.counters.changes;
    touch_watched(stripe, database, keys[i].text);
    if (listener != nullptr) listener->changed({"expired", keys[i], database});
    Entry::destroy(entry);
  }
  due.clear();
}

}  // namespace

bool expire_due(Stripe& stripe, int64_t now_ms, size_t budget, ChangeListener* listener) {
  thread_local std::vector<Entry*> due;
  stripe.latest_ms = std::max(stripe.latest_ms, now_ms);
  int64_t next = std::numeric_limits<int64_t>::max();
  bool done = true;
  for (int database = 0; database < static_cast<int>(stripe.shelves.size()); ++database) {
    Shelf* shelf = stripe.shelf(database);
    if (shelf == nullptr || shelf->wheel.size() == 0) continue;
    done &= shelf->wheel.advance(now_ms, budget, [](Entry* entry) {
      __builtin_prefetch(entry);
      due.push_back(entry);
    });
    remove_all(stripe, *shelf, database, due, listener);
    next = std::min(next, shelf->wheel.next_due());
  }
  stripe.next_due.store(next, std::memory_order_relaxed);
  return done;
}

}  // namespace scrubjay::store
