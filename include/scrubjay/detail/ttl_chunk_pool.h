// The memory of a timer wheel (ttl_wheel.h): chunks of 128 bytes with stable numbers, in blocks of
// 64 that are freed when empty. While a wheel is small its only block doubles from one chunk on.
//
// Allocation and release are O(1). A block empties by itself only if all its chunks are released;
// is_sparse() and plan_move() tell the wheel which chunk to move so that the last block does.
//
// Threads. None: the wheel's owner serialises all calls.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace scrubjay::detail {

template <class T>
class TtlChunkPool {
 public:
  static constexpr uint32_t kNone = (1u << 23) - 1;
  static constexpr unsigned kEntries = 15;
  static constexpr unsigned kBlockChunks = 64;

  struct alignas(128) Chunk {
    uint64_t next : 23;
    uint64_t previous : 23;
    uint64_t slot : 12;
    uint64_t count : 4;
    uint64_t alike : 1;  // all entries are known to have one deadline
    T* entries[kEntries];
  };
  static_assert(sizeof(Chunk) == 128);

  Chunk& operator[](uint32_t id) { return blocks_[id / kBlockChunks].chunks[id % kBlockChunks]; }
  const Chunk& operator[](uint32_t id) const {
    return blocks_[id / kBlockChunks].chunks[id % kBlockChunks];
  }

  // A chunk with undefined contents. Throws std::length_error when all numbers are taken.
  uint32_t allocate() {
    if (first_open_ == kNone) add_block();
    uint32_t number = first_open_;
    // The last block is the one to be emptied.
    if (number + 1 == blocks_.size() && blocks_[number].next != kNone)
      number = blocks_[number].next;
    return take_from(number);
  }

  void release(uint32_t id) {
    const uint32_t number = id / kBlockChunks;
    Block& block = blocks_[number];
    if (block.free == 0) link(first_open_, number);
    block.free |= uint64_t{1} << id % kBlockChunks;
    ++free_;
    --used_;
    if (std::popcount(block.free) == static_cast<int>(block.size)) remove_block(number);
  }

  bool is_sparse() const { return free_ > kBlockChunks + used_ / 8; }

  // A chunk in use in the last block, and a place for it in another one; call when is_sparse().
  struct Move {
    uint32_t from;
    uint32_t to;
  };
  Move plan_move() {
    const auto last = static_cast<uint32_t>(blocks_.size() - 1);
    const uint64_t used = ~blocks_[last].free;
    uint32_t target = first_open_;
    if (target == last) target = blocks_[target].next;
    return {last * kBlockChunks + static_cast<uint32_t>(std::countr_zero(used)), take_from(target)};
  }

  size_t memory_bytes() const { return chunk_bytes_ + blocks_.capacity() * sizeof(Block); }
  size_t used() const { return used_; }

  // The number of some chunk in use, each about as likely as any other; kNone when there is none.
  // `bits` returns 64 random bits a call.
  template <class Bits>
  uint32_t any_used(Bits&& bits) const {
    if (used_ == 0) return kNone;
    for (;;) {
      const auto number = static_cast<uint32_t>((bits() >> 32) * blocks_.size() >> 32);
      const Block& block = blocks_[number];
      if (block.size == 0) continue;
      const auto place = static_cast<uint32_t>((bits() >> 32) * block.size >> 32);
      if ((block.free >> place & 1) == 0) return number * kBlockChunks + place;
    }
  }

  // Calls f(id) for each chunk in use and compares the counters; false when they are wrong.
  template <class F>
  bool each_used(F&& f) const {
    size_t used = 0;
    size_t available = 0;
    size_t bytes = 0;
    size_t open_blocks = 0;
    for (uint32_t number = 0; number < blocks_.size(); ++number) {
      const Block& block = blocks_[number];
      for (uint32_t i = 0; i < block.size; ++i) {
        if ((block.free >> i & 1) != 0) {
          ++available;
        } else {
          ++used;
          f(number * kBlockChunks + i);
        }
      }
      bytes += block.size * sizeof(Chunk);
      open_blocks += block.free != 0;
    }
    for (uint32_t number = first_open_; number != kNone; number = blocks_[number].next) {
      if (blocks_[number].free == 0) return false;
      --open_blocks;
    }
    return used == used_ && available == free_ && bytes == chunk_bytes_ && open_blocks == 0;
  }

