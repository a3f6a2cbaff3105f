#include "objects/hyperloglog_runs.h"

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace scrubjay::objects {
namespace {

constexpr size_t kMaxShortZeros = 64;
constexpr size_t kMaxValueRun = 4;
constexpr unsigned char kKind = 0xc0;  // of a run: 0x00 short zeros, 0x40 long zeros, else a value
constexpr unsigned char kLongZeros = 0x40;
constexpr unsigned char kValueLength = 3;

bool is_long_zeros(unsigned char first) {
  return (first & kKind) == kLongZeros;
}

char value_run(unsigned value, size_t length) {
  return static_cast<char>(0x80u | (value - 1) << 2 | (length - 1));
}

#if defined(__SSE2__)
// Skips runs sixteen bytes at a time while the register lies behind them, and then one block back,
// so that the two runs before it are still to come. A block ends behind the first run of two bytes.
HllRunCursor skip_runs(std::string_view bytes, size_t index, HllRunCursor from) {
  constexpr size_t kBlock = sizeof(__m128i);
  alignas(kBlock) static constexpr unsigned char kPrefix[2 * kBlock] = {
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  const auto load = [](const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); };
  const auto each = [](unsigned char byte) { return _mm_set1_epi8(static_cast<char>(byte)); };
  HllRunCursor here = from;
  while (here.at + kBlock + 1 <= bytes.size()) {
    const __m128i block = load(bytes.data() + here.at);
    const __m128i long_zeros = _mm_cmpeq_epi8(_mm_and_si128(block, each(kKind)), each(kLongZeros));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(long_zeros));
    const size_t shorts = found != 0 ? static_cast<size_t>(std::countr_zero(found)) : kBlock;
    const __m128i is_zeros = _mm_cmpgt_epi8(block, _mm_set1_epi8(-1));
    __m128i lengths = _mm_and_si128(block, _mm_or_si128(is_zeros, each(kValueLength)));
    lengths = _mm_and_si128(lengths, load(kPrefix + kBlock - shorts));
    const __m128i halves = _mm_sad_epu8(lengths, _mm_setzero_si128());
    size_t registers = shorts + static_cast<size_t>(_mm_cvtsi128_si64(halves)) +
                       static_cast<size_t>(_mm_extract_epi16(halves, 4));
    size_t taken = shorts;
    if (found != 0) {
      const HllRun run = hll_read_run(bytes, here.at + shorts);
      registers += run.length;
      taken += run.bytes;
    }
    if (here.first + registers > index) break;
    const bool holds_two = shorts + (found != 0 ? 1 : 0) >= 2;
    if (holds_two) from = here;
    here.at += taken;
    here.first += registers;
  }
  return from;
}
#else
HllRunCursor skip_runs(std::string_view, size_t, HllRunCursor from) {
  return from;
}
#endif

}  // namespace

HllRun hll_read_run(std::string_view bytes, size_t at) {
  const auto first = static_cast<unsigned char>(bytes[at]);
  if (is_long_zeros(first)) {
    const auto second = at + 1 < bytes.size() ? static_cast<unsigned char>(bytes[at + 1]) : 0u;
    return {((first & 0x3fu) << 8 | second) + 1, 2, 0};
  }
  if (first & 0x80u) return {(first & 3u) + 1, 1, (first >> 2 & 0x1fu) + 1};
  return {first + 1u, 1, 0};
}

char* hll_write_run(char* out, unsigned value, size_t length) {
  if (length == 0) return out;
  if (value > 0) {
    *out++ = value_run(value, length);
    return out;
  }
  if (length > kMaxShortZeros) *out++ = static_cast<char>(0x40u | (length - 1) >> 8);
  *out++ = static_cast<char>(length - 1);
  return out;
}

char* hll_join_runs(char* at, char* end) {
  constexpr int kLookedAt = 5;
  const auto is_value = [](char run) { return (static_cast<unsigned char>(run) & 0x80u) != 0; };
  for (int i = 0; i < kLookedAt && at < end; ++i) {
    if (!is_value(*at)) {
      at += is_long_zeros(static_cast<unsigned char>(*at)) ? 2 : 1;
      continue;
    }
    if (at + 1 < end && is_value(at[1])) {
      const HllRun left = hll_read_run({at, 1}, 0);
      const HllRun right = hll_read_run({at + 1, 1}, 0);
      if (left.value == right.value && left.length + right.length <= kMaxValueRun) {
        at[1] = value_run(left.value, left.length + right.length);
        std::memmove(at, at + 1, static_cast<size_t>(end - at - 1));
        --end;
        continue;
      }
    }
    ++at;
  }
  return end;
}

HllRunPlace hll_find_run(std::string_view bytes, size_t index, HllRunCursor from) {
  from = skip_runs(bytes, index, from);
  HllRunPlace place{from, from, from, {}};
  while (place.here.at < bytes.size()) {
    const HllRun run = hll_read_run(bytes, place.here.at);
    if (index < place.here.first + run.length) {
      if (place.here.at + run.bytes <= bytes.size()) place.run = run;
      break;
    }
    place.before_last = place.last;
    place.last = place.here;
    place.here.at += run.bytes;
    place.here.first += run.length;
  }
  return place;
}

}  // namespace scrubjay::objects
