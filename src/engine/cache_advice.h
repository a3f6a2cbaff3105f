// CACHE.ADVISE's side of the engine: starts and ends the watching (option cache-advise), by shadow
// caches of the present policy.
#pragma once

#include <cstdint>

#include "engine/services.h"

namespace scrubjay::engine {

// Starts watching if the option says so and the cache is full enough to tell how many keys fit;
// starts anew when that number or the policy has changed. With the world held (`world`), or on the
// first thread.
void tend_cache_advice(Services& services, uint64_t keys_when_full, bool world);

// What can be told now; no stripe may be locked but by who holds the world.
detail::CacheAdvisor::Advice cache_advice(Services& services, bool world);

}  // namespace scrubjay::engine
