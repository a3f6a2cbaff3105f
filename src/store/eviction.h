// Making room: takes the least valuable of a few sampled keys out of one stripe. Called before a
// command's own locks are taken; it locks one stripe itself unless the caller holds the world.
#pragma once

#include "store/change.h"
#include "store/keyspace.h"

namespace scrubjay::store {

// Evicts one key by the keyspace's policy, from any stripe and database. Returns false when there
// is nothing that the policy may evict.
bool evict_one(Keyspace& keyspace, bool world, ChangeListener* listener);

}  // namespace scrubjay::store
