// Whether two short texts are equal, inlined: for names of keys, which are compared once per
// request. memcmp's masked loads of 32 bytes also wait for the cache line behind the text.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace scrubjay {

inline bool same_bytes(std::string_view a, std::string_view b) {
  const size_t size = a.size();
  if (size != b.size()) return false;
  const auto differing = [&]<class Word>(size_t at) {
    Word x;
    Word y;
    std::memcpy(&x, a.data() + at, sizeof x);
    std::memcpy(&y, b.data() + at, sizeof y);
    return x ^ y;
  };
  // Words from the front and from the end, which may overlap.
  if (size >= 16 && size <= 32) [[likely]] {
    return (differing.operator()<uint64_t>(0) | differing.operator()<uint64_t>(8) |
            differing.operator()<uint64_t>(size - 16) | differing.operator()<uint64_t>(size - 8)) ==
           0;
  }
  if (size >= 8 && size < 16)
    return (differing.operator()<uint64_t>(0) | differing.operator()<uint64_t>(size - 8)) == 0;
  if (size >= 4 && size < 8)
    return (differing.operator()<uint32_t>(0) | differing.operator()<uint32_t>(size - 4)) == 0;
  return size == 0 || std::memcmp(a.data(), b.data(), size) == 0;
}

}  // namespace scrubjay
