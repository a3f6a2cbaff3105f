#include "base/sha1.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace scrubjay {
namespace {

constexpr size_t kBlock = 64;

struct State {
  uint32_t words[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

  void add_block(const unsigned char* bytes) {
    uint32_t schedule[80];
    for (int i = 0; i < 16; ++i) {
      schedule[i] = uint32_t{bytes[4 * i]} << 24 | uint32_t{bytes[4 * i + 1]} << 16 |
                    uint32_t{bytes[4 * i + 2]} << 8 | uint32_t{bytes[4 * i + 3]};
    }
    for (int i = 16; i < 80; ++i) {
      schedule[i] =
          std::rotl(schedule[i - 3] ^ schedule[i - 8] ^ schedule[i - 14] ^ schedule[i - 16], 1);
    }
    uint32_t a = words[0];
    uint32_t b = words[1];
    uint32_t c = words[2];
    uint32_t d = words[3];
    uint32_t e = words[4];
    for (int i = 0; i < 80; ++i) {
      uint32_t mixed = 0;
      if (i < 20)
        mixed = ((b & c) | (~b & d)) + 0x5a827999;
      else if (i < 40)
        mixed = (b ^ c ^ d) + 0x6ed9eba1;
      else if (i < 60)
        mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else
        mixed = (b ^ c ^ d) + 0xca62c1d6;
      const uint32_t next = std::rotl(a, 5) + mixed + e + schedule[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    words[0] += a;
    words[1] += b;
    words[2] += c;
    words[3] += d;
    words[4] += e;
  }
};

}  // namespace

std::array<char, 40> sha1_hex(std::string_view bytes) {
  State state;
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  for (; left >= kBlock; left -= kBlock, at += kBlock) state.add_block(at);

  // The end: the rest, one bit, zeros, and the length in bits.
  unsigned char tail[2 * kBlock] = {};
  if (left > 0) std::memcpy(tail, at, left);
  tail[left] = 0x80;
  const size_t tail_size = left < kBlock - 8 ? kBlock : 2 * kBlock;
  const uint64_t bits = uint64_t{bytes.size()} * 8;
  for (int i = 0; i < 8; ++i)
    tail[tail_size - 1 - static_cast<size_t>(i)] = static_cast<unsigned char>(bits >> (8 * i));
  for (size_t i = 0; i < tail_size; i += kBlock) state.add_block(tail + i);

  std::array<char, 40> hex{};
  for (size_t i = 0; i < hex.size(); ++i)
    hex[i] = "0123456789abcdef"[state.words[i / 8] >> (28 - 4 * (i % 8)) & 15];
  return hex;
}

}  // namespace scrubjay
