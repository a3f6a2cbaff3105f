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
// Cost. 10.8 to 11.4 bytes per entry between 0.1 and 10 million entries in 8 tables, 144 bytes when
// empty, at most about 14 bytes per entry left while a large table shrinks. The longest step is a
// split with fresh tags: some 450 entries, prefetched ahead, and a few thousand directory cells
// when the directory doubles. Erasing gives memory back in the same small steps: a segment goes to
// a smaller size with a distance of a fifth between growing and shrinking, two halves merge, the
// directory halves.
//
// The lowest bit of a cell, which no pointer has, marks an entry that owns more than its own block
// (Traits::owns_more). So a table can be freed without reading the entries that do not: memory that
// nobody has touched for a while is what takes longest (docs/memory.md).
//
// A scan's cursor is a hash prefix of 48 bits. Whole buckets are visited and all entries of equal
// prefix share a bucket, so the cursor means the same before and after any growth or shrinking.
//
// Which hash bits to use elsewhere: position and tag read the bits from 48 - depth upwards. Whoever
// chooses between several tables by the same hash takes lower ones: bits 16 to 23 are free until a
// table has 2^24 segments.
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
#include <utility>

#include "scrubjay/detail/table_bucket.h"
#include "scrubjay/detail/table_check.h"
#include "scrubjay/detail/table_segment.h"

