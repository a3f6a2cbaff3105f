// A large hash, or one with deadlines on fields: a hash table of small heap nodes, one per field.
// Fields with a deadline also stand in a TTL wheel of this hash, made with the first of them. Used
// under the lock of the value's owner; freed by whichever thread drops it.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

#include "base/background.h"
#include "base/hash.h"
#include "base/same_bytes.h"
#include "scrubjay/detail/table.h"
#include "scrubjay/detail/ttl_wheel.h"

namespace scrubjay::objects {

class Hash {
 public:
  static constexpr int64_t kNoDeadline = -1;

  // A field with its value. Views and the address die with the next edit of the field.
  class Field {
   public:
    std::string_view name() const { return {bytes() + name_offset(), sizes().first}; }
    std::string_view value() const {
      const auto [name, value] = sizes();
      return {bytes() + name_offset() + name, value};
    }
    bool is_timed() const { return flags_ & kTimed; }
    // In ms since the epoch, or kNoDeadline. The field lives through this very instant.
    int64_t deadline() const { return is_timed() ? load<int64_t>(1) : kNoDeadline; }

   private:
    friend Hash;
    static constexpr uint8_t kTimed = 1;
    static constexpr uint8_t kLong = 2;

    // | flags | [deadline 8, wheel place 4] | name size, value size (1 each, or 4) | name | value |
    static size_t bytes_for(std::string_view name, std::string_view value, bool timed);
    static Field* make(std::string_view name, std::string_view value, int64_t deadline);
    const char* bytes() const { return reinterpret_cast<const char*>(this); }
    char* bytes() { return reinterpret_cast<char*>(this); }
    template <class T>
    T load(size_t offset) const {
      T value;
      __builtin_memcpy(&value, bytes() + offset, sizeof value);
      return value;
    }
    size_t sizes_offset() const { return 1 + (is_timed() ? 12 : 0); }
    size_t name_offset() const { return sizes_offset() + (flags_ & kLong ? 8 : 2); }
    std::pair<size_t, size_t> sizes() const {
      const size_t at = sizes_offset();
      if (!(flags_ & kLong)) [[likely]]
        return {load<uint8_t>(at), load<uint8_t>(at + 1)};
      return {load<uint32_t>(at), load<uint32_t>(at + 4)};
    }
    size_t heap_bytes() const;
    uint32_t place() const { return load<uint32_t>(9); }
    void set_place(uint32_t place) { __builtin_memcpy(bytes() + 9, &place, sizeof place); }
    void set_deadline(int64_t deadline) { __builtin_memcpy(bytes() + 1, &deadline, 8); }

    uint8_t flags_;
  };

  // `now_ms`: no deadline will ever be filed that was set before it.
  explicit Hash(int64_t now_ms) : created_ms_(now_ms) {}
  ~Hash();
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;

  size_t size() const { return table_.size(); }
  // nullptr if there is none.
  const Field* find(std::string_view name) const {
    const Table::Slot slot = locate(name, hash_of(name));
    return slot ? slot.get() : nullptr;
  }
  // Creates or overwrites; returns whether it is new. `deadline` replaces the field's own.
  bool put(std::string_view name, std::string_view value, int64_t deadline = kNoDeadline);
  bool erase(std::string_view name);
  // The field must exist. kNoDeadline takes the deadline away.
  void set_deadline(std::string_view name, int64_t deadline);

  template <class F>  // f(const Field&); as Table::scan: a cursor below 2^48, 0 at the end
  uint64_t scan(uint64_t cursor, size_t count, F&& f) const {
    return table_.scan(cursor, count, [&](const Field* field) { f(*field); });
  }
  template <class F>
  void for_each(F&& f) const {
    table_.for_each([&](const Field* field) { f(*field); });
  }
  // Each is as likely as any other; the hash must not be empty. `bits` returns 64 random bits.
  template <class Bits>
  const Field& random(Bits&& bits) const {
    return *table_.random(bits);
  }

  // Fields with a deadline.
  size_t timed_fields() const { return wheel_ ? wheel_->size() : 0; }
  // When the next field may be past its deadline, in ms; INT64_MAX if none will be.
  int64_t next_due() const {
    return wheel_ ? wheel_->next_due() : std::numeric_limits<int64_t>::max();
  }
  // Removes at most `budget` fields that are past their deadline; returns how many went.
  size_t expire(int64_t now_ms, size_t budget);

  // Fetches what a lookup of this name will touch first.
  void prefetch(std::string_view name) const { table_.prefetch_bucket(hash_of(name)); }

  size_t memory_bytes() const;
  std::unique_ptr<Hash> clone() const;
  void check_invariants() const;

  // Where the shelf's wheel keeps this hash (store/shelf.h): its key's entry, the instant it was
  // filed under, and its place.
  struct {
    void* entry = nullptr;
    int64_t due = 0;
    uint32_t place = 0;
    bool filed = false;
  } schedule;

 private:
  struct TableTraits {
    static uint64_t hash(const Field* field) { return hash_of(field->name()); }
  };
  struct WheelTraits {
    static int64_t deadline(const Field* field) { return field->deadline(); }
    static uint32_t index(const Field* field) { return field->place(); }
    static void set_index(Field* field, uint32_t index) { field->set_place(index); }
  };
  using Table = detail::Table<Field, TableTraits>;
  using Wheel = detail::TtlWheel<Field, WheelTraits>;

  Table::Slot locate(std::string_view name, uint64_t hash) const {
    return table_.find(hash, [&](const Field* field) { return same_bytes(field->name(), name); });
  }
  void file(Field* field);
  void discard(Field* field);

  const int64_t created_ms_;
  Table table_{&Background::retire};
  std::unique_ptr<Wheel> wheel_;
  size_t field_bytes_ = 0;
};

}  // namespace scrubjay::objects
