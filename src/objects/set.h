// A large set: a hash table of small heap nodes, one per member. Used under the lock of the value's
// owner; freed by whichever thread drops it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/background.h"
#include "base/hash.h"
#include "scrubjay/detail/table.h"

namespace scrubjay::objects {

class Set {
 public:
  Set() = default;
  ~Set();
  Set(const Set&) = delete;
  Set& operator=(const Set&) = delete;

  size_t size() const { return table_.size(); }
  bool contains(std::string_view member) const { return static_cast<bool>(find(member)); }
  // False if it is there already.
  bool insert(std::string_view member);
  // False if it is not there.
  bool erase(std::string_view member);

  // f(std::string_view). As Table::scan: a cursor below 2^48, 0 at the end.
  template <class F>
  uint64_t scan(uint64_t cursor, size_t count, F&& f) const {
    return table_.scan(cursor, count, [&](const Member* member) { f(member->text()); });
  }
  template <class F>
  void for_each(F&& f) const {
    table_.for_each([&](const Member* member) { f(member->text()); });
  }
  // Each is as likely as any other; the set must not be empty. `bits` returns 64 random bits.
  template <class Bits>
  std::string_view random(Bits&& bits) const {
    return table_.random(bits)->text();
  }

  // Fetches what a lookup of this name will touch first.
  void prefetch(std::string_view name) const { table_.prefetch_bucket(hash_of(name)); }

  // Bytes of the heap, as the allocator rounds them.
  size_t memory_bytes() const { return sizeof *this + table_.memory_bytes() + member_bytes_; }
  std::unique_ptr<Set> clone() const;
  void check_invariants() const;

 private:
  // One byte of length, or 255 and four of them, then the member.
  class Member {
   public:
    static Member* make(std::string_view text);
    std::string_view text() const {
      const char* const bytes = reinterpret_cast<const char*>(this);
      const auto first = static_cast<unsigned char>(bytes[0]);
      if (first != kLong) [[likely]]
        return {bytes + 1, first};
      return long_text();
    }
    size_t heap_bytes() const;

   private:
    static constexpr unsigned char kLong = 255;
    std::string_view long_text() const;
  };
  struct Traits {
    static uint64_t hash(const Member* member) { return hash_of(member->text()); }
  };
  using Table = detail::Table<Member, Traits>;

  Table::Slot find(std::string_view member) const { return find(member, hash_of(member)); }
  Table::Slot find(std::string_view member, uint64_t hash) const {
    return table_.find(hash, [&](const Member* other) { return other->text() == member; });
  }

  Table table_{&Background::retire};
  size_t member_bytes_ = 0;
};

}  // namespace scrubjay::objects
