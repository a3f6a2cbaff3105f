// The blocks a hash table (table.h) is made of: segments of buckets, and the directory that points
// at them. Nothing here knows the type of an entry: a cell's value is 48 bits of pointer under 16
// bits of tag, and 0 when empty.
//
// Threads. A lock-free prefetcher may read directory cells and bucket cells, which are atomic, and
// what is constant once a block is published. Headers belong to the table's owner.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <vector>

namespace scrubjay::detail {

using TableCell = std::atomic<uint64_t>;
using TableValues = std::vector<uint64_t>;

inline constexpr unsigned kTablePointerBits = 48;
inline constexpr unsigned kTableTagBits = 16;
inline constexpr unsigned kTableBucketCells = 8;
inline constexpr unsigned kTableInlineStash = 4;
inline constexpr unsigned kTableMaxLag = 2;
inline constexpr unsigned kTableMaxDepth = 32;
inline constexpr uint64_t kTablePointerMask = (uint64_t{1} << kTablePointerBits) - 1;

// The 16 hash bits from bit `start` on, counted from the top.
inline uint64_t table_tag(uint64_t hash, unsigned start) {
  return hash >> (48 - start) & 0xffff;
}

// How a segment of one size is laid out: header and 4 stash cells, buckets, further stash cells.
struct TableShape {
  uint8_t buckets;
  uint8_t stash;
  uint16_t cells;
};

inline constexpr size_t kTableLine = 64;
inline constexpr std::array<uint8_t, 19> kTableShapeLines = {2,  3,  4,  5,  6,  7,  8,  10, 12, 14,
                                                             16, 20, 24, 28, 32, 40, 48, 56, 64};
inline constexpr auto kTableShapes = [] {
  std::array<TableShape, kTableShapeLines.size()> shapes{};
  for (size_t i = 0; i < shapes.size(); ++i) {
    const unsigned lines = kTableShapeLines[i];
    const unsigned stash_lines = lines / 16;
    shapes[i].buckets = static_cast<uint8_t>(lines - 1 - stash_lines);
    shapes[i].stash = static_cast<uint8_t>(4 + 8 * stash_lines);
    shapes[i].cells = static_cast<uint16_t>(8 * shapes[i].buckets + shapes[i].stash);
  }
  return shapes;
}();

// From so many buckets on there are stash cells behind them.
inline constexpr unsigned kTableStashedBuckets = [] {
  for (const TableShape& shape : kTableShapes)
    if (shape.stash > kTableInlineStash) return unsigned{shape.buckets};
  return unsigned{UINT8_MAX};
}();

// The header of a segment; its cells follow: 4 stash cells, the buckets, further stash cells.
struct TableSegment {
  uint64_t overflowed = 0;  // bit b: bucket b has entries in the stash
  uint32_t count = 0;
  uint32_t stash_used = 0;
  uint32_t stash_capacity = 0;
  uint32_t bytes = 0;
  uint32_t shrink_below = 0;
  uint8_t buckets = 0;
  uint8_t depth = 0;
  uint8_t lag = 0;
  uint8_t shape = 0;

  TableCell* cells() { return reinterpret_cast<TableCell*>(this + 1); }
  const TableCell* cells() const { return reinterpret_cast<const TableCell*>(this + 1); }
  TableCell* bucket(unsigned b) { return cells() + kTableInlineStash + kTableBucketCells * b; }
  TableCell& stash(uint32_t i) {
    return cells()[i < kTableInlineStash ? i : kTableBucketCells * buckets + i];
  }
  size_t cell_count() const { return size_t{kTableBucketCells} * buckets + stash_capacity; }
  bool overflows(unsigned b) const { return (overflowed >> b & 1) != 0; }
  inline TableValues values() const;
  inline bool put(unsigned bucket, uint64_t value);
  inline void erase(unsigned bucket, TableCell* cell);

