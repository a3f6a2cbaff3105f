#include "base/bits.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace scrubjay {
namespace {

using Word = uint64_t;
constexpr size_t kWord = sizeof(Word);

Word load(const char* p) {
  Word word;
  std::memcpy(&word, p, kWord);
  return word;
}

// Four counters, as each addition would else wait for the one before.
template <class CountWord>
[[gnu::always_inline]] inline uint64_t count_words(std::string_view bytes, CountWord&& count_word) {
  std::array<uint64_t, 4> counts{};
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  for (; end - p >= static_cast<ptrdiff_t>(4 * kWord); p += 4 * kWord) {
    for (size_t i = 0; i < 4; ++i) counts[i] += count_word(load(p + i * kWord));
  }
  Word rest = 0;
  for (; end - p >= static_cast<ptrdiff_t>(kWord); p += kWord) counts[0] += count_word(load(p));
  std::memcpy(&rest, p, static_cast<size_t>(end - p));
  return counts[0] + counts[1] + counts[2] + counts[3] + count_word(rest);
}

[[gnu::target("popcnt")]] uint64_t count_by_instruction(std::string_view bytes) {
  return count_words(
      bytes, [](Word word) __attribute__((target("popcnt"))) {
        return static_cast<uint64_t>(__builtin_popcountll(word));
      });
}

uint64_t count_by_arithmetic(std::string_view bytes) {
  return count_words(bytes, [](Word word) { return static_cast<uint64_t>(std::popcount(word)); });
}

bool bit_at(std::string_view bytes, uint64_t offset) {
  return static_cast<unsigned char>(bytes[offset >> 3]) >> (7 - (offset & 7)) & 1;
}

}  // namespace

uint64_t count_ones(std::string_view bytes) {
  static const bool has_instruction = __builtin_cpu_supports("popcnt") != 0;
  return has_instruction ? count_by_instruction(bytes) : count_by_arithmetic(bytes);
}

uint64_t count_ones(std::string_view bytes, uint64_t first, uint64_t last) {
  const uint64_t first_byte = first >> 3;
  const uint64_t last_byte = last >> 3;
  const auto ones = [&](uint64_t byte, unsigned mask) {
    return static_cast<uint64_t>(std::popcount(static_cast<unsigned char>(bytes[byte]) & mask));
  };
  const unsigned from_first = 0xffu >> (first & 7);
  const unsigned up_to_last = 0xff00u >> ((last & 7) + 1) & 0xffu;
  if (first_byte == last_byte) return ones(first_byte, from_first & up_to_last);
  return ones(first_byte, from_first) + ones(last_byte, up_to_last) +
         count_ones(bytes.substr(first_byte + 1, last_byte - first_byte - 1));
}

uint64_t find_bit(std::string_view bytes, bool bit, uint64_t first, uint64_t last) {
  uint64_t at = first;
  for (; at <= last && (at & 7) != 0; ++at) {
    if (bit_at(bytes, at) == bit) return at;
  }
  const Word none = bit ? 0 : ~Word{0};
  while (at + 8 * kWord <= last && load(bytes.data() + (at >> 3)) == none) at += 8 * kWord;
  const char no_byte = static_cast<char>(none);
  while (at + 8 <= last && bytes[at >> 3] == no_byte) at += 8;
  while (at <= last && bit_at(bytes, at) != bit) ++at;
  return at;
}

namespace {

// Puts the bytes of the source into those of the result.
template <class Combine>
[[gnu::always_inline]] inline void merge(char* out, const char* source, size_t size,
                                         Combine&& combine) {
  size_t i = 0;
  for (; i + kWord <= size; i += kWord) {
    const Word word = combine(load(out + i), load(source + i));
    std::memcpy(out + i, &word, kWord);
  }
  for (; i < size; ++i)
    out[i] = static_cast<char>(
        combine(static_cast<unsigned char>(out[i]), static_cast<unsigned char>(source[i])));
}

constexpr size_t kBlock = 4096;

// A part of the result, for which a piece of each source is at hand.
class Block {
 public:
  Block(char* out, size_t from, size_t size) : out_(out), from_(from), size_(size) {}

