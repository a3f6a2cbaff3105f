// The parts that payloads consist of: bytes, lengths and strings, read one after the other.
// Whatever does not fit throws Corrupt, which leaves rdb/ as "nothing".
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "rdb/format.h"
#include "rdb/lzf.h"

namespace scrubjay::rdb {

struct Corrupt {};

class PayloadInput {
 public:
  explicit PayloadInput(std::string_view bytes) : left_(bytes) {}

  bool at_end() const { return left_.empty(); }
  std::string_view take(uint64_t count) {
    if (count > left_.size()) throw Corrupt();
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  unsigned byte() { return static_cast<unsigned char>(take(1)[0]); }
  template <class T>
  T little() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  uint64_t length() {
    bool encoded = false;
    const uint64_t value = length(encoded);
    if (encoded) throw Corrupt();
    return value;
  }
  // How many elements follow. Each takes a byte at least, so that a lie is found out at once.
  uint64_t count() {
    const uint64_t value = length();
    if (value > left_.size()) throw Corrupt();
    return value;
  }

  std::string string() {
    bool encoded = false;
    const uint64_t size = length(encoded);
    if (!encoded) return std::string(take(size));
    switch (size) {
      case kInt8:
        return std::to_string(little<int8_t>());
      case kInt16:
        return std::to_string(little<int16_t>());
      case kInt32:
        return std::to_string(little<int32_t>());
      case kLzf: {
        const uint64_t packed = length();
        const uint64_t unpacked = length();
        auto text = lzf_decompress(take(packed), unpacked);
        if (!text) throw Corrupt();
        return std::move(*text);
      }
      default:
        throw Corrupt();
    }
  }

 private:
  // The length, or the encoding's number with `encoded` set.
  uint64_t length(bool& encoded) {
    const unsigned first = byte();
    encoded = false;
    switch (first >> 6) {
      case kLength6:
        return first & 0x3f;
      case kLength14:
        return (first & 0x3f) << 8 | byte();
      case kEncoded:
        encoded = true;
        return first & 0x3f;
      default:
        break;
    }
    const std::string_view bytes = take(first == 0x80 ? 4 : first == 0x81 ? 8 : throw Corrupt());
    uint64_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  std::string_view left_;
};

}  // namespace scrubjay::rdb
