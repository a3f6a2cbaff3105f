// The runs of a sparse HyperLogLog, in Redis's format: a byte for up to 64 zeros, two for up to
// 16384, a byte for up to four registers of one value.
#pragma once

#include <cstddef>
#include <string_view>

#include "objects/hyperloglog.h"

namespace scrubjay::objects {

struct HllRun {
  size_t length = 0;  // registers
  size_t bytes = 0;
  unsigned value = 0;
};

// The run that begins at bytes[at]. One of two bytes of which the second is missing counts as if
// that were 0, as in Redis.
HllRun hll_read_run(std::string_view bytes, size_t at);

// Writes a run of any value (none if it is empty), returns where it ends.
char* hll_write_run(char* out, unsigned value, size_t length);

// Joins neighbours of the same value where their sum fits one run. Redis looks at five runs from
// the one before the edit on, and so must we, to have the same bytes. Returns the new end.
char* hll_join_runs(char* at, char* end);

// Where the search for a register may begin: a run, and the first register in it.
struct HllRunCursor {
  size_t at = kHllHeader;
  size_t first = 0;
};

// A register's run and the two before it; they are the cursor's where there are none behind it.
struct HllRunPlace {
  HllRunCursor before_last;
  HllRunCursor last;
  HllRunCursor here;
  HllRun run;  // no bytes: not found
};
HllRunPlace hll_find_run(std::string_view bytes, size_t index, HllRunCursor from);

}  // namespace scrubjay::objects