  void copy(std::string_view source) {
    const std::string_view piece = piece_of(source);
    std::copy(piece.begin(), piece.end(), out_);
    clear_from(piece.size());
  }
  void and_with(std::string_view source) {
    const std::string_view piece = piece_of(source);
    merge(out_, piece.data(), piece.size(), [](auto a, auto b) { return a & b; });
    clear_from(piece.size());
  }
  void or_with(std::string_view source) {
    const std::string_view piece = piece_of(source);
    merge(out_, piece.data(), piece.size(), [](auto a, auto b) { return a | b; });
  }
  void xor_with(std::string_view source) {
    const std::string_view piece = piece_of(source);
    merge(out_, piece.data(), piece.size(), [](auto a, auto b) { return a ^ b; });
  }
  // What is in the source goes.
  void and_not(std::string_view source) {
    const std::string_view piece = piece_of(source);
    merge(out_, piece.data(), piece.size(), [](auto a, auto b) { return a & ~b; });
  }
  void invert() {
    for (size_t i = 0; i < size_; ++i) out_[i] = static_cast<char>(~out_[i]);
  }

 private:
  std::string_view piece_of(std::string_view source) const {
    return source.size() <= from_ ? std::string_view{} : source.substr(from_, size_);
  }
  void clear_from(size_t at) { std::fill(out_ + at, out_ + size_, '\0'); }

  char* out_;
  size_t from_;
  size_t size_;
};

void combine_block(BitOperation operation, std::span<const std::string_view> sources, char* out,
                   size_t from, size_t size) {
  Block block(out, from, size);
  const auto others = sources.subspan(1);
  switch (operation) {
    case BitOperation::kAnd:
      block.copy(sources[0]);
      for (const std::string_view source : others) block.and_with(source);
      return;
    case BitOperation::kOr:
      block.copy(sources[0]);
      for (const std::string_view source : others) block.or_with(source);
      return;
    case BitOperation::kXor:
      block.copy(sources[0]);
      for (const std::string_view source : others) block.xor_with(source);
      return;
    case BitOperation::kNot:
      block.copy(sources[0]);
      return block.invert();
    case BitOperation::kDiff:
      block.copy(sources[0]);
      for (const std::string_view source : others) block.and_not(source);
      return;
    case BitOperation::kDiff1:
      block.copy({});
      for (const std::string_view source : others) block.or_with(source);
      return block.and_not(sources[0]);
    case BitOperation::kAndOr:
      block.copy({});
      for (const std::string_view source : others) block.or_with(source);
      return block.and_with(sources[0]);
    case BitOperation::kOne: {
      // What was seen at all, and what was seen more than once.
      std::array<char, kBlock> seen_bytes;
      std::array<char, kBlock> twice_bytes{};
      Block seen(seen_bytes.data(), from, size);
      seen.copy(sources[0]);
      for (const std::string_view source : others) {
        std::array<char, kBlock> both_bytes;
        Block both(both_bytes.data(), from, size);
        both.copy(source);
        merge(both_bytes.data(), seen_bytes.data(), size, [](auto a, auto b) { return a & b; });
        merge(twice_bytes.data(), both_bytes.data(), size, [](auto a, auto b) { return a | b; });
        seen.or_with(source);
      }
      std::memcpy(out, seen_bytes.data(), size);
      merge(out, twice_bytes.data(), size, [](auto a, auto b) { return a & ~b; });
      return;
    }
  }
}

}  // namespace

void combine_bits(BitOperation operation, std::span<const std::string_view> sources, char* out,
                  size_t size) {
  for (size_t from = 0; from < size; from += kBlock)
    combine_block(operation, sources, out + from, from, std::min(kBlock, size - from));
}

}  // namespace scrubjay
