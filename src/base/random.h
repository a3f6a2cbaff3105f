// A fast generator for choices that need no secrecy (RANDOMKEY, sampling). One per thread.
#pragma once

#include <cstdint>
#include <random>

namespace scrubjay {

// xorshift128+ (Vigna 2014), seeded from the system.
class Random {
 public:
  Random() {
    std::random_device device;
    a_ = (uint64_t{device()} << 32 | device()) | 1;
    b_ = uint64_t{device()} << 32 | device();
  }
  explicit Random(uint64_t seed) : a_(seed | 1), b_(seed * 0x9E3779B97F4A7C15ull) {}

  uint64_t operator()() {
    uint64_t x = a_;
    const uint64_t y = b_;
    a_ = y;
    x ^= x << 23;
    b_ = x ^ y ^ (x >> 17) ^ (y >> 26);
    return b_ + y;
  }
  // Uniform in [0, bound).
  uint64_t below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>((*this)()) * bound) >> 64);
  }

 private:
  uint64_t a_;
  uint64_t b_;
};

// The calling thread's own generator.
inline Random& thread_random() {
  thread_local Random random;
  return random;
}

}  // namespace scrubjay
