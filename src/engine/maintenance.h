// What each I/O thread does besides serving: turns the TTL wheels of its share of the stripes and
// moves their entries together, in slices short enough that no request waits for one. Called by
// net/io_thread on the thread itself.
#pragma once

#include <cstdint>

#include "engine/defragmenter.h"
#include "engine/services.h"

namespace scrubjay::engine {

class Maintenance {
 public:
  Maintenance(Services& services, Worker& worker)
      : services_(services), worker_(worker), defragmenter_(services, worker) {}

  // Works for at most one slice. Returns the instant in ms of the next work, or a time in the past
  // if more is due already (INT64_MAX: nothing is planned).
  int64_t run_slice();

  // When the wheels of this thread's stripes have work next.
  int64_t next_due() const;

 private:
  void evict_slice(int64_t start_ns);

  Services& services_;
  Worker& worker_;
  Defragmenter defragmenter_;
};

}  // namespace scrubjay::engine
