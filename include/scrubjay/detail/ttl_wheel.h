// The timer wheel of the cache: which entries are past their deadline, without looking at others.
//
// The idea. Hashed hierarchical timing wheels (Varghese, Lauck, 1987) with ticks of 1 ms and eight
// levels of 256 slots, so that every 64-bit instant has a place. An entry is due one millisecond
// after its deadline; the highest byte in which that instant differs from the wheel's time names
// the level, the byte itself the slot. When the wheel's time reaches a slot it cascades: entries
// that are due at the time the caller asked for go to the due slot and are handed out, the others
// go to lower levels. Bitmaps tell the next slot in use, so a jump of an hour or a year costs what
// lies in between, not its length. Work can stop anywhere: a slot that still has entries while the
// wheel's time stands in it simply comes first in the next call.
//
// A slot is a list of chunks of 128 bytes: 15 entry pointers and 8 bytes of header. Only the first
// chunk of a list may have room, so removing moves the list's newest entry into the gap. Chunks
// have numbers, 64 to a block; an entry stores chunk number * 16 + position as its index, 32 bits.
// Deadlines are cache misses, so a cascade reads those of a whole chunk before it uses one; a chunk
// whose entries all go to one slot, or are all due, changes lists without touching them again, and
// one that was seen to have a single deadline is judged by its first entry from then on.
//
// Cost. 8.55 bytes per entry when slots are well filled; a slot in use costs at least a chunk, a
// level in use 1 KB; 1.2 KB with the first entry. A block whose chunks are all free is freed, and
// when more than an eighth of the chunks is free, the last block's are moved into the gaps, one
// for each chunk that becomes free. Up to 2^23 chunks, 125 million entries.
//
// Time that goes backwards is waited out: nothing happens until the latest instant is back.
//
// Threads. None: the owner serialises all calls.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>

#include "scrubjay/detail/ttl_chunk_pool.h"

namespace scrubjay::detail {

// Traits: static int64_t deadline(const T*), in ms; static uint32_t index(const T*) and
// static void set_index(T*, uint32_t), a field of the entry that belongs to the wheel.
template <class T, class Traits>
class TtlWheel {
  using Pool = TtlChunkPool<T>;
  using Chunk = typename Pool::Chunk;

 public:
  explicit TtlWheel(int64_t now_ms) : now_(now_ms), latest_(now_ms) {}
  TtlWheel(const TtlWheel&) = delete;
  TtlWheel& operator=(const TtlWheel&) = delete;

  // A deadline in the past is due at once.
  void add(T* entry) {
    put(slot_for(due_at(entry)), entry);
    ++size_;
  }

  // Reads the stored index only: the deadline may already be another one.
  void remove(T* entry) {
    const uint32_t index = Traits::index(entry);
    const uint32_t id = index / kStride;
    const uint32_t head = head_of(pool_[id].slot);
    Chunk& newest = pool_[head];
    T* const last = newest.entries[newest.count - 1];
    if (last != entry) {
      Chunk& chunk = pool_[id];
      chunk.entries[index % kStride] = last;
      if (id != head) chunk.alike = 0;
      Traits::set_index(last, index);
    }
    pop(head);
    if (--size_ == 0) {
      release_levels();
    } else if (pool_.is_sparse()) {
      compact_step();
    }
  }

  // The entry now lives at another address, with the same index.
  void relocate(T* now_at) {
    const uint32_t index = Traits::index(now_at);
    pool_[index / kStride].entries[index % kStride] = now_at;
  }

  // No later than the next instant at which advance() has something to do; INT64_MAX when empty.
  int64_t next_due() const {
    if (size_ == 0) return std::numeric_limits<int64_t>::max();
    return due_head_ != kNone ? latest_ : std::max(latest_, next_event().at);
  }

  // Turns the wheel to now_ms. Takes out every entry with deadline < now_ms and hands it to
  // on_due(T*), which may add and remove others. One entry handed out or moved is one unit of
  // `budget`. False: work is left, and the next call goes on with it.
  template <class F>
  bool advance(int64_t now_ms, size_t budget, F&& on_due) {
    if (now_ms < latest_) return true;
    latest_ = now_ms;
    while (size_ != 0) {
      if (!hand_out(budget, on_due)) return false;
      if (size_ == 0) break;
      const Event event = next_event();
      if (event.at > now_ms) break;
      now_ = std::max(now_, event.at);
      while (due_head_ == kNone && head_of(event.slot) != kNone) {
        if (budget == 0) return false;
        cascade(event.slot, now_ms, budget);
      }
    }
    now_ = now_ms;
    while (size_ != 0 && budget >= Pool::kEntries && pool_.is_sparse()) {
      compact_step();
      budget -= Pool::kEntries;
    }
    return true;
  }

