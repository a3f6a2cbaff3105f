#include "engine/maintenance.h"

#include <algorithm>
#include <limits>
#include <mutex>

#include "engine/client_tracking.h"
#include "engine/memory_limit.h"
#include "engine/waiting.h"
#include "store/eviction.h"
#include "store/expiry.h"

namespace scrubjay::engine {
namespace {

constexpr int64_t kSliceNs = 100'000;
constexpr size_t kKeysPerHold = 32;
constexpr int64_t kBusyPauseMs = 20;

}  // namespace

int64_t Maintenance::next_due() const {
  int64_t next = std::numeric_limits<int64_t>::max();
  store::Keyspace& keyspace = services_.keyspace;
  if (keyspace.frozen) return services_.pause.until_ms.load(std::memory_order_relaxed);
  if (worker_.index == 0 && services_.exceeded_since_ms.load(std::memory_order_relaxed) != 0) {
    services_.gates.enter(worker_.gate);  // for the configuration
    const bool goes_on = has_to_evict(services_);
    services_.gates.leave(worker_.gate);
    if (goes_on) return 0;
  }
  next = defragmenter_.next_due();
  if (!keyspace.active_expiry) return next;
  const auto threads = static_cast<uint32_t>(services_.workers.size());
  for (uint32_t i = worker_.index; i < keyspace.stripe_count(); i += threads) {
    next = std::min(next, keyspace.stripe(i).next_due.load(std::memory_order_relaxed));
  }
  return next;
}

// Goes on where no command had the time.
void Maintenance::evict_slice(int64_t start_ns) {
  EvictionRound round(services_, worker_);
  while (has_to_evict(services_, round.told_bytes()) &&
         services_.clock.now_ns() - start_ns < 2 * kSliceNs && !services_.gates.wanted()) {
    if (!round.evict_some()) break;
  }
  if (services_.exceeded_since_ms.load(std::memory_order_relaxed) != 0) note_memory_use(services_);
}

int64_t Maintenance::run_slice() {
  store::Keyspace& keyspace = services_.keyspace;
  const auto threads = static_cast<uint32_t>(services_.workers.size());
  services_.gates.enter(worker_.gate);
  const int64_t start_ns = services_.clock.now_ns();
  if (worker_.gate.visiting()) {  // time stands still for the keys while a script is busy
    services_.gates.leave(worker_.gate);
    return start_ns / 1'000'000 + kBusyPauseMs;
  }
  int64_t now_ns = start_ns;
  services_.end_pause_if_over(now_ns / 1'000'000);
  bool out_of_time = !keyspace.active_expiry || keyspace.frozen;
  for (uint32_t i = worker_.index; i < keyspace.stripe_count() && !out_of_time; i += threads) {
    store::Stripe& stripe = keyspace.stripe(i);
    bool done = stripe.next_due.load(std::memory_order_relaxed) > now_ns / 1'000'000;
    while (!done && !out_of_time) {
      {
        const std::lock_guard lock(stripe.mutex);
        done = store::expire_due(keyspace, stripe, now_ns / 1'000'000, kKeysPerHold,
                                 worker_.effects.get());
      }
      now_ns = services_.clock.now_ns();
      out_of_time = now_ns - start_ns >= kSliceNs || services_.gates.wanted();
    }
  }
  if (worker_.index == 0) evict_slice(start_ns);
  defragmenter_.run_slice(services_.clock.now_ns());
  if (keyspace.any_gone()) serve_waiters_of_gone_keys(services_, worker_);
  if (worker_.unsent.any_of_turn()) end_turn(services_, worker_);
  services_.gates.leave(worker_.gate);
  return next_due();
}

}  // namespace scrubjay::engine
