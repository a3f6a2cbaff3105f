// The load generator's time: nanoseconds of the monotonic clock, and the wall clock that deadlines
// of keys are given in. Used by everything in this folder; safe on any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace scrubjay::load {

using Nanoseconds = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Nanoseconds>;

inline TimePoint now() {
  return std::chrono::steady_clock::now();
}

// Milliseconds since 1970, as PXAT takes them.
inline std::int64_t unix_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

inline double milliseconds(Nanoseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}
inline double seconds(Nanoseconds time) {
  return static_cast<double>(time.count()) / 1e9;
}

}  // namespace scrubjay::load
