// What must be true of a hash table's segments (table.h), for tests. Used by the table's owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "scrubjay/detail/table_segment.h"

namespace scrubjay::detail {

inline void check_table(bool good) {
  if (!good) std::abort();
}

// Aborts when the directory does not point at the segment in all cells of `prefix`, or an entry is
// where no lookup finds it. hash_of(value) tells the hash of the entry in a cell.
template <class HashOf>
void check_table_segment(const TableDirectory* directory, TableSegment* segment, uint64_t prefix,
                         HashOf&& hash_of) {
  const TableRef ref(segment);
  const size_t first = directory->index(prefix);
  check_table(ref.depth() <= directory->depth && ref.lag() <= kTableMaxLag &&
              ref.lag() <= ref.depth());
  for (size_t i = 0; i < size_t{1} << (directory->depth - ref.depth()); ++i) {
    check_table(directory->cells()[first + i].load(std::memory_order_relaxed) == ref.bits());
  }
  const size_t in_buckets_end = kTableInlineStash + kTableBucketCells * size_t{ref.buckets()};
  uint64_t overflowed = 0;
  uint32_t count = 0;
  for (size_t i = 0; i < segment->cell_count(); ++i) {
    const uint64_t value = segment->cells()[i].load(std::memory_order_relaxed);
    const bool in_buckets = i >= kTableInlineStash && i < in_buckets_end;
    if (!in_buckets) {
      const size_t index =
          i < kTableInlineStash ? i : i - kTableBucketCells * size_t{ref.buckets()};
      check_table((value != 0) == (index < segment->stash_used));
    }
    if (value == 0) continue;
    ++count;
    const uint64_t hash = hash_of(value);
    check_table(ref.prefix(hash) == prefix && ref.tag(hash) == value >> kTablePointerBits);
    const unsigned bucket = ref.bucket(ref.tag(hash));
    check_table(hash >= ref.bucket_start(prefix, bucket));
    check_table(bucket + 1 == ref.buckets() ||
                hash >> kTableTagBits < ref.bucket_start(prefix, bucket + 1) >> kTableTagBits);
    if (in_buckets) {
      check_table((i - kTableInlineStash) / kTableBucketCells == bucket);
      continue;
    }
    overflowed |= uint64_t{1} << bucket;
    for (unsigned k = 0; k < kTableBucketCells; ++k) {
      check_table(segment->bucket(bucket)[k].load(std::memory_order_relaxed) != 0);
    }
  }
  check_table(count == segment->count && overflowed == segment->overflowed);
}

}  // namespace scrubjay::detail