  size_t size() const { return size_; }

  // An entry drawn at random, nullptr when empty; `bits` returns 64 random bits a call.
  template <class Bits>
  T* random(Bits&& bits) const {
    if (size_ == 0) return nullptr;
    const Chunk& chunk = pool_[pool_.any_used(bits)];
    return chunk.entries[(bits() >> 32) * chunk.count >> 32];
  }

  // The entry with the earliest deadline, or one whose deadline falls into the same slot; nullptr
  // when empty.
  T* nearest() const {
    if (size_ == 0) return nullptr;
    const Chunk& chunk = pool_[due_head_ != kNone ? due_head_ : head_of(next_event().slot)];
    T* earliest = chunk.entries[0];
    for (uint32_t i = 1; i < chunk.count; ++i) {
      if (Traits::deadline(chunk.entries[i]) < Traits::deadline(earliest))
        earliest = chunk.entries[i];
    }
    return earliest;
  }

  size_t memory_bytes() const {
    size_t bytes = pool_.memory_bytes();
    for (const Level& level : levels_) bytes += level.heads ? kSlots * sizeof(uint32_t) : 0;
    return bytes;
  }

  // Aborts when something is wrong; reads every entry.
  void check_invariants() const {
    size_t entries = 0;
    size_t chunks = 0;
    const auto check_slot = [&](unsigned slot) {
      uint32_t previous = kNone;
      for (uint32_t id = head_of(slot); id != kNone; id = pool_[id].next) {
        const Chunk& chunk = pool_[id];
        check(chunk.slot == slot && chunk.previous == previous && chunk.count > 0);
        check(previous == kNone || chunk.count == Pool::kEntries);
        for (uint32_t i = 0; i < chunk.count; ++i) {
          T* const entry = chunk.entries[i];
          check(Traits::index(entry) == id * kStride + i);
          check(chunk.alike == 0 || due_at(entry) == due_at(chunk.entries[0]));
          if (slot == kDueSlot) {
            check(due_at(entry) <= latest_);
            continue;
          }
          const unsigned right = slot_for(due_at(entry));
          // A slot that is being drained holds what goes to lower levels now.
          check(right == slot ||
                (is_current(slot) && (right == kDueSlot || right / kSlots < slot / kSlots)));
        }
        entries += chunk.count;
        ++chunks;
        previous = id;
      }
    };
    check_slot(kDueSlot);
    for (unsigned slot = 0; slot < kDueSlot; ++slot) {
      const Level& level = levels_[slot / kSlots];
      if (level.used(slot % kSlots)) {
        check(slot % kSlots >= digit(now_, slot / kSlots));
        check_slot(slot);
      }
    }
    size_t walked = 0;
    check(pool_.each_used([&](uint32_t) { ++walked; }));
    check(entries == size_ && chunks == pool_.used() && walked == chunks);
    if (size_ == 0) check(memory_bytes() == 0);
  }

 private:
  static constexpr unsigned kLevels = 8;
  static constexpr unsigned kSlots = 256;
  static constexpr unsigned kDueSlot = kLevels * kSlots;  // entries that are past their deadline
  static constexpr uint32_t kStride = 16;                 // indices per chunk
  static constexpr uint32_t kNone = Pool::kNone;

  struct Level {
    std::array<uint64_t, kSlots / 64> bitmap{};
    std::unique_ptr<uint32_t[]> heads;  // valid where the bitmap says so

    bool used(unsigned slot) const { return (bitmap[slot / 64] >> slot % 64 & 1) != 0; }
    void mark(unsigned slot) { bitmap[slot / 64] |= uint64_t{1} << slot % 64; }
    void unmark(unsigned slot) { bitmap[slot / 64] &= ~(uint64_t{1} << slot % 64); }
    // The first slot in use, kSlots when there is none. None lies before the wheel's time.
    unsigned first() const {
      for (unsigned i = 0; i < bitmap.size(); ++i) {
        if (bitmap[i] != 0) return 64 * i + static_cast<unsigned>(std::countr_zero(bitmap[i]));
      }
      return kSlots;
    }
  };

