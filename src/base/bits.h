// Long runs of bits: counting, searching, and combining several of them, many bits at a time. Bit 0
// is the highest bit of the first byte. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace scrubjay {

uint64_t count_ones(std::string_view bytes);
// Of the bits from `first` to `last`, both included, which must be within the bytes.
uint64_t count_ones(std::string_view bytes, uint64_t first, uint64_t last);

// The first bit from `first` to `last`, both included and within the bytes, that is `bit`; last + 1
// if there is none.
uint64_t find_bit(std::string_view bytes, bool bit, uint64_t first, uint64_t last);

enum class BitOperation : uint8_t {
  kAnd,
  kOr,
  kXor,
  kNot,    // of one source
  kDiff,   // in the first source, and in none of the others
  kDiff1,  // in one of the others, and not in the first
  kAndOr,  // in the first source, and in one of the others
  kOne,    // in exactly one source
};
// Writes `size` bytes. Sources, of which there is at least one, end in zeros without end.
void combine_bits(BitOperation operation, std::span<const std::string_view> sources, char* out,
                  size_t size);

}  // namespace scrubjay
