#include "objects/hyperloglog_registers.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace scrubjay::objects {
namespace {

static_assert(std::endian::native == std::endian::little);

// Eight registers are six bytes. In between, each half of a word holds four of them.
constexpr size_t kGroup = 8;
constexpr size_t kGroupBytes = kGroup * kHllRegisterBits / 8;

uint64_t load_group(const char* packed) {
  uint32_t low;
  uint16_t high;
  std::memcpy(&low, packed, sizeof low);
  std::memcpy(&high, packed + sizeof low, sizeof high);
  return low | static_cast<uint64_t>(high) << 32;
}

// 48 bits to one register a byte: halved from 24 bits to 12, then to 6.
uint64_t spread(uint64_t bits) {
  uint64_t x = (bits & 0xffffff) | (bits >> 24) << 32;
  x = (x & 0x00000fff'00000fff) | (x & 0x00fff000'00fff000) << 4;
  return (x & 0x003f003f'003f003f) | (x & 0x0fc00fc0'0fc00fc0) << 2;
}

uint64_t gather(uint64_t bytes) {
  uint64_t x = (bytes & 0x003f003f'003f003f) | (bytes & 0x3f003f00'3f003f00) >> 2;
  x = (x & 0x00000fff'00000fff) | (x & 0x0fff0000'0fff0000) >> 4;
  return (x & 0xffffff) | x >> 32 << 24;
}

#if defined(__x86_64__)
// As spread(), for 32 registers at once: their 24 bytes go to eight lanes of three.
__attribute__((target("avx2"))) void raise_with_avx2(HllRegisters& registers, const char* packed) {
  const auto load = [](const char* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  };
  const __m256i lanes = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1,  //
                                         4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
  for (size_t i = 0; i < kHllRegisters; i += 32, packed += 24) {
    __m256i x = _mm256_shuffle_epi8(_mm256_set_m128i(load(packed + 8), load(packed)), lanes);
    x = _mm256_or_si256(_mm256_and_si256(x, _mm256_set1_epi32(0x000fff)),
                        _mm256_slli_epi32(_mm256_and_si256(x, _mm256_set1_epi32(0xfff000)), 4));
    x = _mm256_or_si256(_mm256_and_si256(x, _mm256_set1_epi16(0x003f)),
                        _mm256_slli_epi16(_mm256_and_si256(x, _mm256_set1_epi16(0x0fc0)), 2));
    auto* const target = reinterpret_cast<__m256i*>(&registers[i]);
    _mm256_storeu_si256(target, _mm256_max_epu8(_mm256_loadu_si256(target), x));
  }
}
#endif

// Two series of the paper: sigma for registers that are 0, tau for those that are full.
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double sum = x;
  double before = 0;
  double weight = 1;
  do {
    x *= x;
    before = sum;
    sum += x * weight;
    weight += weight;
  } while (sum != before);
  return sum;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double sum = 1 - x;
  double before = 0;
  double weight = 1;
  do {
    x = std::sqrt(x);
    before = sum;
    weight *= 0.5;
    sum -= (1 - x) * (1 - x) * weight;
  } while (sum != before);
  return sum / 3;
}

}  // namespace

void hll_raise(HllRegisters& registers, const char* packed) {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (has_avx2) return raise_with_avx2(registers, packed);
#endif
  hll_raise_portably(registers, packed);
}

void hll_raise_portably(HllRegisters& registers, const char* packed) {
  HllRegisters other;
  for (size_t i = 0; i < kHllRegisters; i += kGroup, packed += kGroupBytes) {
    const uint64_t bytes = spread(load_group(packed));
    std::memcpy(&other[i], &bytes, sizeof bytes);
  }
  for (size_t i = 0; i < kHllRegisters; ++i) registers[i] = std::max(registers[i], other[i]);
}

void hll_pack(const HllRegisters& registers, char* packed) {
  for (size_t i = 0; i < kHllRegisters; i += kGroup, packed += kGroupBytes) {
    uint64_t bytes;
    std::memcpy(&bytes, &registers[i], sizeof bytes);
    const uint64_t bits = gather(bytes);
    std::memcpy(packed, &bits, kGroupBytes);
  }
}

HllHistogram hll_histogram(const HllRegisters& registers) {
  // Neighbours often hold the same value; a table for each of eight keeps them from waiting for
  // each other's count.
  std::array<HllHistogram, 8> parts{};
  for (size_t i = 0; i < kHllRegisters; i += parts.size()) {
    for (size_t part = 0; part < parts.size(); ++part) ++parts[part][registers[i + part]];
  }
  HllHistogram sum{};
  for (const HllHistogram& part : parts) {
    for (size_t value = 0; value < sum.size(); ++value) sum[value] += part[value];
  }
  return sum;
}

uint64_t hll_estimate(const HllHistogram& histogram) {
  constexpr double kAlpha = 0.721347520444481703680;  // 1 / (2 ln 2)
  constexpr double kCount = kHllRegisters;
  double z = kCount * tau((kCount - histogram[kHllHashBits + 1]) / kCount);
  for (size_t value = kHllHashBits; value >= 1; --value) {
    z += histogram[value];
    z *= 0.5;
  }
  z += kCount * sigma(histogram[0] / kCount);
  const double estimate = kAlpha * kCount * kCount / z;
  constexpr auto kLimit = uint64_t{1} << 63;
  return estimate < static_cast<double>(kLimit) ? static_cast<uint64_t>(std::llround(estimate))
                                                : kLimit;
}

}  // namespace scrubjay::objects
