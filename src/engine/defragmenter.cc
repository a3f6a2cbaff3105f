#include "engine/defragmenter.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/memory.h"

namespace scrubjay::engine {
namespace {

constexpr int64_t kLookEveryMs = 100;
constexpr int64_t kAfterWalkMs = 1000;  // what the walk has brought is measured by then
constexpr size_t kKeysPerHold = 32;
// A walk may bring little: the next one is not soon, unless much has been freed since.
constexpr int64_t kPauseMs = 5000;
constexpr int64_t kPausePerWalk = 10;

}  // namespace

bool Defragmenter::is_worth_it(int64_t now_ms) {
  const config::Config& config = services_.config;
  expecting_ = false;
  if (!config.activedefrag) return false;
  const uint64_t allocated = used_bytes();
  const uint64_t before = std::exchange(used_at_look_, allocated);
  expecting_ = is_falling(allocated, before) || scattered_bytes_are_stale();
  if (expecting_) return false;
  const uint64_t scattered = scattered_bytes();
  if (scattered <= allocated / 100 * static_cast<uint64_t>(config.active_defrag_threshold_lower))
    return false;
  if (one_more_) return true;
  if (now_ms < pause_until_ms_ && allocated > allocated_before_ / 4 * 3) return false;
  return scattered > config.active_defrag_ignore_bytes;
}

void Defragmenter::start(int64_t now_ms) {
  running_ = true;
  allocated_before_ = used_bytes();
  started_ms_ = now_ms;
  stripe_ = worker_.index;
  place_ = {};
  services_.defragmenting.fetch_add(1, std::memory_order_relaxed);
}

void Defragmenter::finish(int64_t now_ms) {
  running_ = false;
  const int64_t took_ms = now_ms - started_ms_;
  next_ms_ = now_ms + kAfterWalkMs;
  pause_until_ms_ = now_ms + std::max(kPauseMs, kPausePerWalk * took_ms);
  one_more_ = used_bytes() < allocated_before_ / 16 * 15;
  worker_.counters.defrag_ms += static_cast<uint64_t>(took_ms);
  services_.defragmenting.fetch_sub(1, std::memory_order_relaxed);
}

void Defragmenter::run_slice(int64_t now_ns) {
  constexpr int64_t kNsPerMs = 1'000'000;
  const int64_t now_ms = now_ns / kNsPerMs;
  if (now_ms < next_ms_) return;
  if (!running_) {
    next_ms_ = now_ms + kLookEveryMs;
    if (!is_worth_it(now_ms)) return;
    start(now_ms);
  }
  next_ms_ = now_ms + 1;
  store::Keyspace& keyspace = services_.keyspace;
  const int64_t slice_ns = kNsPerMs / 100 * services_.config.active_defrag_cycle_max;
  while (services_.clock.now_ns() - now_ns < slice_ns && !services_.gates.wanted()) {
    if (stripe_ >= keyspace.stripe_count()) return finish(now_ms);
    store::Stripe& stripe = keyspace.stripe(stripe_);
    store::DefragCounts counts;
    bool more = false;
    {
      const std::lock_guard lock(stripe.mutex);
      more = store::defrag_some(stripe, place_, kKeysPerHold, counts);
    }
    worker_.counters.defrag_moved += counts.moved;
    worker_.counters.defrag_stayed += counts.stayed;
    if (more) continue;
    stripe_ += static_cast<uint32_t>(services_.workers.size());
    place_ = {};
  }
}

}  // namespace scrubjay::engine
