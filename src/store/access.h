// The 24 bits an entry keeps about its use: under an LRU policy (and under none) seconds of the
// clock, under LFU 16 bits of minutes and an 8-bit logarithmic counter (Morris), as Redis's
// documentation on eviction describes. Pure functions.
#pragma once

#include <cstdint>

#include "base/random.h"
#include "store/keyspace.h"

namespace scrubjay::store {

inline constexpr uint32_t kAccessMask = (1u << 24) - 1;
inline constexpr uint32_t kNewKeyFrequency = 5;

inline uint32_t lru_stamp(int64_t now_ms) {
  return static_cast<uint32_t>(now_ms / 1000) & kAccessMask;
}

// Seconds since the last use.
inline uint64_t idle_seconds(uint32_t access, int64_t now_ms) {
  return (lru_stamp(now_ms) - access) & kAccessMask;
}

inline uint32_t lfu_stamp(int64_t now_ms, uint32_t counter) {
  return (static_cast<uint32_t>(now_ms / 60000) & 0xffff) << 8 | counter;
}

// The counter, less one for every decay period since the last use.
inline uint32_t lfu_frequency(uint32_t access, int64_t now_ms, int decay_minutes) {
  const uint32_t counter = access & 0xff;
  if (decay_minutes == 0) return counter;
  const uint32_t minutes = (static_cast<uint32_t>(now_ms / 60000) - (access >> 8)) & 0xffff;
  const uint32_t periods = minutes / static_cast<uint32_t>(decay_minutes);
  return periods > counter ? 0 : counter - periods;
}

inline uint32_t lfu_used(uint32_t access, int64_t now_ms, const Policy& policy) {
  uint32_t counter = lfu_frequency(access, now_ms, policy.lfu_decay_minutes);
  if (counter < 255) {
    const uint64_t above = counter > kNewKeyFrequency ? counter - kNewKeyFrequency : 0;
    const uint64_t odds = above * static_cast<uint64_t>(policy.lfu_log_factor) + 1;
    if (odds == 1 || thread_random().below(odds) == 0) ++counter;
  }
  return lfu_stamp(now_ms, counter);
}

inline uint32_t new_access(int64_t now_ms, const Policy& policy) {
  if (policy.adaptive()) return 0;  // eviction.cc gives a new key its bits
  return policy.lfu() ? lfu_stamp(now_ms, kNewKeyFrequency) : lru_stamp(now_ms);
}

}  // namespace scrubjay::store
