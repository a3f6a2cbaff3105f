// One key with its value, in one heap block: an 8-byte header, the optional fields that its flags
// announce, the key's bytes, and the value's bytes: a string, or a small collection in its compact
// encoding. What a key does not use costs it nothing. From kBlockSize on, the bytes live in a
// SharedBytes block that replies may share. A large collection is an object of its own (objects/)
// that the entry points at and owns. Only table slot, wheel slot and the stripe's lock holder know
// an entry's address, so it may move.
//
//   | type+encoding | flags | key size | access (24 bit) | value size (16 bit) |
//   [deadline 8][wheel place 4][long key size 4] key bytes, value bytes or block or object pointer
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/shared_bytes.h"
#include "store/key.h"
#include "store/touch.h"

namespace scrubjay::store {

enum class Type : uint8_t { kString, kList, kSet, kHash, kSortedSet, kStream };

// Names that OBJECT ENCODING gives. From kQuicklist on the value is an object, before it is bytes.
enum class Encoding : uint8_t {
  kInt,
  kEmbstr,
  kRaw,
  kListpack,
  kIntset,
  kQuicklist,
  kHashtable,
  kSkiplist,
  kStream,
  kListpackEx,  // a small hash with deadlines on fields
};
std::string_view type_name(Type type);
std::string_view encoding_name(Encoding encoding);

inline constexpr int64_t kNoDeadline = -1;
inline constexpr size_t kMaxEmbstr = 44;

class Entry {
 public:
  static constexpr size_t kBlockSize = 16 * 1024;

  // What an entry is besides its value. The deadline is in ms since the epoch, or kNoDeadline.
  struct Head {
    std::string_view key;
    Type type;
    Encoding encoding;
    int64_t deadline = kNoDeadline;
  };
  static Entry* make(const Head& head, std::string_view value);
  static Entry* make(const Head& head, SharedBytes block);
  // Owns the object, which is of the type's class in objects/.
  static Entry* make(const Head& head, void* object);
  static Entry* make_string(std::string_view key, std::string_view value, Encoding encoding,
                            int64_t deadline) {
    return make({key, Type::kString, encoding, deadline}, value);
  }
  // A copy of the entry under another key and with another deadline; a long value is shared, an
  // object is copied.
  Entry* clone(std::string_view key, int64_t deadline) const;
  // The same value under another key and with another deadline; the old entry is freed.
  static Entry* rebuild(Entry* entry, std::string_view key, int64_t deadline);
  static void destroy(Entry* entry);
  // The entry in another place, chosen for how little room is free around it.
  static Entry* move_densely(Entry* entry);

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
  bool is_object() const { return flags_ & kObject; }
  // The bytes of a string, or of a collection in a compact encoding.
  std::string_view string() const {
    if (is_block()) [[unlikely]]
      return block_view();
    return {bytes() + value_offset(), value_size_};
  }
  template <class T>
  T& object() const {
    return *static_cast<T*>(load<void*>(value_offset()));
  }
  // A hash with deadlines on fields.
  bool has_timed_fields() const { return is_hash_object() && hash_is_timed(); }
  bool is_hash_object() const { return is_object() && type() == Type::kHash; }
  // For a command that is going to look into the value: its object, or the byte of a string.
  // Returns whether prefetch_inside() has more to fetch, which then looks at what this one fetched.
  bool prefetch_value(const Touch& touch) const;
  void prefetch_inside(const Touch& touch) const;
  // Heap blocks that freeing the entry frees, about.
  size_t free_effort() const;
  // A reference to a long value's block.
  SharedBytes block() const;

  // Replaces the value where the block's size class allows, else returns false and changes nothing.
  bool assign_in_place(std::string_view value);
  // Makes the bytes `size` long, keeping those before and zeroing new ones. Returns the entry,
  // moved if it had to grow (the old address is then dead).
  static Entry* resize_string(Entry* entry, size_t size);
  // Replaces `removed` bytes at `at` by `inserted` ones that the caller fills in. Returns the
  // entry, which may have moved.
  static Entry* splice(Entry* entry, size_t at, size_t removed, size_t inserted);
  // The string's bytes for writing; a shared block is copied first.
  char* writable_string();

  // Aborts when an object is broken; reads all of it.
  void check_invariants() const;
  // Heap bytes of the entry and what it alone owns.
  size_t memory_bytes() const;

 private:
  void prefetch_in_string(const Touch& touch) const;
  static constexpr uint8_t kHasDeadline = 1;
  static constexpr uint8_t kLongKey = 2;
  static constexpr uint8_t kBlock = 4;
  static constexpr uint8_t kObject = 8;
  static constexpr size_t kHeader = 8;

  Entry() = default;
  static Entry* allocate(const Head& head, size_t value_room);

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
  size_t total_size() const {
    return value_offset() + (is_block() || is_object() ? sizeof(void*) : value_size_);
  }
  bool hash_is_timed() const;
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
