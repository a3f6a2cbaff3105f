// Mutexes with a rank: gates -> stripes -> channel shards. Debug builds abort when a thread locks a
// rank at or below one that it holds, so that a lock order that could deadlock fails its first
// test.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "base/futex_mutex.h"

namespace scrubjay {

enum class LockRank : uint8_t { kGate = 1, kStripe = 2, kChannelShard = 3, kLeaf = 4 };

#ifdef SCRUBJAY_DEBUG_CHECKS
inline constexpr bool kDebugChecks = true;
#else
inline constexpr bool kDebugChecks = false;
#endif

// What the calling thread holds, by rank (debug builds only).
class HeldRanks {
 public:
  // `order` is the place within the rank: stripes are locked in ascending order.
  static void acquired(LockRank rank, uint32_t order) {
    const uint64_t place = uint64_t{static_cast<uint8_t>(rank)} << 32 | order;
    if (count_ > 0 && places_[count_ - 1] >= place) fail("lock order violated");
    if (count_ == kMax) fail("too many locks held");
    places_[count_++] = place;
  }
  static void released(LockRank rank, uint32_t order) {
    const uint64_t place = uint64_t{static_cast<uint8_t>(rank)} << 32 | order;
    for (uint32_t i = count_; i-- > 0;) {
      if (places_[i] != place) continue;
      for (uint32_t k = i + 1; k < count_; ++k) places_[k - 1] = places_[k];
      --count_;
      return;
    }
    fail("unlocked what was not held");
  }
  static uint32_t count() { return count_; }

 private:
  [[noreturn]] static void fail(const char* what) {
    std::fprintf(stderr, "scrubjay: %s\n", what);
    std::abort();
  }
  static constexpr uint32_t kMax = 4096;
  static inline thread_local uint64_t places_[kMax];
  static inline thread_local uint32_t count_ = 0;
};

template <LockRank Rank>
class RankedMutex {
 public:
  explicit RankedMutex(uint32_t order = 0) : order_(order) {}

  void lock() {
    if constexpr (kDebugChecks) HeldRanks::acquired(Rank, order_);
    mutex_.lock(kKind);
  }
  bool try_lock() {
    if (!mutex_.try_lock()) return false;
    if constexpr (kDebugChecks) HeldRanks::acquired(Rank, order_);
    return true;
  }
  void unlock() {
    mutex_.unlock();
    if constexpr (kDebugChecks) HeldRanks::released(Rank, order_);
  }

 private:
  static constexpr Contention kKind = Rank == LockRank::kStripe         ? Contention::kStripeLock
                                      : Rank == LockRank::kChannelShard ? Contention::kChannelLock
                                                                        : Contention::kOtherLock;
  FutexMutex mutex_;
  [[maybe_unused]] const uint32_t order_;
};

}  // namespace scrubjay
