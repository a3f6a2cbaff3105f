// A key that clients may have cached, and who they are, by their numbers (ReaderNumbers): a bit for
// each number, or a sorted list where that is smaller. One heap block with the name behind: with a
// short name a cache line of its own, since every tracked read looks for its reader there (blocks
// of 48 bytes, half of which lie across two lines, made a read 7 percent dearer at depth 16).
// Whoever notes a client keeps it alive. Used under the lock of the key's stripe.
//
//   | name size 4 | readers 4 | room and form 4 | room * 4: numbers or bits | name |
#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "pubsub/peer.h"
#include "store/key.h"

namespace scrubjay::pubsub {

class TrackedKey {
 public:
  static TrackedKey* make(const store::Key& key);
  static void destroy(TrackedKey* key);
  // Notes a reader. False if it is known already. The key may have moved.
  static bool add(TrackedKey*& key, uint32_t number) {
    if (key->form_ == Form::kBits && number / kWordBits < key->room_) [[likely]] {
      uint32_t& word = key->words()[number / kWordBits];
      const uint32_t bit = uint32_t{1} << number % kWordBits;
      if (word & bit) return false;
      word |= bit;
      ++key->count_;
      return true;
    }
    if (key->form_ == Form::kList && key->count_ > 0 && key->words()[0] == number) return false;
    return add_slowly(key, number);
  }
  TrackedKey(const TrackedKey&) = delete;
  TrackedKey& operator=(const TrackedKey&) = delete;

  uint64_t hash() const { return hash_of(name()); }
  std::string_view name() const {
    return {reinterpret_cast<const char*>(words() + room_), name_size_};
  }
  size_t reader_count() const { return count_; }
  // Calls f(number) for each reader, in ascending order.
  template <class F>
  void each_reader(F&& f) const {
    if (form_ == Form::kList) {
      for (uint32_t i = 0; i < count_; ++i) f(words()[i]);
      return;
    }
    for (uint32_t i = 0; i < room_; ++i) {
      for (uint32_t word = words()[i]; word != 0; word &= word - 1)
        f(i * kWordBits + static_cast<uint32_t>(__builtin_ctz(word)));
    }
  }

 private:
  enum Form : uint32_t { kList, kBits };
  static constexpr uint32_t kWordBits = 32;

  TrackedKey(std::string_view name, Form form, uint32_t room);
  static TrackedKey* allocate(std::string_view name, Form form, uint32_t room);
  static bool add_slowly(TrackedKey*& key, uint32_t number);

  uint32_t* words() { return reinterpret_cast<uint32_t*>(this + 1); }
  const uint32_t* words() const { return reinterpret_cast<const uint32_t*>(this + 1); }

  const uint32_t name_size_;
  uint32_t count_ = 0;
  const uint32_t room_ : 31;  // in words
  Form form_ : 1;
};

struct TrackedKeyTraits {
  static uint64_t hash(const TrackedKey* key) { return key->hash(); }
};

}  // namespace scrubjay::pubsub
