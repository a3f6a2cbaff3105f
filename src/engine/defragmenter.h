// Gives memory back that scattered entries hold (store/defrag.h): each I/O thread walks its share
// of the stripes in slices, when more than the options allow is free in pages that are in use. A
// walk takes at most active-defrag-cycle-max percent of the thread. Used by engine/maintenance.
#pragma once

#include <cstdint>

#include "engine/services.h"
#include "store/defrag.h"

namespace scrubjay::engine {

class Defragmenter {
 public:
  Defragmenter(Services& services, Worker& worker) : services_(services), worker_(worker) {}

  // When run_slice() goes on with a walk, or looks again because memory has just been freed, in ms;
  // INT64_MAX if neither is planned.
  int64_t next_due() const { return running_ || expecting_ ? next_ms_ : INT64_MAX; }
  // Also looks now and then whether a walk is worth it, so it is to be called with each tick. Gate
  // raised, no stripe held.
  void run_slice(int64_t now_ns);

 private:
  bool is_worth_it(int64_t now_ms);
  void start(int64_t now_ms);
  void finish(int64_t now_ms);

  Services& services_;
  Worker& worker_;
  bool running_ = false;
  // Memory is being freed, or was and has not been measured since. A walk now would begin before
  // its time: what goes after it has passed leaves holes again.
  bool expecting_ = false;
  uint64_t used_at_look_ = 0;
  int64_t next_ms_ = 0;
  int64_t started_ms_ = 0;  // the last walk
  int64_t pause_until_ms_ = 0;
  uint64_t allocated_before_ = 0;  // the last walk
  // Much was freed during the last walk, also where it had been: another walk follows, however few
  // bytes that are.
  bool one_more_ = false;
  uint32_t stripe_ = 0;
  store::DefragPlace place_;
};

}  // namespace scrubjay::engine
