// The intset: a sorted row of integers of one width, the compact encoding of small sets of numbers
// and what DUMP carries. The format is Redis's: 4 bytes width (2, 4 or 8), 4 bytes count, numbers,
// all little-endian. Bytes that come from outside must pass is_intset() first. Used under the lock
// of the value's owner.
#pragma once

#include <cstdint>
#include <string_view>

#include "objects/byte_buffer.h"

namespace scrubjay::objects {

class Intset {
 public:
  static constexpr size_t kHeader = 8;

  explicit Intset(std::string_view bytes) : bytes_(bytes) {}

  size_t count() const;
  unsigned width() const;
  int64_t at(size_t index) const;
  // Where the number is, or would be put.
  struct Place {
    size_t index;
    bool found;
  };
  Place find(int64_t number) const;
  bool contains(int64_t number) const { return find(number).found; }

 private:
  std::string_view bytes_;
};

std::string_view empty_intset();
// False if it is there already.
bool intset_insert(ByteBuffer& buffer, int64_t number);
// False if it is not there.
bool intset_erase(ByteBuffer& buffer, int64_t number);
void intset_erase_at(ByteBuffer& buffer, size_t index);

// Whether foreign bytes are an intset: its size fits, its numbers ascend.
bool is_intset(std::string_view bytes);

}  // namespace scrubjay::objects
