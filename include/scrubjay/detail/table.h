// The hash table of the cache: from a 64-bit hash to an entry that lives elsewhere.
//
// The idea. A cell is 8 bytes: 48 bits of entry pointer under a tag of 16 bits of its hash. Eight
// cells fill a cache line, a bucket. Buckets live in segments of at most 4 KB, and a directory,
// indexed by the hash's top bits (its prefix), points at the segments: extendible hashing (Fagin,
// Nievergelt, Pippenger, Strong, 1979), ordered by prefix. A directory cell carries beside the
// pointer all that is needed to compute the bucket, so a hit reads directory, bucket and entry,
// and nothing else.
//
// Position and tag are one. A segment of depth d holds the hashes that share their first d bits;
// the tag is the 16 bits from bit d - lag on, and the bucket is computed from the tag alone
// (tag * buckets / 65536, after shifting out the `lag` bits that all share). So a segment can be
// laid out anew, for any number of buckets, without looking at an entry. It grows in steps of
// about a fifth, along the size classes of jemalloc, and at 4 KB it splits; the bit that decides
// the side is in the tag as well. Each split spends one bit of the tag, therefore every third one
// asks the entries for their hashes and starts with fresh tags (lag 0). Given its bucket a tag
// still tells at least 8 bits, 9 on average: about one lookup in a hundred reads a wrong entry.
//
// An entry whose bucket is full goes to the stash of its segment: cells beside the header and
// behind the buckets, found by a bitmap of the buckets that overflowed. A segment grows when the
// stash is full too, which happens at a load of about 0.8.
//
// Cost. 9.8 to 12 bytes per entry from some thousand entries on, about 150 bytes when empty. The
// longest step is a split with fresh tags: some 450 entries, read in prefetched batches, and a
// few thousand directory cells when the directory doubles. Erasing gives memory back in the same
// small steps: a segment goes to a smaller size with a distance of a fifth between growing and
// shrinking, two halves merge, the directory halves.
//
// A scan's cursor is a hash prefix of 48 bits. Whole buckets are visited and all entries of equal
// prefix share a bucket, so the cursor means the same before and after any growth or shrinking.
//
// Which hash bits to use elsewhere: the table wants the upper 48. Whoever chooses between several
// tables by the same hash should take bits below 16, which neither position nor tag reads before
// a table has 2^32 segments.
//
// Threads. The owner serialises all calls, but prefetch_bucket and prefetch_entry, which may run
// beside anything. They follow the directory to a bucket and never touch an entry. The memory they
// may be looking at goes through `retire` when it is dead; whoever prefetches without the lock
// passes a function that delays the release until no prefetch that began before is under way.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <vector>

namespace scrubjay::detail {

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

// Traits: static uint64_t hash(const T*), the entry's hash from the entry itself.
template <class T, class Traits>
class Table {
  using Cell = std::atomic<uint64_t>;

 public:
  // Takes a dead block and the function that frees it.
  using Retire = void (*)(void* memory, void (*free)(void*));

