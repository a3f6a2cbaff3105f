// What a write announces, once, through the guard that made it. The engine's effects listen:
// watchers, keyspace events, invalidation. Called under the key's stripe lock.
#pragma once

#include <string_view>

#include "store/key.h"

namespace scrubjay::store {

struct Change {
  // Redis's event name: "set", "incrby", "expired" ...; a literal. Empty: a change without an
  // event.
  std::string_view event;
  Key key;
  int database;
  // False if the value says the same to whoever reads it, as when a stream's group changes: nobody
  // who watches the key or caches its value minds.
  bool of_value = true;
};

class ChangeListener {
 public:
  virtual ~ChangeListener() = default;
  virtual void changed(const Change& change) = 0;
};

}  // namespace scrubjay::store
