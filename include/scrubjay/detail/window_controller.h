// Finds the share of the window for all of a cache (eviction_policy.h): five shadow caches with
// windows from 1 to 80 percent see the same sample of the keys; the real window moves step by step
// towards the one that hits most. Their scores fade, and a rival has to be clearly better, so that
// noise does not move the window, while a change of the traffic does within a few periods.
//
// Threads. sampled() and share() may be called by anyone at any time. use() and set_capacity() take
// a lock inside; a use that finds it taken is left out.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "scrubjay/detail/shadow_cache.h"

namespace scrubjay::detail {

class WindowController {
 public:
  // Which of the keys are watched, by 32 bits of their hash that nothing else looks at closely.
  bool sampled(uint64_t hash) const {
    return static_cast<uint32_t>(hash * kMixer >> 32) < threshold_.load(std::memory_order_relaxed);
  }

  // How large a part of the cache the window is to be, between 0 and 1.
  double share() const { return share_.load(std::memory_order_relaxed); }

  uint64_t capacity() const { return capacity_.load(std::memory_order_relaxed); }

  // The keys that the real cache holds when it is full. Shadows start anew when this has changed by
  // more than a half; 0 switches them off.
  void set_capacity(uint64_t keys) {
    const uint64_t now = capacity_.load(std::memory_order_relaxed);
    if (keys == now || (now != 0 && keys != 0 && keys > now / 2 && keys < now + now / 2)) return;
    const std::lock_guard lock(mutex_);
    capacity_.store(keys, std::memory_order_relaxed);
    shadows_.clear();
    if (keys == 0) {
      threshold_.store(0, std::memory_order_relaxed);
      return;
    }
    const uint64_t rate = std::max<uint64_t>(1, keys / kShadowKeys);
    threshold_.store(rate == 1 ? UINT32_MAX : static_cast<uint32_t>((uint64_t{1} << 32) / rate),
                     std::memory_order_relaxed);
    for (const double share : kShares)
      shadows_.push_back(
          std::make_unique<AdaptiveShadow>(std::max<uint64_t>(1, keys / rate), share));
    period_ = std::max<uint64_t>(keys, kLeastPeriod) / rate;
    uses_ = 0;
    hits_ = {};
    scores_ = {};
  }

  // Something was asked of a sampled key.
  void use(uint64_t hash, KeyUse how) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || shadows_.empty()) return;
    for (size_t i = 0; i < shadows_.size(); ++i) {
      const bool hit = shadows_[i]->use(hash, how);
      if (how != KeyUse::kWrite) hits_[i] += hit ? 1 : 0;
    }
    if (how != KeyUse::kWrite && ++uses_ >= period_) move();
  }

 private:
  static constexpr uint64_t kMixer = 0x9fb21c651e98df25;
  static constexpr std::array kShares{0.01, 0.1, 0.25, 0.5, 0.8};
  static constexpr uint64_t kShadowKeys = 512;
  static constexpr uint64_t kLeastPeriod = 500;
  static constexpr double kFade = 0.9;
  static constexpr double kClearlyBetter = 1.005;
  static constexpr double kLargestStep = 0.125;
  static constexpr double kStartShare = 0.2;

  void move() {
    uses_ = 0;
    size_t winner = 0;
    for (size_t i = 0; i < kShares.size(); ++i) {
      scores_[i] = scores_[i] * kFade + static_cast<double>(hits_[i]);
      hits_[i] = 0;
      if (scores_[i] > scores_[winner]) winner = i;
    }
    if (scores_[winner] > scores_[best_] * kClearlyBetter) best_ = winner;
    const double share = share_.load(std::memory_order_relaxed);
    const double step = std::clamp(kShares[best_] - share, -kLargestStep, kLargestStep);
    share_.store(share + step, std::memory_order_relaxed);
  }

  std::atomic<uint32_t> threshold_{0};
  std::atomic<double> share_{kStartShare};
  std::atomic<uint64_t> capacity_{0};
  alignas(64) std::mutex mutex_;  // from here on only uses of sampled keys write
  std::vector<std::unique_ptr<AdaptiveShadow>> shadows_;
  std::array<uint64_t, kShares.size()> hits_{};
  std::array<double, kShares.size()> scores_{};
  size_t best_ = 0;
  uint64_t period_ = 0;
  uint64_t uses_ = 0;
};

}  // namespace scrubjay::detail