namespace scrubjay::detail {

// Traits: static uint64_t hash(const T*), the entry's hash from the entry itself. And, for clear()
// to tell, static bool owns_more(const T*): whether freeing the entry takes more than freeing its
// block. It never changes in an entry's life.
template <class T, class Traits>
class Table {
  using Cell = TableCell;
  using Values = TableValues;
  using Segment = TableSegment;
  using SegmentPtr = TableSegmentPtr;
  using Ref = TableRef;
  using Directory = TableDirectory;

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
    for (unsigned matches = table_matches(cells, tag); matches != 0; matches &= matches - 1) {
      Cell& cell = cells[std::countr_zero(matches)];
      const T* const entry = entry_of(cell.load(std::memory_order_relaxed));
      if (entry != nullptr && eq(entry)) return Slot(&cell, hash);
    }
    if (!table_bucket_is_full(cells) || !segment->overflows(bucket)) return Slot();
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
      if (ref.segment()->put(ref.bucket(tag), pack(tag, entry))) break;
      grow(hash);
    }
    ++size_;
  }

  T* erase(Slot slot) {
    const Ref ref = ref_of(slot.hash_);
    Segment* const segment = ref.segment();
    T* const entry = slot.get();
    segment->erase(ref.bucket(ref.tag(slot.hash_)), slot.cell_);
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

  // Lock-free. Stage two: fetches the first two lines of the entries whose tag matches. True if the
  // entry may be in the stash, which stage three looks at.
  bool prefetch_entry(uint64_t hash) const {
    const Ref ref = ref_of(hash);
    const uint64_t tag = ref.tag(hash);
    const Cell* const cells = ref.segment()->bucket(ref.bucket(tag));
    unsigned matches = table_matches(cells, tag);
    if (matches == 0 && table_bucket_is_full(cells)) {
      __builtin_prefetch(ref.segment());
      __builtin_prefetch(further_stash(ref));
      return true;
    }
    for (; matches != 0; matches &= matches - 1)
      prefetch_entry_at(cells[std::countr_zero(matches)]);
    return false;
  }
  // Lock-free. Stage three, for few: the same of the stash's first two lines.
  void prefetch_stashed(uint64_t hash) const {
    const Ref ref = ref_of(hash);
    const uint64_t tag = ref.tag(hash);
    const Cell* const cells = ref.segment()->cells();
    for (unsigned i = 0; i < kInlineStash; ++i) {
      if (cells[i].load(std::memory_order_relaxed) >> kPointerBits == tag)
        prefetch_entry_at(cells[i]);
    }
    const Cell* const further = further_stash(ref);
    for (unsigned matches = table_matches(further, tag); matches != 0; matches &= matches - 1)
      prefetch_entry_at(further[std::countr_zero(matches)]);
  }

  // Calls f(T*) for the entries of whole buckets from `cursor` on (0 begins) until at least `count`
  // were visited. Returns the next cursor, below 2^48; 0 at the end. f must not change the table.
  template <class F>
  uint64_t scan(uint64_t cursor, size_t count, F&& f) const {
    size_t seen = 0;
    do {
      cursor = scan_segment(cursor, count - seen, [&](T* entry) {
        ++seen;
        f(entry);
      });
    } while (cursor != 0 && seen < count);
    return cursor;
  }
  // The same, no further than to the end of a segment.
  template <class F>
  uint64_t scan_segment(uint64_t cursor, size_t count, F&& f) const {
    const uint64_t position = cursor << kTagBits;
    const Ref ref = ref_of(position);
    const unsigned buckets = ref.buckets();
    const uint64_t prefix = ref.prefix(position);
    size_t seen = 0;
    for (unsigned b = ref.bucket(ref.tag(position)); b < buckets; ++b) {
      seen += visit(ref, b, f);
      if (seen >= count && b + 1 < buckets) return ref.bucket_start(prefix, b + 1) >> kTagBits;
    }
    return ref.segment_end(prefix) >> kTagBits;
  }

  // The memory block of the segment that a scan from `cursor` would begin with; nullptr if it would
  // go on in the middle of one.
  const void* segment_block(uint64_t cursor) const {
    const uint64_t position = cursor << kTagBits;
    const Ref ref = ref_of(position);
    return ref.bucket(ref.tag(position)) == 0 ? ref.segment() : nullptr;
  }
  // Moves that segment to a new block.
  void move_segment(uint64_t cursor) {
    const uint64_t position = cursor << kTagBits;
    const Ref ref = ref_of(position);
    Segment* const segment = ref.segment();
    const uint32_t extra = segment->stash_capacity - kTableShapes[segment->shape].stash;
    publish(build_table_segment(segment->values(), segment->shape, ref.depth(), ref.lag(), extra),
            ref.prefix(position));
    drop(segment, directory_.load(std::memory_order_relaxed)->depth);
  }

  template <class F>
  void for_each(F&& f) const {
    each_segment(directory_.load(std::memory_order_relaxed), [&](Segment* segment, uint64_t) {
      each_value(segment, [&](uint64_t value) { f(entry_of(value)); });
    });
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

  // Hands every entry to f and starts anew. The table is already empty when f is called: as f(T*),
  // or, where the traits know it, as f(T*, bool owns_more). Reads no entry.
  template <class F>
  void clear(F&& f) {
    Directory* const old = directory_.load(std::memory_order_relaxed);
    reset();
    each_segment(old, [&](Segment* segment, uint64_t) {
      each_value(segment, [&](uint64_t value) {
        if constexpr (kMarksOwners)
          f(entry_of(value), (value & kOwnsMore) != 0);
        else
          f(entry_of(value));
      });
    });
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
      check_table_segment(directory, segment, prefix, [](uint64_t value) {
        check_table(value == pack(value >> kPointerBits, entry_of(value)));
        return Traits::hash(static_cast<const T*>(entry_of(value)));
      });
      entries += segment->count;
      bytes += segment->bytes;
      ++segments;
      deepest += ref.depth() == directory->depth;
    });
    check_table(entries == size_ && bytes == memory_ && segments == segments_ &&
                deepest == deepest_);
    check_table(directory->depth == 0 || deepest > 0);
  }

 private:
  // Two halves of at most so many entries become one segment of the largest shape.
  static constexpr unsigned kPointerBits = kTablePointerBits;
  static constexpr unsigned kTagBits = kTableTagBits;
  static constexpr unsigned kBucketCells = kTableBucketCells;
  static constexpr unsigned kInlineStash = kTableInlineStash;
  static constexpr uint32_t kMergeBelow = kTableShapes.back().cells * 70 / 100;

  static void free_now(void* memory, void (*free)(void*)) { free(memory); }

  // The line of stash cells behind the buckets; the last bucket where there is none.
  static const Cell* further_stash(Ref ref) {
    const bool any = ref.buckets() >= kTableStashedBuckets;
    return ref.segment()->bucket(any ? ref.buckets() : ref.buckets() - 1);
  }
  // Of an empty cell nothing is fetched, and nothing is harmed.
  static void prefetch_entry_at(const Cell& cell) {
    const char* const entry =
        reinterpret_cast<const char*>(entry_of(cell.load(std::memory_order_relaxed)));
    __builtin_prefetch(entry);
    __builtin_prefetch(entry + kTableLine);
  }

  static constexpr bool kMarksOwners = requires(const T* entry) { Traits::owns_more(entry); };
  static constexpr uint64_t kOwnsMore = 1;
  static constexpr uint64_t kEntryMask = kTablePointerMask & ~(kMarksOwners ? kOwnsMore : 0);

  static T* entry_of(uint64_t value) { return reinterpret_cast<T*>(value & kEntryMask); }
  static uint64_t pack(uint64_t tag, T* entry) {
    uint64_t value = tag << kPointerBits | reinterpret_cast<uint64_t>(entry);
    if constexpr (kMarksOwners) value |= Traits::owns_more(entry) ? kOwnsMore : 0;
    return value;
  }
  static uint64_t with_tag(uint64_t value, uint64_t tag) {
    return tag << kPointerBits | (value & kTablePointerMask);
  }
  Ref ref_of(uint64_t hash) const { return directory_.load(std::memory_order_acquire)->at(hash); }

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
  static void each_value(Segment* segment, F&& f) {
    const size_t count = segment->cell_count();
    for (size_t i = 0; i < count; ++i) {
      const uint64_t value = segment->cells()[i].load(std::memory_order_relaxed);
      if (value != 0) f(value);
    }
  }

  // Starts with one empty segment; what was there before is the caller's.
  void reset() {
    SegmentPtr segment = make_table_segment(0, 0, 0, 0);
    Directory* const directory = make_table_directory(0);
    directory->cells()[0].store(Ref(segment.get()).bits(), std::memory_order_relaxed);
    memory_ = directory->bytes() + segment->bytes;
    segment.release();
    size_ = 0;
    segments_ = 1;
    deepest_ = 1;
    directory_.store(directory, std::memory_order_release);
  }

  void discard(Directory* directory) {
    each_segment(directory, [&](Segment* segment, uint64_t) { retire_(segment, &Segment::free); });
    retire_(directory, &Directory::free);
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
    retire_(segment, &Segment::free);
  }

  void replace_directory(Directory* fresh) {
    Directory* const old = directory_.load(std::memory_order_relaxed);
    memory_ += fresh->bytes();
    memory_ -= old->bytes();
    directory_.store(fresh, std::memory_order_release);
    retire_(old, &Directory::free);
  }

  void grow(uint64_t hash) {
    const Ref ref = ref_of(hash);
    Segment* const segment = ref.segment();
    const Directory* const directory = directory_.load(std::memory_order_relaxed);
    const bool largest = segment->shape + 1u == kTableShapes.size();
    // Hashes that agree in many bits must not blow up the directory: then the stash grows.
    const bool may_split =
        ref.depth() < directory->depth ||
        (directory->depth < kTableMaxDepth && directory->size() <= 4 * size_t{segments_} + 32);
    if (largest && may_split) {
      split(ref, ref.prefix(hash));
      return;
    }
    const uint32_t extra = segment->stash_capacity - kTableShapes[segment->shape].stash;
    SegmentPtr bigger =
        largest
            ? build_table_segment(segment->values(), segment->shape, ref.depth(), ref.lag(),
                                  std::max<uint32_t>(64, 2 * extra))
            : build_table_segment(segment->values(), segment->shape + 1u, ref.depth(), ref.lag());
    publish(std::move(bigger), ref.prefix(hash));
    drop(segment, directory->depth);
  }

  void split(Ref ref, uint64_t prefix) {
    Segment* const segment = ref.segment();
    const unsigned depth = ref.depth() + 1;
    const bool fresh_tags = ref.lag() == kTableMaxLag;
    const unsigned lag = fresh_tags ? 0 : ref.lag() + 1;
    if (directory_.load(std::memory_order_relaxed)->depth < depth) double_directory();

    const Values values = segment->values();
    std::array<Values, 2> halves;
    for (Values& half : halves) half.reserve(values.size());
    constexpr size_t kAhead = 16;
    for (size_t i = 0; i < values.size(); ++i) {
      uint64_t value = values[i];
      const unsigned side = value >> (63 - ref.lag()) & 1;
      if (fresh_tags) {
        if (i + kAhead < values.size()) __builtin_prefetch(entry_of(values[i + kAhead]));
        const uint64_t hash = Traits::hash(static_cast<const T*>(entry_of(value)));
        value = with_tag(value, table_tag(hash, depth));
      }
      halves[side].push_back(value);
    }
    SegmentPtr low = build_table_segment(halves[0], table_shape_for(halves[0].size()), depth, lag);
    SegmentPtr high = build_table_segment(halves[1], table_shape_for(halves[1].size()), depth, lag);
    publish(std::move(low), prefix);
    publish(std::move(high), prefix | uint64_t{1} << (64 - depth));
    drop(segment, directory_.load(std::memory_order_relaxed)->depth);
  }

  void double_directory() {
    const Directory* const old = directory_.load(std::memory_order_relaxed);
    Directory* const fresh = make_table_directory(old->depth + 1);
    for (size_t i = 0; i < fresh->size(); ++i) {
      fresh->cells()[i].store(old->cells()[i / 2].load(std::memory_order_relaxed),
                              std::memory_order_relaxed);
    }
    deepest_ = 0;
    replace_directory(fresh);
  }

  void halve_directory() {
    const Directory* const old = directory_.load(std::memory_order_relaxed);
    Directory* const fresh = make_table_directory(old->depth - 1);
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
    SegmentPtr smaller = build_table_segment(segment->values(), table_shape_for(segment->count),
                                             ref.depth(), ref.lag());
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
      const uint64_t front = table_tag(prefix, start) >> (kTagBits - shift) << (kTagBits - shift);
      for (const uint64_t value : ref.segment()->values()) {
        values.push_back(with_tag(value, front | (value >> kPointerBits) >> shift));
      }
    };
    add(own, own.prefix(hash));
    add(other, other.prefix(hash ^ side_bit));
    SegmentPtr united =
        build_table_segment(values, table_shape_for(values.size()), depth, depth - start);
    publish(std::move(united), own.prefix(hash) & ~side_bit);
    const unsigned directory_depth = directory_.load(std::memory_order_relaxed)->depth;
    drop(own.segment(), directory_depth);
    drop(other.segment(), directory_depth);
    while (deepest_ == 0) halve_directory();
    return true;
  }

  const Retire retire_;
  std::atomic<Directory*> directory_{nullptr};
  size_t size_ = 0;
  size_t memory_ = 0;
  uint32_t segments_ = 0;
  uint32_t deepest_ = 0;  // segments as deep as the directory
};

}  // namespace scrubjay::detail