  static void free(void* memory) { ::operator delete (memory, std::align_val_t{kTableLine}); }
};
struct TableFreeSegment {
  void operator()(TableSegment* segment) const { TableSegment::free(segment); }
};
using TableSegmentPtr = std::unique_ptr<TableSegment, TableFreeSegment>;
static_assert(sizeof(TableSegment) + kTableInlineStash * sizeof(TableCell) == kTableLine);

// A directory cell: 48 bits of segment pointer, 7 of bucket count, 6 that say how many bits of a
// hash follow its tag, 2 of lag. So a tag takes two instructions.
class TableRef {
 public:
  explicit TableRef(uint64_t bits) : bits_(bits) {}
  explicit TableRef(const TableSegment* segment)
      : bits_(reinterpret_cast<uint64_t>(segment) | uint64_t{segment->buckets} << 48 |
              uint64_t{kTablePointerBits - segment->depth + segment->lag} << 55 |
              uint64_t{segment->lag} << 61) {}

  uint64_t bits() const { return bits_; }
  TableSegment* segment() const {
    return reinterpret_cast<TableSegment*>(bits_ & kTablePointerMask);
  }
  unsigned buckets() const { return bits_ >> 48 & 0x7f; }
  unsigned depth() const { return tag_start() + lag(); }
  unsigned lag() const { return static_cast<unsigned>(bits_ >> 61); }
  unsigned tag_start() const { return kTablePointerBits - bits_behind_tag(); }
  uint64_t tag(uint64_t hash) const { return hash >> bits_behind_tag() & 0xffff; }
  unsigned bucket(uint64_t tag) const {
    return static_cast<unsigned>((tag << lag() & 0xffff) * buckets() >> kTableTagBits);
  }
  // The lowest hash of the segment that `hash` belongs to.
  uint64_t prefix(uint64_t hash) const {
    return depth() == 0 ? 0 : hash & ~uint64_t{0} << (64 - depth());
  }
  // The lowest hash that goes to bucket b.
  uint64_t bucket_start(uint64_t prefix, unsigned b) const {
    const uint64_t exact = ((uint64_t{b} << kTableTagBits) + buckets() - 1) / buckets();
    const uint64_t grain = uint64_t{1} << lag();
    return prefix + (((exact + grain - 1) & ~(grain - 1)) << (48 - depth()));
  }
  // The lowest hash above the segment; 0 after the last one.
  uint64_t segment_end(uint64_t prefix) const {
    return depth() == 0 ? 0 : prefix + (uint64_t{1} << (64 - depth()));
  }

 private:
  unsigned bits_behind_tag() const { return bits_ >> 55 & 0x3f; }

  uint64_t bits_;
};

struct alignas(TableCell) TableDirectory {
  explicit TableDirectory(unsigned d) : depth(d), shift(63 - d) {}
  const unsigned depth;
  const unsigned shift;

