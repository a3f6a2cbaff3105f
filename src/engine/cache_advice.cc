#include "engine/cache_advice.h"

#include <memory>

namespace scrubjay::engine {
namespace {

using config::EvictionPolicy;
using detail::CacheAdvisor;

// Only keys without a deadline tell a volatile policy from its sibling: the shadows hold none.
CacheAdvisor::MakeShadow shadow_of(Services& services) {
  const store::Policy& policy = services.keyspace.policy;
  const auto samples = static_cast<size_t>(policy.samples) * 3;
  const auto log_factor = static_cast<uint64_t>(policy.lfu_log_factor);
  switch (policy.eviction) {
    case EvictionPolicy::kAllkeysLru:
    case EvictionPolicy::kVolatileLru:
      return [](size_t keys) { return std::make_unique<detail::RecencyShadow>(keys); };
    case EvictionPolicy::kVolatileTtl:  // who came first goes first, where all live equally long
      return [](size_t keys) { return std::make_unique<detail::RecencyShadow>(keys, true); };
    case EvictionPolicy::kAllkeysLfu:
    case EvictionPolicy::kVolatileLfu:
      return [=](size_t keys) {
        return std::make_unique<detail::SampledShadow>(keys, samples, log_factor);
      };
    case EvictionPolicy::kAllkeysRandom:
    case EvictionPolicy::kVolatileRandom:
      return [](size_t keys) { return std::make_unique<detail::SampledShadow>(keys, 1, 10); };
    default:
      return [&services](size_t keys) {
        return std::make_unique<detail::AdaptiveShadow>(
            keys, [&services] { return services.keyspace.window.share(); });
      };
  }
}

}  // namespace

detail::CacheAdvisor::Advice cache_advice(Services& services, bool world) {
  const store::StripeCounters counters = services.keyspace.counters(world);
  // Counters that are below what they were have been reset meanwhile.
  const AdviceState& start = services.advice;
  const uint64_t hits = counters.hits - (counters.hits >= start.hits ? start.hits : 0);
  const uint64_t misses = counters.misses - (counters.misses >= start.misses ? start.misses : 0);
  const double all = static_cast<double>(hits) + static_cast<double>(misses);
  return services.keyspace.advisor.advice(all == 0 ? 0 : static_cast<double>(hits) / all);
}

void tend_cache_advice(Services& services, uint64_t keys_when_full, bool world) {
  AdviceState& state = services.advice;
  const uint64_t wanted = services.config.cache_advise ? keys_when_full : 0;
  const EvictionPolicy policy = services.keyspace.policy.eviction;
  const bool as_before = policy == state.policy && state.keys != 0 && wanted > state.keys / 2 &&
                         wanted < state.keys + state.keys / 2;
  if (as_before || (wanted == 0 && state.keys == 0)) return;
  const store::StripeCounters counters = services.keyspace.counters(world);
  state = {wanted, policy, counters.hits, counters.misses};
  services.keyspace.advisor.start(wanted, shadow_of(services));
}

}  // namespace scrubjay::engine
