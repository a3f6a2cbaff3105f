// Making room: takes the least valuable keys out of one stripe. And what an adaptive policy has to
// be told of the use of keys. docs/eviction.md tells how each policy chooses.
#pragma once

#include "store/change.h"
#include "store/keyspace.h"

namespace scrubjay::store {

// Evicts a few keys by the keyspace's policy from the stripe that owes most; expired keys go first.
// Locks one stripe itself unless the caller holds the world; no other lock may be held. Returns how
// many keys went: 0 if there is nothing that may go.
size_t evict_some(Keyspace& keyspace, bool world, ChangeListener* listener);

// The key was read or written (`how`) and was there; caller holds the stripe. For adaptive policies
// only.
void note_found(Keyspace& keyspace, Shelf& shelf, uint64_t hash, Entry* entry, detail::KeyUse how);
// The key was read and is not there; the shelf may be missing.
void note_miss(Keyspace& keyspace, Shelf* shelf, uint64_t hash);
// For CACHE.ADVISE, under all policies.
inline void note_for_advice(Keyspace& keyspace, uint64_t hash, detail::KeyUse how) {
  if (keyspace.advisor.sampled(hash)) [[unlikely]]
    keyspace.advisor.use(hash, how);
}
// How often the adaptive policy believes that this key was used lately, 0 to 15. Caller holds the
// stripe.
uint32_t adaptive_frequency(Keyspace& keyspace, int database, uint64_t hash, const Entry* entry);
// A new key has come into the shelf. For all policies, while memory is limited.
void note_new(Keyspace& keyspace, Stripe& stripe, Shelf& shelf, uint64_t hash, Entry* entry);

}  // namespace scrubjay::store
