// The registers of a HyperLogLog as plain bytes: taken out of their packed form, joined, counted
// and turned into an estimate of the cardinality. Pure functions, vectorised where the machine can.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace scrubjay::objects {

inline constexpr size_t kHllRegisters = size_t{1} << 14;
inline constexpr size_t kHllRegisterBits = 6;
inline constexpr size_t kHllPackedBytes = kHllRegisters * kHllRegisterBits / 8;
// A hash has 64 bits; 14 choose the register, the other 50 give its value: 1 to 51.
inline constexpr unsigned kHllHashBits = 64 - 14;

// Values up to 63, the most that a packed register holds.
using HllRegisters = std::array<uint8_t, kHllRegisters>;
// How many registers hold each value.
using HllHistogram = std::array<uint32_t, 1 << kHllRegisterBits>;

// Raises each register to the one of kHllPackedBytes bytes at `packed`: 6 bits each, lowest first.
void hll_raise(HllRegisters& registers, const char* packed);
// The same without AVX2, which hll_raise() takes where it is.
void hll_raise_portably(HllRegisters& registers, const char* packed);
// The opposite of raising zeros: writes kHllPackedBytes bytes.
void hll_pack(const HllRegisters& registers, char* packed);

HllHistogram hll_histogram(const HllRegisters& registers);

// Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (arXiv:1702.01284),
// algorithm 6: no bias tables, the same formula from 0 up to where the hash is exhausted. What
// forged registers push to 2^63 and beyond is 2^63.
uint64_t hll_estimate(const HllHistogram& histogram);

}  // namespace scrubjay::objects
