#include "scrubjay/detail/table_bucket.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace scrubjay::detail {
namespace {

struct alignas(kTableLine) Bucket {
  TableCell cells[kTableBucketCells] = {};
};

uint64_t cell(uint64_t tag, uint64_t pointer) {
  return tag << kTablePointerBits | pointer;
}

TEST(TableBucket, EveryTagIsFoundAtItsPlaceAndNowhereElse) {
  constexpr uint64_t kPointer = 0x7fff'ffff'fff8;
  for (uint64_t tag = 1; tag <= 0xffff; ++tag) {
    Bucket bucket;
    const unsigned place = tag % kTableBucketCells;
    bucket.cells[place] = cell(tag, kPointer);
    bucket.cells[(place + 1) % kTableBucketCells] = cell(tag ^ 0x8000, kPointer);
    bucket.cells[(place + 2) % kTableBucketCells] = cell(tag ^ 1, kPointer);
    unsigned expected = 0;
    for (unsigned i = 0; i < kTableBucketCells; ++i)
      expected |= static_cast<unsigned>(bucket.cells[i] >> kTablePointerBits == tag) << i;
    ASSERT_EQ(table_matches(bucket.cells, tag), expected) << tag;
  }
}

TEST(TableBucket, SeveralCellsMayMatch) {
  Random random(1);
  for (int round = 0; round < 10'000; ++round) {
    Bucket bucket;
    const uint64_t tag = random.below(4);
    unsigned expected = 0;
    unsigned used = 0;
    for (unsigned i = 0; i < kTableBucketCells; ++i) {
      const uint64_t value = random.below(5) == 0 ? 0 : cell(random.below(4), 8 + random());
      bucket.cells[i] = value;
      expected |= static_cast<unsigned>(value >> kTablePointerBits == tag) << i;
      used += value != 0;
    }
    ASSERT_EQ(table_matches(bucket.cells, tag), expected);
    ASSERT_EQ(table_bucket_is_full(bucket.cells), used == kTableBucketCells);
  }
}

}  // namespace
}  // namespace scrubjay::detail