  size_t size() const { return size_t{1} << depth; }
  size_t bytes() const { return bytes_at(depth); }
  static size_t bytes_at(unsigned d) {
    return sizeof(TableDirectory) + sizeof(TableCell) * (size_t{1} << d);
  }
  TableCell* cells() { return reinterpret_cast<TableCell*>(this + 1); }
  const TableCell* cells() const { return reinterpret_cast<const TableCell*>(this + 1); }
  static void free(void* memory) { ::operator delete(memory); }
  size_t index(uint64_t hash) const { return (hash >> 1) >> shift; }
  TableRef at(uint64_t hash) const {
    return TableRef(cells()[index(hash)].load(std::memory_order_acquire));
  }
};

// Puts a value into its bucket, else the stash; false when both are full.
inline bool TableSegment::put(unsigned home, uint64_t value) {
  TableCell* const main = bucket(home);
  TableCell* place = nullptr;
  for (unsigned i = 0; i < kTableBucketCells && place == nullptr; ++i) {
    if (main[i].load(std::memory_order_relaxed) == 0) place = &main[i];
  }
  if (place == nullptr) {
    if (stash_used == stash_capacity) return false;
    place = &stash(stash_used++);
    overflowed |= uint64_t{1} << home;
  }
  place->store(value, std::memory_order_relaxed);
  ++count;
  return true;
}

// Empties a cell whose value belongs to bucket `home`; a bucket with values in the stash stays
// full.
inline void TableSegment::erase(unsigned home, TableCell* cell) {
  --count;
  if (!overflows(home)) {
    cell->store(0, std::memory_order_relaxed);
    return;
  }
  const TableRef ref(this);
  uint32_t others = 0;
  TableCell* other = nullptr;
  for (uint32_t i = 0; i < stash_used; ++i) {
    TableCell& candidate = stash(i);
    const uint64_t value = candidate.load(std::memory_order_relaxed);
    if (&candidate != cell && ref.bucket(value >> kTablePointerBits) == home) {
      ++others;
      other = &candidate;
    }
  }
  TableCell* const main = bucket(home);
  TableCell* hole = cell;
  if (!std::less<>()(cell, main) && std::less<>()(cell, main + kTableBucketCells)) {
    cell->store(other->load(std::memory_order_relaxed), std::memory_order_relaxed);
    hole = other;
    --others;
  }
  TableCell& last = stash(--stash_used);
  hole->store(last.load(std::memory_order_relaxed), std::memory_order_relaxed);
  last.store(0, std::memory_order_relaxed);
  if (others == 0) overflowed &= ~(uint64_t{1} << home);
}

inline TableSegmentPtr make_table_segment(unsigned shape, uint32_t extra_stash, unsigned depth,
                                          unsigned lag) {
  const size_t bytes = kTableShapeLines[shape] * kTableLine + extra_stash * sizeof(TableCell);
  void* const memory = ::operator new (bytes, std::align_val_t{kTableLine});
  TableSegmentPtr segment(new (memory) TableSegment);
  segment->stash_capacity = kTableShapes[shape].stash + extra_stash;
  segment->bytes = static_cast<uint32_t>(bytes);
  segment->buckets = kTableShapes[shape].buckets;
  segment->depth = static_cast<uint8_t>(depth);
  segment->lag = static_cast<uint8_t>(lag);
  segment->shape = static_cast<uint8_t>(shape);
  segment->shrink_below = extra_stash != 0 ? static_cast<uint32_t>(segment->cell_count() / 4)
                          : shape == 0     ? 0
                                           : kTableShapes[shape - 1].cells * 64u / 100;
  const size_t count = segment->cell_count();
  for (size_t i = 0; i < count; ++i) new (segment->cells() + i) TableCell(0);
  return segment;
}

// A segment of at least `shape` that holds the values, whose tags are right for depth and lag.
inline TableSegmentPtr build_table_segment(const TableValues& values, unsigned shape,
                                           unsigned depth, unsigned lag, uint32_t extra = 0) {
  for (;;) {
    TableSegmentPtr segment = make_table_segment(shape, extra, depth, lag);
    const TableRef ref(segment.get());
    std::array<uint8_t, 64> fill{};
    bool fits = true;
    for (const uint64_t value : values) {
      const unsigned bucket = ref.bucket(value >> kTablePointerBits);
      TableCell* place = nullptr;
      if (fill[bucket] < kTableBucketCells) {
        place = segment->bucket(bucket) + fill[bucket]++;
      } else if (segment->stash_used < segment->stash_capacity) {
        place = &segment->stash(segment->stash_used++);
        segment->overflowed |= uint64_t{1} << bucket;
      } else {
        fits = false;
        break;
      }
      place->store(value, std::memory_order_relaxed);
    }
    if (fits) {
      segment->count = static_cast<uint32_t>(values.size());
      return segment;
    }
    if (shape + 1 < kTableShapes.size()) {
      ++shape;
    } else {
      extra = std::max<uint32_t>(64, 2 * extra);
    }
  }
}

// The smallest shape that so many entries are likely to fit.
inline unsigned table_shape_for(size_t count) {
  unsigned shape = 0;
  while (shape + 1 < kTableShapes.size() && count * 100 > kTableShapes[shape].cells * 76u) {
    ++shape;
  }
  return shape;
}

inline TableValues TableSegment::values() const {
  TableValues result;
  result.reserve(count);
  const size_t all = cell_count();
  for (size_t i = 0; i < all; ++i) {
    const uint64_t value = cells()[i].load(std::memory_order_relaxed);
    if (value != 0) result.push_back(value);
  }
  return result;
}

inline TableDirectory* make_table_directory(unsigned depth) {
  auto* const directory =
      new (::operator new(TableDirectory::bytes_at(depth))) TableDirectory(depth);
  for (size_t i = 0; i < directory->size(); ++i) new (directory->cells() + i) TableCell(0);
  return directory;
}

}  // namespace scrubjay::detail
