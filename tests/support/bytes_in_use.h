// For tests that what was allocated is freed.
#pragma once

#include <cstdint>

#include "base/memory.h"

namespace scrubjay::test {

// What this thread has allocated and not freed. With a sanitizer nothing: it finds by itself what
// is not freed, or twice, and counts what was freed until it is sure.
inline int64_t bytes_in_use() {
  return allocator_name() == "libc" ? 0 : thread_bytes();
}

}  // namespace scrubjay::test
