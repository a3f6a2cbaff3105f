// One key with its value, in one heap block: an 8-byte header, the optional fields that its flags
// announce, the key's bytes, and for a string the value's bytes. What a key does not use costs it
// nothing. From kBlockSize on, a string's bytes live in a SharedBytes block that replies may share.
// Only table slot, wheel slot and the stripe's lock holder know an entry's address, so it may move.
//
//   | type+encoding | flags | key size | access (24 bit) | value size (16 bit) |
//   [deadline 8][wheel place 4][long key size 4] key bytes, value bytes or block pointer
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/shared_bytes.h"
#include "store/key.h"

namespace scrubjay::store {

enum class Type : uint8_t { kString = 0 };

// Names that OBJECT ENCODING gives.
enum class Encoding : uint8_t { kInt = 0, kEmbstr = 1, kRaw = 2 };
std::string_view type_name(Type type);
std::string_view encoding_name(Encoding encoding);

inline constexpr int64_t kNoDeadline = -1;
inline constexpr size_t kMaxEmbstr = 44;

class Entry {
 public:
  static constexpr size_t kBlockSize = 16 * 1024;

  // A string entry. The deadline is in ms since the epoch, or kNoDeadline.
  static Entry* make_string(std::string_view key, std::string_view value, Encoding encoding,
                            int64_t deadline);
  static Entry* make_string(std::string_view key, SharedBytes block, Encoding encoding,
                            int64_t deadline);
  // A copy of the entry under another key and with another deadline; a long value is shared.
  Entry* clone(std::string_view key, int64_t deadline) const;
  static void destroy(Entry* entry);

  Type type() const { return static_cast<Type>(kind_ & 0x0f); }
  Encoding encoding() const { return static_cast<Encoding>(kind_ >> 4); }
  void set_encoding(Encoding encoding) {
    kind_ = static_cast<uint8_t>((kind_ & 0x0f) | static_cast<uint8_t>(encoding) << 4);
  }

  std::string_view key() const { return {bytes() + key_offset(), key_size()}; }

  bool has_deadline() const { return flags_ & kHasDeadline; }
  int64_t deadline() const { return has_deadline() ? load<int64_t>(kHeader) : kNoDeadline; }
  // Only for entries that have one; the wheel must be told.
  void set_deadline(int64_t deadline) { store(kHeader, deadline); }
  uint32_t wheel_place() const { return load<uint32_t>(kHeader + 8); }
  void set_wheel_place(uint32_t place) { store(kHeader + 8, place); }

  // 24 bits that the eviction policy reads: a clock in seconds, or minutes and a counter.
  uint32_t access() const { return static_cast<uint32_t>(access_high_) << 16 | access_low_; }
  void set_access(uint32_t access) {
    access_high_ = static_cast<uint8_t>(access >> 16);
    access_low_ = static_cast<uint16_t>(access);
  }

  bool is_block() const { return flags_ & kBlock; }
  std::string_view string() const {
    if (is_block()) [[unlikely]]
      return block_view();
    return {bytes() + value_offset(), value_size_};
  }
  // A reference to a long value's block.
  SharedBytes block() const;

  // Replaces the value where the block's size class allows, else returns false and changes nothing.
  bool assign_in_place(std::string_view value);
  // Makes the string `size` bytes long, keeping the bytes before and zeroing new ones. Returns the
  // entry, moved if it had to grow (the old address is then dead).
  static Entry* resize_string(Entry* entry, size_t size);
  // The string's bytes for writing; a shared block is copied first.
  char* writable_string();

  // Heap bytes of the entry and what it alone owns.
  size_t memory_bytes() const;

 private:
  static constexpr uint8_t kHasDeadline = 1;
  static constexpr uint8_t kLongKey = 2;
  static constexpr uint8_t kBlock = 4;
  static constexpr size_t kHeader = 8;

  Entry() = default;
  static Entry* allocate(std::string_view key, size_t value_room, Encoding encoding,
                         int64_t deadline);

  char* bytes() { return reinterpret_cast<char*>(this); }
  const char* bytes() const { return reinterpret_cast<const char*>(this); }
  template <class T>
  T load(size_t offset) const {
    T value;
    std::memcpy(&value, bytes() + offset, sizeof value);
    return value;
  }
  template <class T>
  void store(size_t offset, T value) {
    std::memcpy(bytes() + offset, &value, sizeof value);
  }
  size_t after_optional() const { return kHeader + (has_deadline() ? 12 : 0); }
  size_t key_offset() const { return after_optional() + (flags_ & kLongKey ? 4 : 0); }
  size_t key_size() const {
    return flags_ & kLongKey ? load<uint32_t>(after_optional()) : key_size_;
  }
  size_t value_offset() const { return key_offset() + key_size(); }
  size_t total_size() const { return value_offset() + (is_block() ? sizeof(void*) : value_size_); }
  std::string_view block_view() const;
  void put_block(SharedBytes block);
  SharedBytes take_block();

  uint8_t kind_;
  uint8_t flags_;
  uint8_t key_size_;
  uint8_t access_high_;
  uint16_t access_low_;
  uint16_t value_size_;
};
static_assert(sizeof(Entry) == 8);

// int for canonical 64-bit numbers, embstr up to 44 bytes, raw above.
Encoding encoding_for(std::string_view value);

}  // namespace scrubjay::store
