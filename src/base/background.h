// Manners of threads that work in the background, on cores that others need: they pause after each
// tenth of a millisecond, so that nobody waits for them longer, and give back what they have freed
// in small parts. Left to the kernel, a thread that
// wakes may wait for the rest of the other's slice, up to 4 ms (Linux's EEVDF, HZ=250), also when
// it is asked to have shorter slices itself: those it has used up sooner.
#pragma once

#include <chrono>
#include <cstdint>
#include <thread>

#include "base/free_pages.h"
#include "base/scheduling.h"
#include "scrubjay/clock.h"

namespace scrubjay {

class Background {
 public:
  // The calling thread is one of them, until it ends.
  static void enter() {
    sleep_exactly();
    is_background_ = true;
    started_ns_ = Clock().now_ns();
  }

  // To be called for each heap block that a loop frees, and after other work of some microseconds;
  // does nothing on other threads.
  static void pause_if_due() {
    if (is_background_) [[unlikely]]
      look_at_clock();
  }

  // Frees a block of a hash table (detail/table.h).
  static void retire(void* block, void (*free)(void*)) {
    free(block);
    pause_if_due();
  }

 private:
  static constexpr uint64_t kWorkNs = 100'000;
  static constexpr std::chrono::microseconds kPause{50};

  // After each block: one may be a leaf of a tree with some fifty members, and the first touch of
  // memory that a virtual machine believed to be cold takes a tenth of a millisecond. A clock that
  // was set back ends the work as well.
  static void look_at_clock() {
    free_pages_.return_part();
    if (static_cast<uint64_t>(Clock().now_ns() - started_ns_) < kWorkNs) return;
    std::this_thread::sleep_for(kPause);
    started_ns_ = Clock().now_ns();
  }

  static inline thread_local bool is_background_ = false;
  static inline thread_local int64_t started_ns_ = 0;
  static inline thread_local FreePages free_pages_;
};

}  // namespace scrubjay
