// A histogram of durations with four buckets per power of two of nanoseconds (error below 19%), for
// INFO latencystats and LATENCY HISTOGRAM. One writer; readers hold the world.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace scrubjay::metrics {

class LatencyHistogram {
 public:
  static constexpr size_t kBuckets = 160;

  void add(uint64_t ns) {
    ++counts_[bucket_of(ns)];
    ++total_;
  }
  void merge(const LatencyHistogram& other) {
    for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
  }
  uint64_t total() const { return total_; }

  // How many took less than `ns`, to the bucket's precision.
  uint64_t below(uint64_t ns) const {
    uint64_t sum = 0;
    for (size_t i = 0; i < kBuckets && upper_bound_ns(i) <= ns; ++i) sum += counts_[i];
    return sum;
  }
  // The duration in ns that `percent` of all stay at or below.
  uint64_t percentile(double percent) const {
    if (total_ == 0) return 0;
    const double wanted = percent / 100 * static_cast<double>(total_);
    uint64_t sum = 0;
    for (size_t i = 0; i < kBuckets; ++i) {
      sum += counts_[i];
      if (counts_[i] != 0 && static_cast<double>(sum) >= wanted) return upper_bound_ns(i);
    }
    return upper_bound_ns(kBuckets - 1);
  }

 private:
  static size_t bucket_of(uint64_t ns) {
    if (ns < 4) return ns;
    const auto exponent = static_cast<size_t>(std::bit_width(ns) - 1);
    const size_t bucket = (exponent - 1) * 4 + ((ns >> (exponent - 2)) & 3);
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }
  static uint64_t upper_bound_ns(size_t bucket) {
    if (bucket < 4) return bucket + 1;
    const size_t exponent = bucket / 4 + 1;
    return (uint64_t{4} + bucket % 4 + 1) << (exponent - 2);
  }

  std::array<uint32_t, kBuckets> counts_{};
  uint64_t total_ = 0;
};

}  // namespace scrubjay::metrics
