// Counts of latencies in buckets less than 1 % wide, with the exact maximum. Used by the load
// generator and the probes; not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "clock.h"

namespace scrubjay::load {

class LatencyHistogram {
 public:
  void record(Nanoseconds latency) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
    ++buckets_[std::min(bucket_of(value), kBuckets - 1)];
    ++count_;
    max_ = std::max(max_, Nanoseconds(value));
  }

  std::uint64_t count() const { return count_; }
  Nanoseconds max() const { return max_; }

  // The latency that `share` (0..1) of all samples did not exceed; 0 without samples.
  Nanoseconds quantile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += buckets_[i];
      if (seen > wanted) return std::min(Nanoseconds(upper_end(i)), max_);
    }
    return max_;
  }

 private:
  // Each power of two is cut into 128 equal buckets; values below 128 have a bucket each.
  static constexpr unsigned kBits = 7;
  static constexpr std::size_t kPerPower = std::size_t{1} << kBits;
  static constexpr std::size_t kBuckets = kPerPower * (40 - kBits);  // 2^39 ns: nine minutes

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < kPerPower) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    return shift * kPerPower + (value >> shift);
  }
  static std::int64_t upper_end(std::size_t bucket) {
    if (bucket < 2 * kPerPower) return static_cast<std::int64_t>(bucket);
    const std::size_t shift = bucket / kPerPower - 1;
    return static_cast<std::int64_t>(((bucket % kPerPower + kPerPower + 1) << shift) - 1);
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  Nanoseconds max_{0};
};

}  // namespace scrubjay::load
