// The id of a stream's entry: a time in ms and a number that tells entries of the same ms apart.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/number.h"

namespace scrubjay::objects {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the defaulted body for a 0
  auto operator<=>(const StreamId&) const = default;
  bool is_zero() const { return ms == 0 && seq == 0; }
  bool is_max() const { return *this == max(); }
  // The neighbours; not of max(), not of the zero id.
  StreamId next() const { return seq == UINT64_MAX ? StreamId{ms + 1, 0} : StreamId{ms, seq + 1}; }
  StreamId previous() const {
    return seq == 0 ? StreamId{ms - 1, UINT64_MAX} : StreamId{ms, seq - 1};
  }
  static constexpr StreamId max() { return {UINT64_MAX, UINT64_MAX}; }
};

// "ms-seq", as clients see it. Returns the length written.
inline constexpr size_t kStreamIdText = 41;
inline size_t write_stream_id(const StreamId& id, char* out) {
  size_t size = write_uint64(id.ms, out);
  out[size++] = '-';
  return size + write_uint64(id.seq, out + size);
}
inline std::string to_text(const StreamId& id) {
  char text[kStreamIdText];
  return {text, write_stream_id(id, text)};
}

}  // namespace scrubjay::objects
