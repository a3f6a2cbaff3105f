#include "pubsub/tracked_key.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "base/memory.h"
#include "scrubjay/detail/table_segment.h"

namespace scrubjay::pubsub {

TrackedKey::TrackedKey(std::string_view name, Form form, uint32_t room)
    : name_size_(static_cast<uint32_t>(name.size())), room_(room & INT32_MAX), form_(form) {
  std::memset(words(), 0, room * sizeof(uint32_t));
  if (!name.empty()) std::memcpy(words() + room, name.data(), name.size());
}

// With so many words at least, and as many as the block has room for.
TrackedKey* TrackedKey::allocate(std::string_view name, Form form, uint32_t room) {
  const size_t fixed = sizeof(TrackedKey) + name.size();
  const size_t size = good_size(std::max(detail::kTableLine, fixed + room * sizeof(uint32_t)));
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  const auto words = static_cast<uint32_t>((size - fixed) / sizeof(uint32_t));
  return new (memory) TrackedKey(name, form, words);
}

TrackedKey* TrackedKey::make(const store::Key& key) {
  return allocate(key.text, Form::kBits, 1);
}

void TrackedKey::destroy(TrackedKey* key) {
  key->~TrackedKey();
  std::free(key);
}

bool TrackedKey::add_slowly(TrackedKey*& key, uint32_t number) {
  if (key->count_ == 0) key->form_ = Form::kList;  // the first number is too high for a bit
  if (key->form_ == Form::kList) {
    uint32_t* const end = key->words() + key->count_;
    uint32_t* const place = std::lower_bound(key->words(), end, number);
    if (place != end && *place == number) return false;
    if (key->count_ < key->room_) {
      std::copy_backward(place, end, end + 1);
      *place = number;
      ++key->count_;
      return true;
    }
  }
  // No room: a larger block, in the form that is smaller for what is in it then.
  std::vector<uint32_t> readers;
  readers.reserve(key->count_ + 1);
  key->each_reader([&](uint32_t reader) { readers.push_back(reader); });
  readers.insert(std::lower_bound(readers.begin(), readers.end(), number), number);
  const auto count = static_cast<uint32_t>(readers.size());
  const uint32_t bit_words = readers.back() / kWordBits + 1;
  const bool as_bits = bit_words <= count;
  TrackedKey* const larger = as_bits ? allocate(key->name(), Form::kBits, bit_words)
                                     : allocate(key->name(), Form::kList, count + count / 2);
  if (as_bits) {
    for (const uint32_t reader : readers)
      larger->words()[reader / kWordBits] |= uint32_t{1} << reader % kWordBits;
  } else {
    std::copy(readers.begin(), readers.end(), larger->words());
  }
  larger->count_ = count;
  destroy(std::exchange(key, larger));
  return true;
}

}  // namespace scrubjay::pubsub
