#include "engine/memory_limit.h"

#include <algorithm>
#include <cmath>

#include "engine/cache_advice.h"
#include "engine/waiting.h"
#include "store/eviction.h"

namespace scrubjay::engine {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr uint64_t kMuch = 64 << 10;  // to allocate at once

// Redis's scale: 50 us for each step up to 10, then 15 percent more with each; 100 is no limit.
int64_t longest_eviction_ns(int64_t tenacity) {
  constexpr int64_t kStepNs = 50'000;
  if (tenacity >= 100) return INT64_MAX;
  if (tenacity <= 10) return tenacity * kStepNs;
  return static_cast<int64_t>(10 * kStepNs * std::pow(1.15, static_cast<double>(tenacity - 10)));
}

// How far one thread may go beyond the limit before it looks again.
int64_t overshoot(uint64_t limit, size_t threads) {
  constexpr uint64_t kMostPerThread = 32 << 10;
  constexpr uint64_t kMost = 512 << 10;
  return static_cast<int64_t>(std::min({limit / 1000 / threads, kMost / threads, kMostPerThread}));
}

void note_exceeded(Services& services, bool exceeded) {
  const int64_t now_ms = services.clock.now_ms();
  int64_t since = services.exceeded_since_ms.load(std::memory_order_relaxed);
  if (exceeded) {
    if (since == 0) services.exceeded_since_ms.compare_exchange_strong(since, now_ms);
  } else if (since != 0 && services.exceeded_since_ms.compare_exchange_strong(since, 0)) {
    services.exceeded_total_ms.fetch_add(now_ms - since, std::memory_order_relaxed);
  }
}

void note_latency(Services& services, int64_t took_ns) {
  const int64_t threshold = services.config.latency_monitor_threshold_ms;
  if (threshold > 0 && took_ns / kNsPerMs >= threshold)
    services.latency_monitor.add("eviction-cycle", services.clock.now_ms(), took_ns / kNsPerMs);
}

}  // namespace

uint64_t counted_memory(const Services& services) {
  const uint64_t allocated = used_bytes();
  const uint64_t dying = services.janitor.pending_bytes();
  return allocated > dying ? allocated - dying : 0;
}

void note_memory_use(Services& services) {
  const uint64_t limit = services.config.maxmemory;
  note_exceeded(services, limit != 0 && counted_memory(services) > limit);
}

bool has_to_evict(const Services& services, uint64_t uncounted) {
  const uint64_t limit = services.config.maxmemory;
  return limit != 0 && services.config.maxmemory_policy != config::EvictionPolicy::kNoEviction &&
         !services.keyspace.frozen && !services.nothing_to_evict.load(std::memory_order_relaxed) &&
         counted_memory(services) > limit + uncounted;
}

bool EvictionRound::evict_some() {
  return store::evict_some(services_.keyspace, worker_.world, this) > 0;
}

void EvictionRound::changed(const store::Change& change) {
  const int64_t before = thread_bytes();
  worker_.effects->changed(change);
  told_bytes_ += static_cast<uint64_t>(std::max<int64_t>(thread_bytes() - before, 0));
}

void end_reservation(Services& services, Worker& worker) {
  if (worker.room.reserved == 0) return;
  services.reserved_memory.fetch_sub(worker.room.reserved, std::memory_order_relaxed);
  worker.room.reserved = 0;
}

bool make_room_slowly(Services& services, Worker& worker, uint64_t bytes) {
  const uint64_t limit = services.config.maxmemory;
  const size_t threads = services.workers.size();
  if (services.keyspace.frozen) return true;  // while clients are paused nothing is evicted
  end_reservation(services, worker);
  if (bytes >= kMuch) {
    worker.room.reserved = bytes;
    services.reserved_memory.fetch_add(bytes, std::memory_order_relaxed);
  }
  uint64_t used = counted_memory(services);
  // What this thread and the others have set aside must fit as well.
  const auto most = [&] {
    const uint64_t wanted =
        services.reserved_memory.load(std::memory_order_relaxed) + (bytes >= kMuch ? 0 : bytes);
    return limit > wanted ? limit - wanted : 0;
  };
  bool found_some = true;
  if (used > most()) {
    // Own debts are paid in full; of what was over the limit already, some.
    const int64_t debt = std::max<int64_t>(worker.room.spent(), 0) + static_cast<int64_t>(bytes);
    const uint64_t start = used;
    const int64_t start_ns = services.clock.now_ns();
    const int64_t most_ns = longest_eviction_ns(services.config.maxmemory_eviction_tenacity);
    int64_t took_ns = 0;
    EvictionRound round(services, worker);
    while (used > most()) {
      found_some = round.evict_some();
      if (!found_some) break;
      const uint64_t counted = counted_memory(services);
      used = counted - std::min(counted, round.told_bytes());
      took_ns = services.clock.now_ns() - start_ns;
      if (took_ns > most_ns && (debt > INT64_MAX / 2 || static_cast<int64_t>(start - used) > debt))
        break;
    }
    if (services.keyspace.any_gone()) serve_waiters_of_gone_keys(services, worker);
    note_latency(services, took_ns);
  }
  const bool exceeded = used > limit;
  note_exceeded(services, exceeded);
  services.nothing_to_evict.store(!found_some, std::memory_order_relaxed);
  // Far enough from the limit that what was just evicted does not count.
  services.keyspace.spacious.store(used + limit / 8 < most(), std::memory_order_relaxed);
  worker.room.out_of_memory = exceeded && !found_some;
  if (exceeded) {
    worker.room.give_nothing();
  } else {
    const uint64_t free = used < most() ? most() - used : 0;
    const auto left = static_cast<int64_t>(free / (2 * threads));
    worker.room.give(std::max(left, overshoot(limit, threads)));
  }
  return !worker.room.out_of_memory;
}

void tend_memory(Services& services, Worker& worker) {
  services.gates.enter(worker.gate);
  if (services.config.maxmemory != 0) {
    note_memory_use(services);
    plan_memory(services, false);
  }
  services.gates.leave(worker.gate);
}

void plan_memory(Services& services, bool world) {
  store::Keyspace& keyspace = services.keyspace;
  const uint64_t limit = services.config.maxmemory;
  const uint64_t fixed = services.startup_memory;
  const uint64_t data = limit > fixed ? limit - fixed : limit / 2;
  keyspace.stripe_bytes = data / keyspace.stripe_count();
  if (limit == 0 || !keyspace.policy.adaptive()) keyspace.window.set_capacity(0);
  if (limit == 0) return tend_cache_advice(services, 0, world);
  // How many keys there will be when it is full; too few tell nothing yet.
  const uint64_t used = counted_memory(services);
  if (used <= fixed || used - fixed < data / 4) return;
  uint64_t keys = 0;
  for (int database = 0; database < keyspace.databases(); ++database)
    keys += keyspace.size(database, world).keys;
  const double full = static_cast<double>(data) / static_cast<double>(used - fixed);
  const uint64_t keys_when_full = static_cast<uint64_t>(static_cast<double>(keys) * full);
  if (keys_when_full == 0) return;
  if (keyspace.policy.adaptive()) keyspace.window.set_capacity(keys_when_full);
  tend_cache_advice(services, keys_when_full, world);
}

}  // namespace scrubjay::engine
