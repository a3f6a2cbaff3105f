// Looks at the eight cells of a table's bucket at once: with SSE2 where there is, which every
// x86-64 has. Built for the thread sanitizer cells are read one by one, so that it sees them.
//
// Threads. As reading the cells: beside writers a cell is read old or new, never torn, since cells
// are aligned to their eight bytes.
#pragma once

#include "scrubjay/detail/table_segment.h"

#if defined(__SSE2__) && !defined(__SANITIZE_THREAD__)
#include <emmintrin.h>
#define SCRUBJAY_TABLE_SSE2 1
#endif

namespace scrubjay::detail {

#ifdef SCRUBJAY_TABLE_SSE2

// Bit i is set when cell i carries the tag; an empty cell carries 0.
inline unsigned table_matches(const TableCell* cells, uint64_t tag) {
  const auto pair = [cells](unsigned i) {
    return _mm_castsi128_ps(_mm_load_si128(reinterpret_cast<const __m128i*>(cells) + i));
  };
  // The tags of two pairs, as numbers with a sign of 32 bits, so that packing does not clip them.
  const auto four_tags = [&](unsigned i) {
    const __m128i upper_halves =
        _mm_castps_si128(_mm_shuffle_ps(pair(i), pair(i + 1), _MM_SHUFFLE(3, 1, 3, 1)));
    return _mm_srai_epi32(upper_halves, 32 - static_cast<int>(kTableTagBits));
  };
  const __m128i tags = _mm_packs_epi32(four_tags(0), four_tags(2));
  const __m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16(static_cast<int16_t>(tag)));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128())));
}

#else

inline unsigned table_matches(const TableCell* cells, uint64_t tag) {
  unsigned matches = 0;
  for (unsigned i = 0; i < kTableBucketCells; ++i) {
    const uint64_t value = cells[i].load(std::memory_order_relaxed);
    matches |= static_cast<unsigned>(value >> kTablePointerBits == tag) << i;
  }
  return matches;
}

#endif

inline bool table_bucket_is_full(const TableCell* cells) {
  bool full = true;
  for (unsigned i = 0; i < kTableBucketCells; ++i)
    full &= cells[i].load(std::memory_order_relaxed) != 0;
  return full;
}

}  // namespace scrubjay::detail