  struct Event {
    int64_t at;
    unsigned slot;
  };

  static void check(bool good) {
    if (!good) std::abort();
  }

  static int64_t due_at(const T* entry) {
    const int64_t deadline = Traits::deadline(entry);
    return deadline == std::numeric_limits<int64_t>::max() ? deadline : deadline + 1;
  }

  // Instants are compared and cut into bytes with the sign bit flipped, so that they sort unsigned.
  static uint64_t ordered(int64_t instant) {
    return static_cast<uint64_t>(instant) ^ uint64_t { 1 } << 63;
  }
  static unsigned digit(int64_t instant, unsigned level) {
    return static_cast<unsigned>(ordered(instant) >> 8 * level & 0xff);
  }

  // The slot of an entry that is due at `instant`, seen from the wheel's time.
  unsigned slot_for(int64_t instant) const {
    if (instant <= now_) return kDueSlot;
    const auto differing =
        static_cast<unsigned>(63 - std::countl_zero(ordered(instant) ^ ordered(now_)));
    const unsigned level = differing / 8;
    return level * kSlots + digit(instant, level);
  }

  bool is_current(unsigned slot) const { return slot % kSlots == digit(now_, slot / kSlots); }

  // The slot that comes next and the instant at which it begins.
  Event next_event() const {
    Event next{std::numeric_limits<int64_t>::max(), kDueSlot};
    for (unsigned l = 0; l < kLevels; ++l) {
      const unsigned slot = levels_[l].first();
      if (slot == kSlots) continue;
      const uint64_t above = l + 1 == kLevels ? 0 : ordered(now_) >> 8 * (l + 1) << 8 * (l + 1);
      const auto at = static_cast<int64_t>((above | uint64_t{slot} << 8 * l) ^ uint64_t{1} << 63);
      if (next.slot == kDueSlot || at < next.at) next = {at, l * kSlots + slot};
    }
    return next;
  }

  uint32_t head_of(unsigned slot) const {
    if (slot == kDueSlot) return due_head_;
    const Level& level = levels_[slot / kSlots];
    return level.used(slot % kSlots) ? level.heads[slot % kSlots] : kNone;
  }

  void set_head(unsigned slot, uint32_t id) {
    if (slot == kDueSlot) {
      due_head_ = id;
      return;
    }
    Level& level = levels_[slot / kSlots];
    if (id == kNone) {
      level.unmark(slot % kSlots);
      return;
    }
    if (!level.heads) level.heads.reset(new uint32_t[kSlots]);
    level.mark(slot % kSlots);
    level.heads[slot % kSlots] = id;
  }

  void put(unsigned slot, T* entry) {
    uint32_t head = head_of(slot);
    if (head == kNone || pool_[head].count == Pool::kEntries) {
      const uint32_t fresh = pool_.allocate();
      pool_[fresh].count = 0;
      push_chunk(slot, fresh);
      head = fresh;
    }
    Chunk& chunk = pool_[head];
    const uint32_t place = chunk.count;
    chunk.entries[place] = entry;
    chunk.count = place + 1;
    chunk.alike = 0;
    Traits::set_index(entry, head * kStride + place);
  }

  // Makes a chunk the first of a slot; the one before must be full.
  void push_chunk(unsigned slot, uint32_t id) {
    const uint32_t head = head_of(slot);
    set_head(slot, id);
    Chunk& chunk = pool_[id];
    chunk.slot = slot;
    chunk.previous = kNone;
    chunk.next = head;
    if (head != kNone) pool_[head].previous = id;
  }

  // Takes a slot's first chunk off its list.
  void unlink_head(uint32_t id) {
    const Chunk& chunk = pool_[id];
    if (chunk.next != kNone) pool_[chunk.next].previous = kNone;
    set_head(chunk.slot, chunk.next);
  }

  // Takes the newest entry of a slot's first chunk out.
  T* pop(uint32_t head) {
    Chunk& chunk = pool_[head];
    const uint32_t left = chunk.count - 1;
    T* const entry = chunk.entries[left];
    chunk.count = left;
    if (left == 0) {
      unlink_head(head);
      pool_.release(head);
    }
    return entry;
  }

