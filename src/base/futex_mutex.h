// A mutex of four bytes whose lock and unlock are one atomic operation each, inlined: what a
// request pays for a lock that nobody else wants (docs/request.md). Who finds it
// taken looks again for a moment and then sleeps. Not fair, not recursive; any thread.
// The three states are those of "Futexes Are Tricky" (Drepper, 2011), mutex 3.
#pragma once

#include <atomic>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace scrubjay {

class FutexMutex {
 public:
  void lock() {
    if (!try_lock()) [[unlikely]]
      wait();
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

  [[gnu::noinline]] void wait() {
    constexpr int kLooks = 100;
    for (int i = 0; i < kLooks; ++i) {
      if (state_.load(std::memory_order_relaxed) == kFree && try_lock()) return;
#if defined(__x86_64__)
      _mm_pause();
#endif
    }
    while (state_.exchange(kWanted, std::memory_order_acquire) != kFree)
      state_.wait(kWanted, std::memory_order_relaxed);
  }

  std::atomic<uint32_t> state_{kFree};
};

}  // namespace scrubjay
