// What a cache's hit ratio would be with half, the same, twice and four times its memory: four
// caches of keys alone (shadow_cache.h) run by the same policy on the same sample of the keys,
// chosen by hash (SHARDS: Waldspurger, Park, Garthwaite, Ahmad, 2015). Fewer than 8,000 keys are
// held in all, about 1 MB.
//
// Threads. sampled() may be called by anyone; the other functions take a lock inside, and a use
// that finds it taken is left out.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "scrubjay/detail/shadow_cache.h"

namespace scrubjay::detail {

class CacheAdvisor {
 public:
  static constexpr std::array kFactors{0.5, 1.0, 2.0, 4.0};

  // Makes a cache of so many keys that is run by the present policy.
  using MakeShadow = std::function<std::unique_ptr<ShadowCache>(size_t keys)>;

  struct Advice {
    uint64_t requests = 0;                           // sampled reads
    double observed = 0;                             // hit ratio of the real cache
    std::array<double, kFactors.size()> expected{};  // by kFactors
  };

  bool sampled(uint64_t hash) const {
    return static_cast<uint32_t>(hash * kMixer >> 32) < threshold_.load(std::memory_order_relaxed);
  }
  bool running() const { return threshold_.load(std::memory_order_relaxed) != 0; }

  // Starts anew, for a real cache that holds so many keys when it is full; 0 ends it.
  void start(uint64_t keys, const MakeShadow& make) {
    const std::lock_guard lock(mutex_);
    requests_ = 0;
    real_hits_ = 0;
    hits_ = {};
    shadows_ = {};
    if (keys == 0) {
      threshold_.store(0, std::memory_order_relaxed);
      return;
    }
    const uint64_t rate = std::max<uint64_t>(1, keys / kShadowKeys);
    for (size_t i = 0; i < kFactors.size(); ++i) {
      const double wanted = static_cast<double>(keys) / static_cast<double>(rate) * kFactors[i];
      shadows_[i] = make(std::max<size_t>(1, static_cast<size_t>(wanted)));
    }
    threshold_.store(rate == 1 ? UINT32_MAX : static_cast<uint32_t>((uint64_t{1} << 32) / rate),
                     std::memory_order_relaxed);
  }

  void use(uint64_t hash, KeyUse how) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || !shadows_[0]) return;
    const bool counts = how != KeyUse::kWrite;
    requests_ += counts ? 1 : 0;
    real_hits_ += how == KeyUse::kHit ? 1 : 0;
    for (size_t i = 0; i < shadows_.size(); ++i) {
      const bool hit = shadows_[i]->use(hash, how);
      hits_[i] += counts && hit ? 1 : 0;
    }
  }

  // `observed`: the real cache's hit ratio among all requests since the start. Whether the few
  // hottest keys are in the sample decides how many hits it sees; the share of misses tells by how
  // much that is wrong.
  Advice advice(double observed) {
    const std::lock_guard lock(mutex_);
    Advice advice{.requests = requests_, .observed = observed};
    if (requests_ == 0) return advice;
    const auto misses = static_cast<double>(requests_ - real_hits_);
    const double scale = misses > 0 ? (1 - observed) / misses : 1 / static_cast<double>(requests_);
    for (size_t i = 0; i < hits_.size(); ++i) {
      const double ratio = 1 - static_cast<double>(requests_ - hits_[i]) * scale;
      advice.expected[i] = std::clamp(ratio, 0.0, 1.0);
    }
    return advice;
  }

 private:
  static constexpr uint64_t kMixer = 0x9fb21c651e98df25;
  static constexpr uint64_t kShadowKeys = 1024;

  std::atomic<uint32_t> threshold_{0};  // every use reads it; what follows only sampled ones write
  alignas(64) std::mutex mutex_;
  std::array<std::unique_ptr<ShadowCache>, kFactors.size()> shadows_;
  uint64_t requests_ = 0;
  uint64_t real_hits_ = 0;
  std::array<uint64_t, kFactors.size()> hits_{};
};

}  // namespace scrubjay::detail
