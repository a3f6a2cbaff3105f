// The one clock: microseconds since the Unix epoch. The server is handed it by main.cc; tests hold
// it still and move it by hand. Reading is cheap (a time stamp counter between two looks at the
// system's clock) and safe from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace scrubjay {

class Clock {
 public:
  Clock() = default;
  // A clock that stands still at `us` until it is moved.
  static constexpr struct Manual {
  } kManual{};
  Clock(Manual, int64_t us) : manual_(true), manual_us_(us) {}

  int64_t now_us() const {
    if (manual_) [[unlikely]]
      return manual_us_.load(std::memory_order_relaxed);
    return system_us();
  }
  int64_t now_ms() const { return now_us() / 1000; }

  // Manual clocks only.
  void advance(std::chrono::microseconds by) { manual_us_.fetch_add(by.count()); }

 private:
  static int64_t read_system_clock() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  }

#if defined(__x86_64__)
  // Each thread anchors its counter to the system's clock, and again after half a millisecond, so a
  // rough frequency is enough and a stepped system clock is followed.
  static int64_t system_us() {
    struct Anchor {
      uint64_t ticks = 0;
      int64_t us = 0;
    };
    static const double us_per_tick = measure_us_per_tick();
    static const uint64_t reanchor_ticks = static_cast<uint64_t>(500 / us_per_tick);
    thread_local Anchor anchor;
    const uint64_t ticks = __rdtsc();
    const uint64_t passed = ticks - anchor.ticks;
    if (passed >= reanchor_ticks) {
      anchor = {ticks, read_system_clock()};
      return anchor.us;
    }
    return anchor.us + static_cast<int64_t>(static_cast<double>(passed) * us_per_tick);
  }
  static double measure_us_per_tick() {
    const auto start = std::chrono::steady_clock::now();
    const uint64_t ticks = __rdtsc();
    std::chrono::nanoseconds passed{};
    while (passed < std::chrono::milliseconds(2)) passed = std::chrono::steady_clock::now() - start;
    return static_cast<double>(passed.count()) / 1000 / static_cast<double>(__rdtsc() - ticks);
  }
#else
  static int64_t system_us() {
    return read_system_clock();
  }
#endif

  const bool manual_ = false;
  std::atomic<int64_t> manual_us_{0};
};

}  // namespace scrubjay
