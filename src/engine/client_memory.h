// What clients take, and making the largest of them go when all together take more than
// `maxmemory-clients`.
#pragma once

#include <cstdint>

#include "engine/services.h"

namespace scrubjay::engine {

// Bytes of one client: its buffers, its queued commands, what it watches and listens to. On its own
// thread, or with the world held.
uint64_t client_bytes(const Client& client);

// The limit in bytes; 0 for none.
uint64_t client_memory_limit(const config::Config& config);

// Closes the largest clients until the others fit. Gate raised; takes the world.
void evict_clients(Services& services, Worker& worker);

}  // namespace scrubjay::engine
