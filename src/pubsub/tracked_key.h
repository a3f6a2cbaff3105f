// A key that clients may have cached, and who they are. One heap block with the name. Used under
// the lock of the key's stripe.
#pragma once

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

#include "pubsub/peer.h"
#include "store/key.h"

namespace scrubjay::pubsub {

class TrackedKey {
 public:
  static TrackedKey* make(const store::Key& key) {
    void* memory = std::malloc(sizeof(TrackedKey) + key.text.size());
    if (memory == nullptr) throw std::bad_alloc();
    return new (memory) TrackedKey(key);
  }
  static void destroy(TrackedKey* key) {
    key->~TrackedKey();
    std::free(key);
  }
  TrackedKey(const TrackedKey&) = delete;
  TrackedKey& operator=(const TrackedKey&) = delete;

  uint64_t hash() const { return hash_; }
  std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), size_}; }
  // Each once, by their addresses: a popular key has many.
  const auto& readers() const { return readers_; }
  // False if the reader is known already.
  bool add(Peer& reader) {
    const auto place = std::lower_bound(
        readers_.begin(), readers_.end(), &reader,
        [](const PeerPtr& known, const Peer* wanted) { return known.get() < wanted; });
    if (place != readers_.end() && place->get() == &reader) return false;
    readers_.insert(place, PeerPtr(&reader));
    return true;
  }

 private:
  explicit TrackedKey(const store::Key& key) : hash_(key.hash), size_(key.text.size()) {
    if (size_ > 0) std::memcpy(reinterpret_cast<char*>(this + 1), key.text.data(), size_);
  }
  ~TrackedKey() = default;

  const uint64_t hash_;
  const size_t size_;
  boost::container::small_vector<PeerPtr, 1> readers_;
};

struct TrackedKeyTraits {
  static uint64_t hash(const TrackedKey* key) { return key->hash(); }
};

}  // namespace scrubjay::pubsub
