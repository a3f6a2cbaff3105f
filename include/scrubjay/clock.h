// The one clock: nanoseconds since the Unix epoch. The server is handed it by main.cc; tests hold
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
  // A clock that stands still at `ms` until it is moved.
  static constexpr struct Manual {
  } kManual{};
  Clock(Manual, int64_t ms) : manual_(true), manual_ns_(ms * 1'000'000) {}

  int64_t now_ns() const {
    if (manual_) [[unlikely]]
      return manual_ns_.load(std::memory_order_relaxed);
    return system_ns();
  }
  int64_t now_us() const { return now_ns() / 1'000; }
  int64_t now_ms() const { return now_ns() / 1'000'000; }

  // Manual clocks only.
  void advance(std::chrono::nanoseconds by) { manual_ns_.fetch_add(by.count()); }

 private:
  static int64_t read_system_clock() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }

#if defined(__x86_64__)
  // Each thread anchors its counter to the system's clock, and again after half a millisecond, so a
  // rough frequency is enough and a stepped system clock is followed.
  struct Anchor {
    uint64_t ticks = 0;
    uint64_t valid_ticks = 0;  // 0: never anchored
    double ns_per_tick = 0;
    int64_t ns = 0;
  };
  static Anchor& own_anchor() {
    constinit static thread_local Anchor anchor;
    return anchor;
  }

  static int64_t system_ns() {
    const Anchor& anchor = own_anchor();
    const uint64_t passed = __rdtsc() - anchor.ticks;
    if (passed >= anchor.valid_ticks) [[unlikely]]
      return anchor_again();
    return anchor.ns + static_cast<int64_t>(static_cast<double>(passed) * anchor.ns_per_tick);
  }
  [[gnu::noinline]] static int64_t anchor_again() {
    static const double ns_per_tick = measure_ns_per_tick();
    constexpr double kValidNs = 500'000;
    Anchor& anchor = own_anchor();
    anchor.ticks = __rdtsc();
    anchor.valid_ticks = static_cast<uint64_t>(kValidNs / ns_per_tick);
    anchor.ns_per_tick = ns_per_tick;
    anchor.ns = read_system_clock();
    return anchor.ns;
  }
  // One moment by both clocks: the tightest of a few looks, lest the thread lost its core between.
  struct Moment {
    std::chrono::steady_clock::time_point time;
    uint64_t ticks = 0;
  };
  static Moment look_at_both() {
    Moment tightest;
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 5; ++i) {
      const uint64_t before = __rdtsc();
      const auto time = std::chrono::steady_clock::now();
      const uint64_t after = __rdtsc();
      if (after - before >= least) continue;
      least = after - before;
      tightest = {time, before + least / 2};
    }
    return tightest;
  }
  static double measure_ns_per_tick() {
    constexpr std::chrono::microseconds kMeasured{300};  // to a thousandth or better
    const Moment start = look_at_both();
    while (std::chrono::steady_clock::now() - start.time < kMeasured) {
    }
    const Moment end = look_at_both();
    const std::chrono::nanoseconds passed = end.time - start.time;
    return static_cast<double>(passed.count()) / static_cast<double>(end.ticks - start.ticks);
  }
#else
  static int64_t system_ns() {
    return read_system_clock();
  }
#endif

  const bool manual_ = false;
  std::atomic<int64_t> manual_ns_{0};
};

}  // namespace scrubjay