  // Hands out the entries in the due slot; false when the budget ends before.
  template <class F>
  bool hand_out(size_t& budget, F&& on_due) {
    while (due_head_ != kNone) {
      if (budget == 0) return false;
      --budget;
      const Chunk& chunk = pool_[due_head_];
      if (chunk.count == Pool::kEntries) prefetch_next(chunk);
      T* const entry = pop(due_head_);
      if (--size_ == 0) release_levels();
      on_due(entry);
    }
    return true;
  }

  // Files the first chunk of a slot anew, or as much of it as the budget allows.
  void cascade(unsigned slot, int64_t now_ms, size_t& budget) {
    const uint32_t id = head_of(slot);
    Chunk& chunk = pool_[id];
    const uint32_t count = chunk.count;
    if (!chunk.alike) prefetch_next(chunk);
    std::array<unsigned, Pool::kEntries> targets;
    std::array<int64_t, Pool::kEntries> instants;
    // Reading all before using any lets the cache misses overlap.
    instants.fill(due_at(chunk.entries[0]));
    if (!chunk.alike) {
      for (uint32_t i = 1; i < count; ++i) instants[i] = due_at(chunk.entries[i]);
    }
    bool one_target = true;
    bool one_instant = true;
    for (uint32_t i = 0; i < count; ++i) {
      targets[i] = instants[i] <= now_ms ? kDueSlot : slot_for(instants[i]);
      one_target = one_target && targets[i] == targets[0];
      one_instant = one_instant && instants[i] == instants[0];
    }
    chunk.alike = one_instant;
    if (one_target && budget >= count && move_whole(id, targets[0])) {
      budget -= count;
      return;
    }
    for (uint32_t left = count; left > 0 && budget > 0; --left, --budget) {
      T* const entry = pop(id);
      put(targets[left - 1], entry);
    }
  }

  void prefetch_next(const Chunk& chunk) const {
    if (chunk.next == kNone) return;
    const Chunk& next = pool_[chunk.next];
    for (uint32_t i = 0; i < Pool::kEntries; ++i) __builtin_prefetch(next.entries[i], 1);
    if (next.next == kNone) return;
    const Chunk& after = pool_[next.next];
    __builtin_prefetch(&after);
    __builtin_prefetch(reinterpret_cast<const char*>(&after) + 64);
  }

  // Moves a slot's first chunk to another slot without touching its entries; false when that would
  // leave two chunks with room in a list.
  bool move_whole(uint32_t id, unsigned slot) {
    Chunk& chunk = pool_[id];
    const uint32_t head = head_of(slot);
    if (head == kNone || pool_[head].count == Pool::kEntries) {
      unlink_head(id);
      push_chunk(slot, id);
      return true;
    }
    if (chunk.count != Pool::kEntries) return false;
    unlink_head(id);
    Chunk& leader = pool_[head];
    chunk.slot = slot;
    chunk.previous = head;
    chunk.next = leader.next;
    if (leader.next != kNone) pool_[leader.next].previous = id;
    leader.next = id;
    return true;
  }

  // Moves one chunk of the pool's last block into a gap.
  void compact_step() {
    const auto [from, to] = pool_.plan_move();
    Chunk& source = pool_[from];
    for (uint32_t i = 0; i < source.count; ++i) __builtin_prefetch(source.entries[i], 1);
    Chunk& target = pool_[to];
    target = source;
    if (source.previous != kNone) {
      pool_[source.previous].next = to;
    } else {
      set_head(source.slot, to);
    }
    if (source.next != kNone) pool_[source.next].previous = to;
    for (uint32_t i = 0; i < target.count; ++i) {
      Traits::set_index(target.entries[i], to * kStride + i);
    }
    pool_.release(from);
  }

  void release_levels() {
    for (Level& level : levels_) level.heads.reset();
  }

  Pool pool_;
  int64_t now_;     // the instant up to which slots were worked off
  int64_t latest_;  // the latest instant ever asked for; the due slot is right for this one
  size_t size_ = 0;
  uint32_t due_head_ = kNone;
  std::array<Level, kLevels> levels_;
};

}  // namespace scrubjay::detail