 private:
  struct Block {
    std::unique_ptr<Chunk[]> chunks;
    uint64_t free = 0;
    uint32_t size = 0;  // chunks; 64, but fewer in the only block of a small wheel; 0: no memory
    uint32_t next = kNone;  // the list of blocks with free chunks, or of those without memory
    uint32_t previous = kNone;
  };

  static std::unique_ptr<Chunk[]> make_chunks(uint32_t count) {
    return std::unique_ptr<Chunk[]>(new Chunk[count]);
  }

  uint32_t take_from(uint32_t number) {
    Block& block = blocks_[number];
    const auto place = static_cast<uint32_t>(std::countr_zero(block.free));
    block.free &= block.free - 1;
    if (block.free == 0) unlink(first_open_, number);
    --free_;
    ++used_;
    return number * kBlockChunks + place;
  }

  void link(uint32_t& first, uint32_t number) {
    Block& block = blocks_[number];
    block.previous = kNone;
    block.next = first;
    if (first != kNone) blocks_[first].previous = number;
    first = number;
  }

  void unlink(uint32_t& first, uint32_t number) {
    const Block& block = blocks_[number];
    if (block.next != kNone) blocks_[block.next].previous = block.previous;
    (block.previous != kNone ? blocks_[block.previous].next : first) = block.next;
  }

  void add_block() {
    if (blocks_.size() == 1 && blocks_[0].size != 0 && blocks_[0].size < kBlockChunks) {
      grow_only_block();
      return;
    }
    uint32_t number = first_hole_;
    const uint32_t size = blocks_.empty() ? 1 : kBlockChunks;
    if (number == kNone) {
      if (blocks_.size() >= kNone / kBlockChunks) throw std::length_error("too many deadlines");
      number = static_cast<uint32_t>(blocks_.size());
      if (blocks_.size() == blocks_.capacity()) blocks_.reserve(blocks_.size() * 5 / 4 + 1);
      blocks_.emplace_back();
    }
    std::unique_ptr<Chunk[]> chunks = make_chunks(size);
    if (number == first_hole_) unlink(first_hole_, number);
    Block& block = blocks_[number];
    block.chunks = std::move(chunks);
    block.size = size;
    block.free = size == kBlockChunks ? ~uint64_t{0} : (uint64_t{1} << size) - 1;
    free_ += size;
    chunk_bytes_ += size * sizeof(Chunk);
    link(first_open_, number);
  }

  void grow_only_block() {
    Block& block = blocks_[0];
    const uint32_t size = block.size * 2;
    std::unique_ptr<Chunk[]> chunks = make_chunks(size);
    std::copy_n(block.chunks.get(), block.size, chunks.get());
    block.chunks = std::move(chunks);
    block.free = ((uint64_t{1} << (size - block.size)) - 1) << block.size;
    free_ += size - block.size;
    chunk_bytes_ += (size - block.size) * sizeof(Chunk);
    block.size = size;
    link(first_open_, 0);
  }

  void remove_block(uint32_t number) {
    unlink(first_open_, number);
    Block& block = blocks_[number];
    block.chunks.reset();
    free_ -= block.size;
    chunk_bytes_ -= block.size * sizeof(Chunk);
    block.free = 0;
    block.size = 0;
    link(first_hole_, number);
    while (!blocks_.empty() && blocks_.back().size == 0) {
      unlink(first_hole_, static_cast<uint32_t>(blocks_.size() - 1));
      blocks_.pop_back();
    }
    if (blocks_.size() <= blocks_.capacity() / 4) blocks_.shrink_to_fit();
  }

  std::vector<Block> blocks_;
  uint32_t first_open_ = kNone;
  uint32_t first_hole_ = kNone;
  size_t used_ = 0;
  size_t free_ = 0;
  size_t chunk_bytes_ = 0;
};

}  // namespace scrubjay::detail
