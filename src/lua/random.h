// The generator behind math.random of scripts: the 48-bit linear congruential one that C libraries
// call drand48, so that after math.randomseed a script draws the same numbers on every server. One
// per interpreter; it starts as Redis's does, and goes on from script to script.
#pragma once

#include <cstdint>

namespace scrubjay::lua {

class ScriptRandom {
 public:
  static constexpr int32_t kMax = 2147483647;

  void seed(int32_t value) { state_ = uint64_t{static_cast<uint32_t>(value)} << 16 | 0x330e; }
  // 31 bits.
  int32_t next() {
    state_ = (state_ * 0x5deece66d + 0xb) & ((uint64_t{1} << 48) - 1);
    return static_cast<int32_t>(state_ >> 17);
  }

 private:
  uint64_t state_ = 0x1234abcd330e;
};

}  // namespace scrubjay::lua
