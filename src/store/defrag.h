// Moves entries together. When most keys of a time are gone, those that stay keep whole pages from
// being given back: one entry in each is enough. What lies among much free room is moved to where
// there is little, so that pages become empty. The table's segments move, and entries with what is
// in their block; the large collections that they own stay.
#pragma once

#include <cstddef>
#include <cstdint>

#include "store/keyspace.h"

namespace scrubjay::store {

// Where a walk over one stripe stands.
struct DefragPlace {
  int database = 0;
  uint64_t cursor = 0;
};

struct DefragCounts {
  uint64_t moved = 0;
  uint64_t stayed = 0;
};

// Looks at about `budget` entries from the place on, and moves it. False when the stripe is done.
// The stripe is held.
bool defrag_some(Stripe& stripe, DefragPlace& place, size_t budget, DefragCounts& counts);

}  // namespace scrubjay::store
