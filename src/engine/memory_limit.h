// Keeps the memory in use under `maxmemory`: looks at it, evicts, and counts for how long it was
// exceeded. Called before a command's locks are taken, with the thread's gate raised or the world
// held.
#pragma once

#include <cstdint>

#include "engine/services.h"

namespace scrubjay::engine {

// Makes room for `bytes` more than are in use. A thread evicts at least as much as it has allocated
// itself, so that no burst gets ahead of eviction; beyond that it stops after a while
// (maxmemory-eviction-tenacity), and Maintenance goes on. False: more is in use than the limit, and
// nothing may be evicted. Large sizes stay set aside until end_reservation().
bool make_room_slowly(Services& services, Worker& worker, uint64_t bytes);

// Ends what make_room() has set aside, after the allocation.
void end_reservation(Services& services, Worker& worker);

inline bool make_room(Services& services, Worker& worker, uint64_t bytes) {
  return worker.room.fits(bytes) || make_room_slowly(services, worker, bytes);
}

// What counts against the limit: what is allocated, but not what waits to be freed.
uint64_t counted_memory(const Services& services);

// Whether more is in use than the limit, and something may be done about it. `uncounted` bytes are
// in use, but do not count.
bool has_to_evict(const Services& services, uint64_t uncounted = 0);

// Evictions in a row. What telling clients of them allocates does not count meanwhile: it goes when
// they have been told, and to evict for it would be to tell still more.
class EvictionRound : private store::ChangeListener {
 public:
  EvictionRound(Services& services, Worker& worker) : services_(services), worker_(worker) {}

  // Removes a few keys; false if none may go.
  bool evict_some();
  uint64_t told_bytes() const { return told_bytes_; }

 private:
  void changed(const store::Change& change) override;

  Services& services_;
  Worker& worker_;
  uint64_t told_bytes_ = 0;
};

// Counts for how long the limit is exceeded.
void note_memory_use(Services& services);

// Tells the adaptive policy how much it has to share. The world is held (`world`), or the first
// thread's gate raised.
void plan_memory(Services& services, bool world);

// Ten times a second, on the first thread, gate lowered.
void tend_memory(Services& services, Worker& worker);

}  // namespace scrubjay::engine
