// What a thread may allocate before it has to look at the memory of the whole server again. So a
// command costs two loads from the thread's own counters, and no line that threads share.
#pragma once

#include <cstdint>

#include "base/memory.h"

namespace scrubjay::engine {

class Room {
 public:
  // Whether so many bytes more are certain to fit.
  bool fits(uint64_t bytes) const {
    return thread_bytes() - mark_ + static_cast<int64_t>(bytes) <= credit_;
  }
  // What the thread has allocated since the last look.
  int64_t spent() const { return has_looked_ ? thread_bytes() - mark_ : 0; }
  // To be called after a look, by the thread itself.
  void give(int64_t credit) {
    mark_ = thread_bytes();
    credit_ = credit;
    has_looked_ = true;
  }
  void give_nothing() { give(kNone); }
  // Forces a look; what was spent before counts for nothing. World held.
  void revoke() {
    credit_ = kNone;
    has_looked_ = false;
  }

  // Set aside for what is about to be allocated, until it is.
  uint64_t reserved = 0;

  // What the last look found: more is in use than the limit, and nothing could be evicted.
  bool out_of_memory = false;

 private:
  static constexpr int64_t kNone = INT64_MIN / 2;
  int64_t mark_ = 0;
  int64_t credit_ = kNone;
  bool has_looked_ = false;
};

}  // namespace scrubjay::engine
