// A key with its hash. The hash is computed once per key per request and chooses the stripe and the
// place in the table; its seed is drawn per process, so that no client can aim at one bucket.
#pragma once

#include <cstdint>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace scrubjay::store {

uint64_t hash_seed();

inline uint64_t hash_of(std::string_view key) {
  static const uint64_t seed = hash_seed();
  return XXH3_64bits_withSeed(key.data(), key.size(), seed);
}

struct Key {
  std::string_view text;
  uint64_t hash = 0;

  Key() = default;
  explicit Key(std::string_view key) : text(key), hash(hash_of(key)) {}
  Key(std::string_view key, uint64_t known_hash) : text(key), hash(known_hash) {}
};

}  // namespace scrubjay::store
