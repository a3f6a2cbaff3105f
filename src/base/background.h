// Manners of threads that work in the background, on cores that others need: they pause now and
// then, so that nobody waits for them longer than a fraction of a millisecond.
#pragma once

#include <chrono>
#include <cstdint>
#include <thread>

namespace scrubjay {

class Background {
 public:
  // The calling thread is one of them, until it ends.
  static void enter() { work_left_ = kWork; }

  // To be called for each heap block that a loop frees; does nothing on other threads.
  static void freed_a_block() {
    if (work_left_ == 0) [[likely]]
      return;
    if (--work_left_ > 0) return;
    std::this_thread::sleep_for(std::chrono::microseconds(kPauseUs));
    work_left_ = kWork;
  }

 private:
  static constexpr uint32_t kWork = 1000;  // blocks, some 0.1 ms
  static constexpr int64_t kPauseUs = 100;
  static inline thread_local uint32_t work_left_ = 0;  // 0: a thread in the foreground
};

}  // namespace scrubjay
