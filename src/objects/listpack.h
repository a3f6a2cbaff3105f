// The listpack: a row of short strings and integers in one run of bytes, the compact encoding of
// small hashes, lists, sets and sorted sets, and what DUMP carries. The format is Redis's
// (github.com/antirez/listpack): 4 bytes size, 2 bytes count, entries, 0xff. An entry is a header
// with the type and length, the bytes, and its own length again for those who walk backwards.
//
// Positions are byte offsets; they die with the next edit. Bytes that come from outside must pass
// is_listpack() first. Used under the lock of the value's owner.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/number.h"
#include "objects/byte_buffer.h"

namespace scrubjay::objects {

// What is looked for, or put in: text that is a canonical 64-bit number is kept as a number.
struct PackedText {
  explicit PackedText(std::string_view bytes) : text(bytes), number(number_in(bytes)) {}

  std::string_view text;
  std::optional<int64_t> number;

 private:
  static std::optional<int64_t> number_in(std::string_view bytes) {
    const bool may_be = !bytes.empty() && bytes.size() <= kInt64Digits &&
                        (bytes[0] == '-' || (bytes[0] >= '0' && bytes[0] <= '9'));
    return may_be ? parse_int64(bytes) : std::nullopt;
  }
};

// One entry of a listpack.
struct PackedItem {
  const char* bytes = nullptr;  // of a string; nullptr for a number
  size_t size = 0;
  int64_t number = 0;

  bool is_number() const { return bytes == nullptr; }
  // A number is printed into `scratch`.
  std::string_view text(char (&scratch)[kInt64Digits]) const {
    if (is_number()) return {scratch, write_int64(number, scratch)};
    return {bytes, size};
  }
  bool operator==(const PackedText& other) const {
    if (is_number()) return other.number && *other.number == number;
    return other.text == std::string_view(bytes, size);
  }
};

class Listpack {
 public:
  static constexpr size_t kHeader = 6;
  static constexpr size_t kEmptySize = kHeader + 1;

  explicit Listpack(std::string_view bytes) : bytes_(bytes) {}

  // O(1), but for 65535 and more items.
  size_t count() const;
  bool empty() const { return bytes_.size() == kEmptySize; }
  size_t begin() const { return kHeader; }
  size_t end() const { return bytes_.size() - 1; }
  size_t next(size_t at) const;
  size_t previous(size_t at) const;  // not of begin()
  // The item with this index, from the nearer end; end() if there is none.
  size_t at_index(size_t index) const;
  PackedItem item(size_t at) const;
  // Reads the item and moves on.
  PackedItem read(size_t& at) const;
  // The first item equal to `text` among every `step`th one from `from` on, or end().
  size_t find(const PackedText& text, size_t from, size_t step = 1) const;

 private:
  std::string_view bytes_;
};

// The bytes of a listpack without items.
std::string_view empty_listpack();

// Puts an item before the one at `at` (end(): at the end). Returns the position behind it.
size_t listpack_insert(ByteBuffer& buffer, size_t at, const PackedText& text);
inline size_t listpack_append(ByteBuffer& buffer, const PackedText& text) {
  return listpack_insert(buffer, buffer.view().size() - 1, text);
}
void listpack_replace(ByteBuffer& buffer, size_t at, const PackedText& text);
// Removes `count` items from the one at `at` on, at most to the end.
void listpack_erase(ByteBuffer& buffer, size_t at, size_t count = 1);

// Bytes that the item will take.
size_t listpack_item_size(const PackedText& text);

// The head and bytes of an item without the length behind them, as other dense encodings use them.
// Such a body never begins with a byte above kLastHead.
inline constexpr unsigned char kLastHead = 0xf4;
size_t packed_body_size(const PackedText& text);
// `size`: what packed_body_size() said.
void write_packed_body(char* out, const PackedText& text, size_t size);
size_t packed_body_size_at(const char* body);
PackedItem read_packed_body(const char* body);

// Whether foreign bytes are a listpack in every detail.
bool is_listpack(std::string_view bytes);

}  // namespace scrubjay::objects
