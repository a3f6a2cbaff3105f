// Small caches of keys without values, run beside a real one to learn how it would do if it were
// otherwise: miniature simulation (Waldspurger, Saemundsson, Ahmad, Park, 2017). Each sees the same
// sample of the keys, chosen by hash, and is as much smaller than the real cache as the sample is
// smaller than the traffic. All entries count as one.
//
// Threads. None: the owner serialises all calls.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scrubjay/detail/frequency_sketch.h"

namespace scrubjay::detail {

// What happened to a key in the real cache.
enum class KeyUse : uint8_t { kHit, kMiss, kWrite };

class ShadowCache {
 public:
  virtual ~ShadowCache() = default;
  // Returns whether the key was there. What the real cache does not hold comes in when it is
  // written, not when it is missed.
  virtual bool use(uint64_t hash, KeyUse how) = 0;
};

// The least recently used key goes first, or the oldest (`in_order_of_arrival`).
class RecencyShadow final : public ShadowCache {
 public:
  explicit RecencyShadow(size_t capacity, bool in_order_of_arrival = false)
      : capacity_(std::max<size_t>(capacity, 1)), in_order_of_arrival_(in_order_of_arrival) {}

  bool use(uint64_t hash, KeyUse how) override {
    const auto found = places_.find(hash);
    if (found != places_.end()) {
      if (!in_order_of_arrival_) order_.splice(order_.end(), order_, found->second);
      return true;
    }
    if (how == KeyUse::kMiss) return false;
    places_.emplace(hash, order_.insert(order_.end(), hash));
    if (order_.size() > capacity_) {
      places_.erase(order_.front());
      order_.pop_front();
    }
    return false;
  }

 private:
  const size_t capacity_;
  const bool in_order_of_arrival_;
  std::list<uint64_t> order_;  // the next to go first
  std::unordered_map<uint64_t, std::list<uint64_t>::iterator> places_;
};

// Of some keys drawn at random the one with the lowest logarithmic counter goes first, as under
// Redis's LFU policies, though without decay over time; or the only one drawn.
class SampledShadow final : public ShadowCache {
 public:
  SampledShadow(size_t capacity, size_t samples, uint64_t log_factor)
      : capacity_(std::max<size_t>(capacity, 1)), samples_(samples), log_factor_(log_factor) {}

  bool use(uint64_t hash, KeyUse how) override {
    const auto found = places_.find(hash);
    if (found != places_.end()) {
      raise(keys_[found->second].counter);
      return true;
    }
    if (how == KeyUse::kMiss) return false;
    if (keys_.size() >= capacity_) evict();
    places_.emplace(hash, keys_.size());
    keys_.push_back({hash, kNew});
    return false;
  }

 private:
  static constexpr uint32_t kNew = 5;
  static constexpr uint32_t kMost = 255;
  struct Key {
    uint64_t hash;
    uint32_t counter;
  };

  uint64_t draw() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_ >> 11;
  }
  void raise(uint32_t& counter) {
    if (counter >= kMost) return;
    const uint64_t above = counter > kNew ? counter - kNew : 0;
    if (draw() % (above * log_factor_ + 1) == 0) ++counter;
  }
  void evict() {
    size_t worst = draw() % keys_.size();
    for (size_t i = 1; i < samples_; ++i) {
      const size_t other = draw() % keys_.size();
      if (keys_[other].counter < keys_[worst].counter) worst = other;
    }
    places_.erase(keys_[worst].hash);
    if (worst + 1 != keys_.size()) {
      keys_[worst] = keys_.back();
      places_[keys_[worst].hash] = worst;
    }
    keys_.pop_back();
  }

  const size_t capacity_;
  const size_t samples_;
  const uint64_t log_factor_;
  uint64_t random_ = 0x9e3779b97f4a7c15;
  std::vector<Key> keys_;
  std::unordered_map<uint64_t, size_t> places_;
};

// The adaptive policy (eviction_policy.h) with a share of the window that is given, or follows the
// real one's.
class AdaptiveShadow final : public ShadowCache {
 public:
  AdaptiveShadow(size_t capacity, double window_share)
      : capacity_(std::max<size_t>(capacity, 1)), sketch_(capacity_) {
    places_.reserve(capacity_ + 1);
    set_window_share(window_share);
  }

  AdaptiveShadow(size_t capacity, std::function<double()> window_share)
      : AdaptiveShadow(capacity, window_share()) {
    follow_ = std::move(window_share);
  }

  void set_window_share(double share) {
    window_limit_ =
        std::max<size_t>(1, static_cast<size_t>(share * static_cast<double>(capacity_)));
  }

  bool use(uint64_t hash, KeyUse how) override {
    const auto found = places_.find(hash);
    if (how != KeyUse::kWrite || sketch_.estimate(hash) == 0) sketch_.count(hash);
    if (found != places_.end()) {
      if (found->second < kMost) ++found->second;
      return true;
    }
    if (how == KeyUse::kMiss) return false;
    if (follow_) set_window_share(follow_());
    window_.push_back(hash);
    places_.emplace(hash, 0);
    make_room();
    return false;
  }

 private:
  static constexpr uint8_t kMost = 3;
  static constexpr uint32_t kChances = 8;
  static constexpr uint32_t kOftenWanted = 6;
  static constexpr uint32_t kLuck = 128;

  void make_room() {
    while (window_.size() > window_limit_) {
      const uint64_t candidate = window_.front();
      window_.pop_front();
      uint8_t& counter = places_[candidate];
      if (counter > 0 && window_limit_ > 1 && ++second_chances_ % kChances != 0) {
        counter = 0;
        window_.push_back(candidate);
        continue;
      }
      if (places_.size() > capacity_) {
        if (main_.empty()) {
          places_.erase(candidate);
          continue;
        }
        const uint64_t victim = main_victim();
        if (!beats(candidate, victim)) {
          places_.erase(candidate);
          continue;
        }
        main_.pop_front();
        places_.erase(victim);
      }
      places_[candidate] = 0;
      main_.push_back(candidate);
    }
    while (places_.size() > capacity_) {
      std::deque<uint64_t>& queue = main_.empty() ? window_ : main_;
      if (!main_.empty()) main_victim();
      places_.erase(queue.front());
      queue.pop_front();
    }
  }

  uint64_t main_victim() {
    for (;;) {
      const uint64_t victim = main_.front();
      uint8_t& counter = places_[victim];
      if (counter == 0) return victim;
      --counter;
      main_.pop_front();
      main_.push_back(victim);
    }
  }

  bool beats(uint64_t candidate, uint64_t victim) {
    const uint32_t frequency = sketch_.estimate(candidate);
    if (frequency > sketch_.estimate(victim)) return true;
    return frequency >= kOftenWanted && ++luck_ % kLuck == 0;
  }

  const size_t capacity_;
  std::function<double()> follow_;
  size_t window_limit_ = 1;
  FrequencySketch sketch_;
  std::unordered_map<uint64_t, uint8_t> places_;  // the counter of each key
  std::deque<uint64_t> window_;
  std::deque<uint64_t> main_;
  uint32_t second_chances_ = 0;
  uint32_t luck_ = 0;
};

}  // namespace scrubjay::detail
