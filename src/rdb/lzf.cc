#include "rdb/lzf.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace scrubjay::rdb {
namespace {

constexpr size_t kMostLiterals = 32;
constexpr size_t kShortestMatch = 3;
constexpr size_t kLongestMatch = 264;
constexpr size_t kFarthest = 8192;
constexpr unsigned kHashBits = 13;

unsigned char byte_at(std::string_view bytes, size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

uint32_t hash_at(std::string_view bytes, size_t i) {
  const uint32_t three = static_cast<uint32_t>(byte_at(bytes, i)) << 16 |
                         static_cast<uint32_t>(byte_at(bytes, i + 1)) << 8 | byte_at(bytes, i + 2);
  return three * 2654435761u >> (32 - kHashBits);
}

void append_literals(std::string& out, std::string_view literals) {
  while (!literals.empty()) {
    const size_t count = std::min(literals.size(), kMostLiterals);
    out += static_cast<char>(count - 1);
    out += literals.substr(0, count);
    literals.remove_prefix(count);
  }
}

void append_match(std::string& out, size_t length, size_t distance) {
  const size_t code = length - 2;
  const size_t offset = distance - 1;
  if (code < 7) {
    out += static_cast<char>(code << 5 | offset >> 8);
  } else {
    out += static_cast<char>(7 << 5 | offset >> 8);
    out += static_cast<char>(code - 7);
  }
  out += static_cast<char>(offset);
}

}  // namespace

std::optional<std::string> lzf_compress(std::string_view bytes) {
  std::string out;
  std::array<uint32_t, 1u << kHashBits> last{};  // position + 1 of the last such three bytes
  size_t literals = 0;                           // where those not yet written begin
  size_t at = 0;
  while (at + kShortestMatch <= bytes.size()) {
    uint32_t& place = last[hash_at(bytes, at)];
    const size_t before = place;
    place = static_cast<uint32_t>(at + 1);
    const bool usable =
        before > 0 && at + 1 - before <= kFarthest &&
        bytes.substr(before - 1, kShortestMatch) == bytes.substr(at, kShortestMatch);
    if (!usable) {
      ++at;
      continue;
    }
    const size_t from = before - 1;
    const size_t most = std::min(kLongestMatch, bytes.size() - at);
    size_t length = kShortestMatch;
    while (length < most && bytes[from + length] == bytes[at + length]) ++length;
    append_literals(out, bytes.substr(literals, at - literals));
    append_match(out, length, at - from);
    at += length;
    literals = at;
    if (out.size() >= bytes.size()) return std::nullopt;
  }
  append_literals(out, bytes.substr(literals));
  if (out.size() >= bytes.size()) return std::nullopt;
  return out;
}

std::optional<std::string> lzf_decompress(std::string_view packed, size_t size) {
  // No input expands further than this.
  if (size > packed.size() * kLongestMatch) return std::nullopt;
  std::string out;
  out.reserve(size);
  for (size_t at = 0; at < packed.size();) {
    const unsigned control = byte_at(packed, at++);
    if (control < kMostLiterals) {
      const size_t count = control + 1;
      if (packed.size() - at < count || size - out.size() < count) return std::nullopt;
      out += packed.substr(at, count);
      at += count;
      continue;
    }
    size_t length = control >> 5;
    if (length == 7) {
      if (at >= packed.size()) return std::nullopt;
      length += byte_at(packed, at++);
    }
    if (at >= packed.size()) return std::nullopt;
    const size_t distance = ((control & 0x1f) << 8 | byte_at(packed, at++)) + size_t{1};
    length += 2;
    if (distance > out.size() || size - out.size() < length) return std::nullopt;
    // The copy may reach into what it writes.
    for (size_t from = out.size() - distance; length > 0; --length) out += out[from++];
  }
  if (out.size() != size) return std::nullopt;
  return out;
}

}  // namespace scrubjay::rdb
