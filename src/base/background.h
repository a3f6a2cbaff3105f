// Manners of threads that work in the background, on cores that others need: they pause after each
// tenth of a millisecond, so that nobody waits for them longer. Left to the kernel, a thread that
// wakes may wait for the rest of the other's slice, up to 4 ms (Linux's EEVDF, HZ=250), also when
// it is asked to have shorter slices itself: those it has used up sooner.
#pragma once

#include <chrono>
#include <cstdint>
#include <thread>

namespace scrubjay {

class Background {
 public:
  // The calling thread is one of them, until it ends.
  static void enter() {
    blocks_left_ = kBlocksPerLook;
    started_ = Clock::now();
  }

  // To be called for each heap block that a loop frees; does nothing on other threads.
  static void freed_a_block() {
    if (blocks_left_ == 0) [[likely]]
      return;
    if (--blocks_left_ > 0) return;
    blocks_left_ = kBlocksPerLook;
    if (Clock::now() - started_ < kWork) return;
    std::this_thread::sleep_for(kPause);
    started_ = Clock::now();
  }

  // Frees a block of a hash table (detail/table.h).
  static void retire(void* block, void (*free)(void*)) {
    free(block);
    freed_a_block();
  }

 private:
  using Clock = std::chrono::steady_clock;

  // A block may be a leaf of a tree, with some fifty members to free.
  static constexpr uint32_t kBlocksPerLook = 16;
  static constexpr std::chrono::microseconds kWork{100};
  static constexpr std::chrono::microseconds kPause{100};
  static inline thread_local uint32_t blocks_left_ = 0;  // 0: a thread in the foreground
  static inline thread_local Clock::time_point started_;
};

}  // namespace scrubjay
