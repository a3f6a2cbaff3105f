// Server-assisted client-side caching as the engine sees it: what clients read and change, who
// learns of it, and when. docs/invalidation.md tells the whole.
#pragma once

#include <span>

#include "engine/client.h"
#include "store/change.h"
#include "store/key.h"

namespace scrubjay::engine {

struct Services;
struct Worker;

// The client has read these keys by a read-only command. Their stripes are held.
void remember_reads(Services& services, Worker& worker, const Client& client,
                    std::span<const store::Key> keys);

// The key's value has changed: records it, and tells who may have cached it. Its stripe is held.
void invalidate(Services& services, Worker& worker, const store::Change& change);
// The same of all keys of all databases. World held.
void invalidate_all(Services& services, Worker& worker);

// A command has ended; its locks are still held. Then, when all it has read is remembered:
void command_ended(Worker& worker);
// The client's command, or its whole transaction, has its reply: it learns what it has invalidated
// of its own. Its locks are still held.
void tell_itself(Worker& worker, const Client& client);

// The end of a turn, before any of its replies leaves: what was changed is broadcast, and more
// keys than may be remembered are forgotten. Gate raised, no stripe held.
void end_turn(Services& services, Worker& worker);

// World held.
void stop_tracking(Services& services, Client& client);
// The connection ends. Who gets its invalidations can't know what is no longer tracked, and is told
// to forget everything. Gate raised.
void drop_tracking(Services& services, Worker& worker, Client& client);

}  // namespace scrubjay::engine
