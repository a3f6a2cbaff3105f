// A client that waits for an element of a list or sorted set, as the stripes file it: under each
// key it waits for, in the order in which clients began to wait. The engine derives from it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "store/entry.h"

namespace scrubjay::store {

struct Waiter {
  Waiter(uint64_t waiter_ticket, Type type) : ticket(waiter_ticket), wanted(type) {}
  virtual ~Waiter() = default;

  const uint64_t ticket;  // ascending: who began to wait first has the lowest
  const Type wanted;      // what the key must hold for the client to go on
};

using WaitQueue = std::map<uint64_t, std::shared_ptr<Waiter>>;

}  // namespace scrubjay::store
