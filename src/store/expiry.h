// Expiry on time: takes keys past their deadline out of one stripe. Called by maintenance, which
// holds the stripe's lock and bounds the work of each hold.
#pragma once

#include "store/change.h"
#include "store/keyspace.h"

namespace scrubjay::store {

// Removes at most `budget` due keys, and due fields of hashes (a wheel's cascades count too).
// Returns true when nothing due is left. Updates the stripe's next_due.
bool expire_due(Keyspace& keyspace, Stripe& stripe, int64_t now_ms, size_t budget,
                ChangeListener* listener);

}  // namespace scrubjay::store