  explicit Table(Retire retire = nullptr) : retire_(retire ? retire : &free_now) { reset(); }
  ~Table() { discard(directory_.load(std::memory_order_relaxed)); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // The place of a found entry; valid until the next insert, erase or clear.
  class Slot {
   public:
    Slot() = default;
    explicit operator bool() const { return cell_ != nullptr; }
    T* get() const { return entry_of(cell_->load(std::memory_order_relaxed)); }

   private:
    friend Table;
    Slot(Cell* cell, uint64_t hash) : cell_(cell), hash_(hash) {}
    Cell* cell_ = nullptr;
    uint64_t hash_ = 0;
  };

  // eq(const T*) says whether an entry whose hash may be `hash` is the one that is sought.
  template <class Eq>
  Slot find(uint64_t hash, Eq&& eq) const {
    const Ref ref = ref_of(hash);
    const uint64_t tag = ref.tag(hash);
    const unsigned bucket = ref.bucket(tag);
    Segment* const segment = ref.segment();
    Cell* const cells = segment->bucket(bucket);
    unsigned matches = 0;
    unsigned used = 0;
    for (unsigned i = 0; i < kBucketCells; ++i) {
      const uint64_t value = cells[i].load(std::memory_order_relaxed);
      matches |= static_cast<unsigned>((value >> kPointerBits) == tag) << i;
      used |= static_cast<unsigned>(value != 0) << i;
    }
    for (matches &= used; matches != 0; matches &= matches - 1) {
      Cell& cell = cells[std::countr_zero(matches)];
      if (eq(static_cast<const T*>(entry_of(cell.load(std::memory_order_relaxed))))) {
        return Slot(&cell, hash);
      }
    }
    if (used != kFullBucket || !segment->overflows(bucket)) return Slot();
    for (uint32_t i = 0; i < segment->stash_used; ++i) {
      Cell& cell = segment->stash(i);
      const uint64_t value = cell.load(std::memory_order_relaxed);
      if ((value >> kPointerBits) == tag && eq(static_cast<const T*>(entry_of(value)))) {
        return Slot(&cell, hash);
      }
    }
    return Slot();
  }

  // The entry moved, or another one with the same hash takes its place.
  void replace(Slot slot, uint64_t hash, T* entry) {
    slot.cell_->store(pack(ref_of(hash).tag(hash), entry), std::memory_order_relaxed);
  }

  // Precondition: no equal entry is present.
  void insert(uint64_t hash, T* entry) {
    for (;;) {
      const Ref ref = ref_of(hash);
      const uint64_t tag = ref.tag(hash);
      if (put(ref.segment(), ref.bucket(tag), pack(tag, entry))) break;
      grow(hash);
    }
    ++size_;
  }

  T* erase(Slot slot) {
    const Ref ref = ref_of(slot.hash_);
    Segment* const segment = ref.segment();
    T* const entry = slot.get();
    const unsigned bucket = ref.bucket(ref.tag(slot.hash_));
    if (segment->overflows(bucket)) {
      erase_beside_stash(ref, bucket, slot.cell_);
    } else {
      slot.cell_->store(0, std::memory_order_relaxed);
    }
    --segment->count;
    --size_;
    if (segment->count < segment->shrink_below) shrink(slot.hash_);
    return entry;
  }

  size_t size() const { return size_; }
  size_t memory_bytes() const { return memory_; }

  // Lock-free. Stage one of a batch: fetches the bucket.
  void prefetch_bucket(uint64_t hash) const {
    const Ref ref = ref_of(hash);
    __builtin_prefetch(ref.segment()->bucket(ref.bucket(ref.tag(hash))));
  }

  // Lock-free. Stage two: fetches the first two lines of the entries whose tag matches.
  void prefetch_entry(uint64_t hash) const {
    const Ref ref = ref_of(hash);
    const uint64_t tag = ref.tag(hash);
    const Cell* const cells = ref.segment()->bucket(ref.bucket(tag));
    unsigned used = 0;
    bool matched = false;
    for (unsigned i = 0; i < kBucketCells; ++i) {
      const uint64_t value = cells[i].load(std::memory_order_relaxed);
      used += value != 0;
      if (value != 0 && (value >> kPointerBits) == tag) {
        const char* const entry = reinterpret_cast<const char*>(entry_of(value));
        __builtin_prefetch(entry);
        __builtin_prefetch(entry + kTableLine);
        matched = true;
      }
    }
    if (!matched && used == kBucketCells) __builtin_prefetch(ref.segment());
  }

  // Calls f(T*) for the entries of whole buckets from `cursor` on (0 begins) until at least `count`
  // were visited. Returns the next cursor, below 2^48; 0 at the end. f must not change the table.
  template <class F>
  uint64_t scan(uint64_t cursor, size_t count, F&& f) const {
    uint64_t position = cursor << kTagBits;
    size_t seen = 0;
    do {
      const Ref ref = ref_of(position);
      const unsigned buckets = ref.buckets();
      const uint64_t prefix = ref.prefix(position);
      for (unsigned b = ref.bucket(ref.tag(position)); b < buckets; ++b) {
        seen += visit(ref, b, f);
        if (seen >= count && b + 1 < buckets) return ref.bucket_start(prefix, b + 1) >> kTagBits;
      }
      position = ref.segment_end(prefix);
    } while (position != 0 && seen < count);
    return position >> kTagBits;
  }

  template <class F>
  void for_each(F&& f) const {
    each_segment(directory_.load(std::memory_order_relaxed),
                 [&](Segment* segment, uint64_t) { each_entry(segment, f); });
  }

  // One of all entries, each about as likely as any other; nullptr when empty. `bits` returns 64
  // random bits a call. Some five cells are looked at.
  template <class Bits>
  T* random(Bits&& bits) const {
    if (size_ == 0) return nullptr;
    const Directory* const directory = directory_.load(std::memory_order_relaxed);
    for (int attempt = 0; attempt < 128; ++attempt) {
      const uint64_t drawn = bits();
      const Ref ref = directory->at(drawn);
      const Segment* const segment = ref.segment();
      // A segment that fills 2^k directory cells is drawn 2^k times as often: so often it is left.
      const uint64_t bound = directory->depth == 0 ? segment->cell_count()
                                                   : uint64_t{kTableShapes.back().cells}
                                                         << (directory->depth - ref.depth());
      const uint64_t index = ((drawn & 0xffffffff) * bound) >> 32;
      if (index >= kInlineStash + kBucketCells * ref.buckets() && index >= segment->cell_count()) {
        continue;
      }
      const uint64_t value = segment->cells()[index].load(std::memory_order_relaxed);
      if (value != 0) return entry_of(value);
    }
    T* found = nullptr;
    const auto take = [&](T* entry) { found = entry; };
    if (scan(bits() >> kTagBits, 1, take); found == nullptr) scan(0, 1, take);
    return found;
  }

  // Hands every entry to f and starts anew. The table is already empty when f is called.
  template <class F>
  void clear(F&& f) {
    Directory* const old = directory_.load(std::memory_order_relaxed);
    reset();
    each_segment(old, [&](Segment* segment, uint64_t) { each_entry(segment, f); });
    discard(old);
  }

  // Aborts when something is wrong; reads every entry.
  void check_invariants() const {
    const Directory* const directory = directory_.load(std::memory_order_relaxed);
    size_t entries = 0;
    size_t bytes = directory->bytes();
    uint32_t segments = 0;
    uint32_t deepest = 0;
    each_segment(directory, [&](Segment* segment, uint64_t prefix) {
      const Ref ref(segment);
      check_segment(directory, segment, prefix);
      entries += segment->count;
      bytes += segment->bytes;
      ++segments;
      deepest += ref.depth() == directory->depth;
    });
    check(entries == size_ && bytes == memory_ && segments == segments_ && deepest == deepest_);
    check(directory->depth == 0 || deepest > 0);
  }

 private:
  static constexpr unsigned kPointerBits = 48;
  static constexpr unsigned kTagBits = 16;
  static constexpr unsigned kBucketCells = 8;
  static constexpr unsigned kFullBucket = 0xff;
  static constexpr unsigned kInlineStash = 4;
  static constexpr unsigned kMaxLag = 2;
  static constexpr unsigned kMaxDepth = 32;
  static constexpr uint64_t kPointerMask = (uint64_t{1} << kPointerBits) - 1;
  // Two halves of at most so many entries become one segment of the largest shape.
  static constexpr uint32_t kMergeBelow = kTableShapes.back().cells * 70 / 100;

  // The header of a segment; its cells follow: 4 stash cells, the buckets, further stash cells.
  struct Segment {
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

    Cell* cells() { return reinterpret_cast<Cell*>(this + 1); }
    const Cell* cells() const { return reinterpret_cast<const Cell*>(this + 1); }
    Cell* bucket(unsigned b) { return cells() + kInlineStash + kBucketCells * b; }
    Cell& stash(uint32_t i) { return cells()[i < kInlineStash ? i : kBucketCells * buckets + i]; }
    size_t cell_count() const { return size_t{kBucketCells} * buckets + stash_capacity; }
    bool overflows(unsigned b) const { return (overflowed >> b & 1) != 0; }
  };
  static_assert(sizeof(Segment) + kInlineStash * sizeof(Cell) == kTableLine);

  // A directory cell: 48 bits of segment pointer, 7 of bucket count, 6 of depth, 2 of lag.
  class Ref {
   public:
    explicit Ref(uint64_t bits) : bits_(bits) {}
    explicit Ref(const Segment* segment)
        : bits_(reinterpret_cast<uint64_t>(segment) | uint64_t{segment->buckets} << 48 |
                uint64_t{segment->depth} << 55 | uint64_t{segment->lag} << 61) {}

    uint64_t bits() const { return bits_; }
    Segment* segment() const { return reinterpret_cast<Segment*>(bits_ & kPointerMask); }
    unsigned buckets() const { return bits_ >> 48 & 0x7f; }
    unsigned depth() const { return bits_ >> 55 & 0x3f; }
    unsigned lag() const { return bits_ >> 61 & 3; }
    unsigned tag_start() const { return depth() - lag(); }
    uint64_t tag(uint64_t hash) const { return tag_at(hash, tag_start()); }
    unsigned bucket(uint64_t tag) const {
      return static_cast<unsigned>((tag << lag() & 0xffff) * buckets() >> kTagBits);
    }
    // The lowest hash of the segment that `hash` belongs to.
    uint64_t prefix(uint64_t hash) const {
      return depth() == 0 ? 0 : hash & ~uint64_t{0} << (64 - depth());
    }
    // The lowest hash that goes to bucket b.
    uint64_t bucket_start(uint64_t prefix, unsigned b) const {
      const uint64_t exact = ((uint64_t{b} << kTagBits) + buckets() - 1) / buckets();
      const uint64_t grain = uint64_t{1} << lag();
      return prefix + (((exact + grain - 1) & ~(grain - 1)) << (48 - depth()));
    }
    // The lowest hash above the segment; 0 after the last one.
    uint64_t segment_end(uint64_t prefix) const {
      return depth() == 0 ? 0 : prefix + (uint64_t{1} << (64 - depth()));
    }

   private:
    uint64_t bits_;
  };

  struct alignas(Cell) Directory {
    explicit Directory(unsigned d) : depth(d) {}
    const unsigned depth;

    size_t size() const { return size_t{1} << depth; }
    size_t bytes() const { return bytes_at(depth); }
    static size_t bytes_at(unsigned d) {
      return sizeof(Directory) + sizeof(Cell) * (size_t{1} << d);
    }
    Cell* cells() { return reinterpret_cast<Cell*>(this + 1); }
    const Cell* cells() const { return reinterpret_cast<const Cell*>(this + 1); }
    size_t index(uint64_t hash) const { return (hash >> 1) >> (63 - depth); }
    Ref at(uint64_t hash) const {
      return Ref(cells()[index(hash)].load(std::memory_order_acquire));
    }
  };

  struct FreeSegment {
    void operator()(Segment* segment) const { free_segment(segment); }
  };
  using SegmentPtr = std::unique_ptr<Segment, FreeSegment>;
  using Values = std::vector<uint64_t>;

  static void free_segment(void* memory) {
    ::operator delete (memory, std::align_val_t{kTableLine});
  }
  static void free_directory(void* memory) { ::operator delete(memory); }
  static void free_now(void* memory, void (*free)(void*)) { free(memory); }
  static void check(bool good) {
    if (!good) std::abort();
  }

  static T* entry_of(uint64_t value) { return reinterpret_cast<T*>(value & kPointerMask); }
  static uint64_t pack(uint64_t tag, T* entry) {
    return tag << kPointerBits | reinterpret_cast<uint64_t>(entry);
  }
  // The 16 hash bits from bit `start` on, counted from the top.
  static uint64_t tag_at(uint64_t hash, unsigned start) { return hash >> (48 - start) & 0xffff; }

  Ref ref_of(uint64_t hash) const { return directory_.load(std::memory_order_acquire)->at(hash); }

  // Puts a cell into its bucket, else the stash; false when both are full.
  static bool put(Segment* segment, unsigned bucket, uint64_t value) {
    Cell* const cells = segment->bucket(bucket);
    Cell* place = nullptr;
    for (unsigned i = 0; i < kBucketCells && place == nullptr; ++i) {
      if (cells[i].load(std::memory_order_relaxed) == 0) place = &cells[i];
    }
    if (place == nullptr) {
      if (segment->stash_used == segment->stash_capacity) return false;
      place = &segment->stash(segment->stash_used++);
      segment->overflowed |= uint64_t{1} << bucket;
    }
    place->store(value, std::memory_order_relaxed);
    ++segment->count;
    return true;
  }

  // Empties a cell of a bucket with entries in the stash, keeping the bucket full while it has any.
  static void erase_beside_stash(Ref ref, unsigned bucket, Cell* cell) {
    Segment* const segment = ref.segment();
    const auto is_home = [&](uint64_t value) {
      return ref.bucket(value >> kPointerBits) == bucket;
    };
    Cell* hole = cell;
    uint32_t others = 0;
    Cell* other = nullptr;
    for (uint32_t i = 0; i < segment->stash_used; ++i) {
      Cell& candidate = segment->stash(i);
      if (&candidate != cell && is_home(candidate.load(std::memory_order_relaxed))) {
        ++others;
        other = &candidate;
      }
    }
    Cell* const main = segment->bucket(bucket);
    const bool in_bucket = !std::less<>()(cell, main) && std::less<>()(cell, main + kBucketCells);
    if (in_bucket) {
      cell->store(other->load(std::memory_order_relaxed), std::memory_order_relaxed);
      hole = other;
      --others;
    }
    Cell& last = segment->stash(--segment->stash_used);
    hole->store(last.load(std::memory_order_relaxed), std::memory_order_relaxed);
    last.store(0, std::memory_order_relaxed);
    if (others == 0) segment->overflowed &= ~(uint64_t{1} << bucket);
  }

  template <class F>
  static size_t visit(Ref ref, unsigned bucket, F&& f) {
    Segment* const segment = ref.segment();
    Cell* const cells = segment->bucket(bucket);
    for (unsigned i = 0; i < kBucketCells; ++i) {
      __builtin_prefetch(entry_of(cells[i].load(std::memory_order_relaxed)));
    }
    size_t seen = 0;
    const auto hand_out = [&](uint64_t value) {
      if (value == 0) return;
      f(entry_of(value));
      ++seen;
    };
    for (unsigned i = 0; i < kBucketCells; ++i) {
      hand_out(cells[i].load(std::memory_order_relaxed));
    }
    if (!segment->overflows(bucket)) return seen;
    for (uint32_t i = 0; i < segment->stash_used; ++i) {
      const uint64_t value = segment->stash(i).load(std::memory_order_relaxed);
      if (ref.bucket(value >> kPointerBits) == bucket) hand_out(value);
    }
    return seen;
  }

  // Calls f(segment, prefix) once for each segment, in the order of prefixes.
  template <class F>
  static void each_segment(const Directory* directory, F&& f) {
    for (size_t i = 0; i < directory->size();) {
      const Ref ref(directory->cells()[i].load(std::memory_order_relaxed));
      f(ref.segment(), directory->depth == 0 ? 0 : uint64_t{i} << (64 - directory->depth));
      i += size_t{1} << (directory->depth - ref.depth());
    }
  }

  template <class F>
  static void each_entry(Segment* segment, F&& f) {
    const size_t count = segment->cell_count();
    for (size_t i = 0; i < count; ++i) {
      const uint64_t value = segment->cells()[i].load(std::memory_order_relaxed);
      if (value != 0) f(entry_of(value));
    }
  }

  static SegmentPtr make_segment(unsigned shape, uint32_t extra_stash, unsigned depth,
                                 unsigned lag) {
    const size_t bytes = kTableShapeLines[shape] * kTableLine + extra_stash * sizeof(Cell);
    void* const memory = ::operator new (bytes, std::align_val_t{kTableLine});
    SegmentPtr segment(new (memory) Segment);
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
    for (size_t i = 0; i < count; ++i) new (segment->cells() + i) Cell(0);
    return segment;
  }

  // A segment of at least `shape` that holds the values, whose tags are right for depth and lag.
  static SegmentPtr build(const Values& values, unsigned shape, unsigned depth, unsigned lag,
                          uint32_t extra = 0) {
    for (;;) {
      SegmentPtr segment = make_segment(shape, extra, depth, lag);
      const Ref ref(segment.get());
      std::array<uint8_t, 64> fill{};
      bool fits = true;
      for (const uint64_t value : values) {
        const unsigned bucket = ref.bucket(value >> kPointerBits);
        Cell* place = nullptr;
        if (fill[bucket] < kBucketCells) {
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

  static Values values_of(Segment* segment) {
    Values values;
    values.reserve(segment->count);
    const size_t count = segment->cell_count();
    for (size_t i = 0; i < count; ++i) {
      const uint64_t value = segment->cells()[i].load(std::memory_order_relaxed);
      if (value != 0) values.push_back(value);
    }
    return values;
  }

  // The smallest shape that so many entries are likely to fit.
  static unsigned shape_for(size_t count) {
    unsigned shape = 0;
    while (shape + 1 < kTableShapes.size() && count * 100 > kTableShapes[shape].cells * 76u) {
      ++shape;
    }
    return shape;
  }

  static Directory* make_directory(unsigned depth) {
    auto* const directory = new (::operator new(Directory::bytes_at(depth))) Directory(depth);
    for (size_t i = 0; i < directory->size(); ++i) new (directory->cells() + i) Cell(0);
    return directory;
  }

  // Starts with one empty segment; what was there before is the caller's.
  void reset() {
    SegmentPtr segment = make_segment(0, 0, 0, 0);
    Directory* const directory = make_directory(0);
    directory->cells()[0].store(Ref(segment.get()).bits(), std::memory_order_relaxed);
    memory_ = directory->bytes() + segment->bytes;
    segment.release();
    size_ = 0;
    segments_ = 1;
    deepest_ = 1;
    directory_.store(directory, std::memory_order_release);
  }

  void discard(Directory* directory) {
    each_segment(directory, [&](Segment* segment, uint64_t) { retire_(segment, &free_segment); });
    retire_(directory, &free_directory);
  }

  // Makes the directory point at a segment, in all cells of its prefix.
  void publish(SegmentPtr owned, uint64_t prefix) {
    Segment* const segment = owned.release();
    Directory* const directory = directory_.load(std::memory_order_relaxed);
    const uint64_t bits = Ref(segment).bits();
    const size_t first = directory->index(prefix);
    const size_t count = size_t{1} << (directory->depth - segment->depth);
    for (size_t i = first; i < first + count; ++i) {
      directory->cells()[i].store(bits, std::memory_order_release);
    }
    memory_ += segment->bytes;
    ++segments_;
    deepest_ += segment->depth == directory->depth;
  }

  // Takes a segment that the directory no longer points at out of the books.
  void drop(Segment* segment, unsigned directory_depth) {
    memory_ -= segment->bytes;
    --segments_;
    deepest_ -= segment->depth == directory_depth;
    retire_(segment, &free_segment);
  }

  void replace_directory(Directory* fresh) {
    Directory* const old = directory_.load(std::memory_order_relaxed);
    memory_ += fresh->bytes();
    memory_ -= old->bytes();
    directory_.store(fresh, std::memory_order_release);
    retire_(old, &free_directory);
  }

  void grow(uint64_t hash) {
    const Ref ref = ref_of(hash);
    Segment* const segment = ref.segment();
    const Directory* const directory = directory_.load(std::memory_order_relaxed);
    const bool largest = segment->shape + 1u == kTableShapes.size();
    // Hashes that agree in many bits must not blow up the directory: then the stash grows.
    const bool may_split =
        ref.depth() < directory->depth ||
        (directory->depth < kMaxDepth && directory->size() <= 4 * size_t{segments_} + 32);
    if (largest && may_split) {
      split(ref, ref.prefix(hash));
      return;
    }
    const uint32_t extra = segment->stash_capacity - kTableShapes[segment->shape].stash;
    SegmentPtr bigger =
        largest ? build(values_of(segment), segment->shape, ref.depth(), ref.lag(),
                        std::max<uint32_t>(64, 2 * extra))
                : build(values_of(segment), segment->shape + 1u, ref.depth(), ref.lag());
    publish(std::move(bigger), ref.prefix(hash));
    drop(segment, directory->depth);
  }

  void split(Ref ref, uint64_t prefix) {
    Segment* const segment = ref.segment();
    const unsigned depth = ref.depth() + 1;
    const bool fresh_tags = ref.lag() == kMaxLag;
    const unsigned lag = fresh_tags ? 0 : ref.lag() + 1;
    if (directory_.load(std::memory_order_relaxed)->depth < depth) double_directory();

    const Values values = values_of(segment);
    std::array<Values, 2> halves;
    for (Values& half : halves) half.reserve(values.size());
    constexpr size_t kAhead = 16;
    for (size_t i = 0; i < values.size(); ++i) {
      uint64_t value = values[i];
      const unsigned side = value >> (63 - ref.lag()) & 1;
      if (fresh_tags) {
        if (i + kAhead < values.size()) __builtin_prefetch(entry_of(values[i + kAhead]));
        T* const entry = entry_of(value);
        value = pack(tag_at(Traits::hash(static_cast<const T*>(entry)), depth), entry);
      }
      halves[side].push_back(value);
    }
    SegmentPtr low = build(halves[0], shape_for(halves[0].size()), depth, lag);
    SegmentPtr high = build(halves[1], shape_for(halves[1].size()), depth, lag);
    publish(std::move(low), prefix);
    publish(std::move(high), prefix | uint64_t{1} << (64 - depth));
    drop(segment, directory_.load(std::memory_order_relaxed)->depth);
  }

  void double_directory() {
    const Directory* const old = directory_.load(std::memory_order_relaxed);
    Directory* const fresh = make_directory(old->depth + 1);
    for (size_t i = 0; i < fresh->size(); ++i) {
      fresh->cells()[i].store(old->cells()[i / 2].load(std::memory_order_relaxed),
                              std::memory_order_relaxed);
    }
    deepest_ = 0;
    replace_directory(fresh);
  }

  void halve_directory() {
    const Directory* const old = directory_.load(std::memory_order_relaxed);
    Directory* const fresh = make_directory(old->depth - 1);
    for (size_t i = 0; i < fresh->size(); ++i) {
      const uint64_t bits = old->cells()[2 * i].load(std::memory_order_relaxed);
      deepest_ += Ref(bits).depth() == fresh->depth;
      fresh->cells()[i].store(bits, std::memory_order_relaxed);
    }
    replace_directory(fresh);
  }

  void shrink(uint64_t hash) {
    if (merge(hash)) {
      while (merge(hash)) {
      }
      return;
    }
    const Ref ref = ref_of(hash);
    Segment* const segment = ref.segment();
    SegmentPtr smaller =
        build(values_of(segment), shape_for(segment->count), ref.depth(), ref.lag());
    if (smaller->bytes < segment->bytes) {
      publish(std::move(smaller), ref.prefix(hash));
      drop(segment, directory_.load(std::memory_order_relaxed)->depth);
    } else {
      segment->shrink_below -= segment->shrink_below / 8 + 1;
    }
  }

  // Unites the segment of `hash` with its other half when both are small; false when not.
  bool merge(uint64_t hash) {
    const Ref own = ref_of(hash);
    if (own.depth() == 0) return false;
    const uint64_t side_bit = uint64_t{1} << (64 - own.depth());
    const Ref other = ref_of(hash ^ side_bit);
    if (other.depth() != own.depth()) return false;
    if (own.segment()->count + other.segment()->count > kMergeBelow) return false;

    const unsigned depth = own.depth() - 1;
    const unsigned start = std::min({own.tag_start(), other.tag_start(), depth});
    Values values;
    values.reserve(own.segment()->count + other.segment()->count);
    const auto add = [&](Ref ref, uint64_t prefix) {
      // Tags begin at an earlier bit now: the bits in front come from the prefix.
      const unsigned shift = ref.tag_start() - start;
      const uint64_t front = tag_at(prefix, start) >> (kTagBits - shift) << (kTagBits - shift);
      for (const uint64_t value : values_of(ref.segment())) {
        values.push_back(pack(front | (value >> kPointerBits) >> shift, entry_of(value)));
      }
    };
    add(own, own.prefix(hash));
    add(other, other.prefix(hash ^ side_bit));
    SegmentPtr united = build(values, shape_for(values.size()), depth, depth - start);
    publish(std::move(united), own.prefix(hash) & ~side_bit);
    const unsigned directory_depth = directory_.load(std::memory_order_relaxed)->depth;
    drop(own.segment(), directory_depth);
    drop(other.segment(), directory_depth);
    while (deepest_ == 0) halve_directory();
    return true;
  }

  static void check_segment(const Directory* directory, Segment* segment, uint64_t prefix) {
    const Ref ref(segment);
    const size_t first = directory->index(prefix);
    check(ref.depth() <= directory->depth && ref.lag() <= kMaxLag && ref.lag() <= ref.depth());
    for (size_t i = 0; i < size_t{1} << (directory->depth - ref.depth()); ++i) {
      check(directory->cells()[first + i].load(std::memory_order_relaxed) == ref.bits());
    }
    uint64_t overflowed = 0;
    uint32_t count = 0;
    for (size_t i = 0; i < segment->cell_count(); ++i) {
      const uint64_t value = segment->cells()[i].load(std::memory_order_relaxed);
      const bool in_buckets =
          i >= kInlineStash && i < kInlineStash + kBucketCells * size_t{ref.buckets()};
      if (!in_buckets) {
        const size_t index = i < kInlineStash ? i : i - kBucketCells * size_t{ref.buckets()};
        check((value != 0) == (index < segment->stash_used));
      }
      if (value == 0) continue;
      ++count;
      const uint64_t hash = Traits::hash(static_cast<const T*>(entry_of(value)));
      check(ref.prefix(hash) == prefix && ref.tag(hash) == value >> kPointerBits);
      const unsigned bucket = ref.bucket(ref.tag(hash));
      check(hash >= ref.bucket_start(prefix, bucket));
      check(bucket + 1 == ref.buckets() ||
            hash >> kTagBits < ref.bucket_start(prefix, bucket + 1) >> kTagBits);
      if (in_buckets) {
        check((i - kInlineStash) / kBucketCells == bucket);
        continue;
      }
      overflowed |= uint64_t{1} << bucket;
      for (unsigned k = 0; k < kBucketCells; ++k) {
        check(segment->bucket(bucket)[k].load(std::memory_order_relaxed) != 0);
      }
    }
    check(count == segment->count && overflowed == segment->overflowed);
  }

  const Retire retire_;
  std::atomic<Directory*> directory_{nullptr};
  size_t size_ = 0;
  size_t memory_ = 0;
  uint32_t segments_ = 0;
  uint32_t deepest_ = 0;  // segments as deep as the directory
};

}  // namespace scrubjay::detail
