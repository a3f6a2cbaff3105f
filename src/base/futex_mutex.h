// A mutex of four bytes whose lock and unlock are one atomic operation each, inlined: what a
// request pays for a lock that nobody else wants (docs/request.md). Who finds it
// taken looks again for a moment and then sleeps; that is counted (base/contention.h). Not fair,
// not recursive; any thread.
// The three states are those of "Futexes Are Tricky" (Drepper, 2011), mutex 3.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/contention.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace scrubjay {

class FutexMutex {
 public:
  // `kind` is what a wait counts as.
  void lock(Contention kind = Contention::kOtherLock) {
    if (!try_lock()) [[unlikely]]
      wait(kind);
  }
  bool try_lock() {
    uint32_t expected = kFree;
    return state_.compare_exchange_strong(expected, kTaken, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  void unlock() {
    if (state_.exchange(kFree, std::memory_order_release) == kWanted) [[unlikely]]
      state_.notify_one();
  }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kTaken = 1;
  static constexpr uint32_t kWanted = 2;  // taken, and somebody sleeps or is about to

  [[gnu::noinline]] void wait(Contention kind) {
    ContentionCounters::add(kind);
    constexpr int kLooks = 100;
    for (int i = 0; i < kLooks; ++i) {
      if (state_.load(std::memory_order_relaxed) == kFree && try_lock()) return;
#if defined(__x86_64__)
      _mm_pause();
#endif
    }
    while (state_.exchange(kWanted, std::memory_order_acquire) != kFree) {
      ContentionCounters::add(Contention::kSleep);
      state_.wait(kWanted, std::memory_order_relaxed);
    }
  }

  std::atomic<uint32_t> state_{kFree};
};

// The same for std::lock_guard, where each wait counts as `Kind`.
template <Contention Kind>
class CountedMutex {
 public:
  void lock() { mutex_.lock(Kind); }
  bool try_lock() { return mutex_.try_lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  FutexMutex mutex_;
};

}  // namespace scrubjay
