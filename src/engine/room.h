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
  // What the thread has allocated since it was given credit.
  int64_t spent() const { return thread_bytes() - mark_; }
  void give(int64_t credit) {
    mark_ = thread_bytes();
    credit_ = credit;
  }
  // Forces a look. World held, or by the thread itself.
  void revoke() { credit_ = INT64_MIN / 2; }

  // What the last look found: more is in use than the limit, and nothing could be evicted.
  bool out_of_memory = false;

 private:
  int64_t mark_ = 0;
  int64_t credit_ = INT64_MIN / 2;
};

}  // namespace scrubjay::engine
