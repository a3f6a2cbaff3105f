// How often a key was asked for lately, whether or not it is in the cache: a count-min sketch
// (Cormode, Muthukrishnan, 2005) of 4-bit counters, as TinyLFU (Einziger, Friedman, Manes, 2017)
// uses it, with all four counters of a key in one cache line.
//
// The idea. A block is a line of 128 counters. A key's hash names the block and, in each quarter of
// it, one counter; the least of the four is the estimate. Counting raises those that are below 15.
// The past fades: block after block is halved, so that each is halved once while the sketch counts
// ten times its capacity. There is no moment at which everything is halved at once.
//
// Blocks are ordered by hash, so a sketch that is made larger or smaller keeps what it knows: a new
// block takes the larger counters of the old blocks whose hashes it covers.
//
// Cost. 8 bytes per key of capacity; a count or an estimate touches one line.
//
// Threads. None: the owner serialises all calls.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace scrubjay::detail {

class FrequencySketch {
 public:
  static constexpr uint32_t kMaximum = 15;

  explicit FrequencySketch(size_t capacity = 0) : keys_(std::max(capacity, kLeastKeys)) {
    resize(blocks_for(capacity));
  }
  FrequencySketch(const FrequencySketch&) = delete;
  FrequencySketch& operator=(const FrequencySketch&) = delete;

  // Makes the sketch fit for so many keys. Cheap when it already is; grows in steps of a quarter.
  void fit(size_t keys) {
    keys_ = std::max(keys, kLeastKeys);
    const size_t wanted = blocks_for(keys);
    if (wanted > blocks_) [[unlikely]]
      resize(std::max(wanted, blocks_ + blocks_ / 4));
    else if (wanted < blocks_ / 2) [[unlikely]]
      resize(wanted + wanted / 4);
  }

  void count(uint64_t hash) {
    const uint64_t mixed = mix(hash);
    Block& block = memory_[index(mixed)];
    bool counted = false;
    for (unsigned i = 0; i < kQuarters; ++i) {
      const Place place(mixed, i);
      if ((block[place.word] >> place.shift & kMaximum) == kMaximum) continue;
      block[place.word] += uint64_t{1} << place.shift;
      counted = true;
    }
    if (counted && --until_fade_ == 0) fade_next();
  }

  uint32_t estimate(uint64_t hash) const {
    const uint64_t mixed = mix(hash);
    const Block& block = memory_[index(mixed)];
    uint64_t least = kMaximum;
    for (unsigned i = 0; i < kQuarters; ++i) {
      const Place place(mixed, i);
      least = std::min(least, block[place.word] >> place.shift & kMaximum);
    }
    return static_cast<uint32_t>(least);
  }

  // The line that a count of this hash will touch.
  const void* line_of(uint64_t hash) const { return &memory_[index(mix(hash))]; }

  size_t memory_bytes() const { return blocks_ * sizeof(Block); }

 private:
  static constexpr unsigned kQuarters = 4;
  static constexpr size_t kBlockKeys = 8;
  static constexpr size_t kLeastBlocks = 32;  // collisions would blur small caches
  static constexpr size_t kLeastKeys = 32;
  static constexpr uint64_t kIndexRange = uint64_t{1} << 32;
  static constexpr uint64_t kCountsPerKey = 10;  // while every block is halved once

  struct alignas(64) Block : std::array<uint64_t, 8> {};

  struct Place {
    Place(uint64_t mixed, unsigned quarter) {
      const auto bits = static_cast<unsigned>(mixed >> (8 * quarter));
      word = 2 * quarter + (bits & 1);
      shift = (bits >> 1 & 15) * 4;
    }
    unsigned word;
    unsigned shift;
  };

  // The upper 40 bits of the hash are enough, and all that some callers keep. Of the cache's own
  // use of them nothing must show here.
  static uint64_t mix(uint64_t hash) {
    hash = (hash >> 24) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 32;
  }
  static size_t blocks_for(size_t keys) {
    return std::max(kLeastBlocks, (keys + kBlockKeys - 1) / kBlockKeys);
  }
  size_t index(uint64_t mixed) const { return (mixed >> 32) * blocks_ / kIndexRange; }

  void fade_next() {
    if (++fading_ >= blocks_) fading_ = 0;
    for (uint64_t& word : memory_[fading_]) word = word >> 1 & 0x7777777777777777;
    until_fade_ = fade_period();
  }
  // Small sketches have more blocks than their keys need, which fade as fast nevertheless.
  uint64_t fade_period() const { return kCountsPerKey * keys_ / blocks_ + 1; }

  static Block larger_of(const Block& a, const Block& b) {
    constexpr uint64_t kCounter = kMaximum;
    Block result{};
    for (size_t word = 0; word < result.size(); ++word) {
      for (unsigned shift = 0; shift < 64; shift += 4) {
        result[word] |= std::max(a[word] & kCounter << shift, b[word] & kCounter << shift);
      }
    }
    return result;
  }

  void resize(size_t blocks) {
    auto fresh = std::make_unique<Block[]>(blocks);
    for (size_t i = 0; i < blocks && blocks_ != 0; ++i) {
      const size_t first = i * blocks_ / blocks;
      const size_t last = std::min(((i + 1) * blocks_ + blocks - 1) / blocks, blocks_) - 1;
      fresh[i] = memory_[first];
      for (size_t other = first + 1; other <= last; ++other)
        fresh[i] = larger_of(fresh[i], memory_[other]);
    }
    memory_ = std::move(fresh);
    blocks_ = blocks;
    fading_ = 0;
    until_fade_ = fade_period();
  }

  std::unique_ptr<Block[]> memory_;
  size_t blocks_ = 0;
  size_t keys_;
  size_t fading_ = 0;
  uint64_t until_fade_ = 0;
};

}  // namespace scrubjay::detail
