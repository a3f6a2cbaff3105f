// A key with its hash. The hash is computed once per key per request and chooses the stripe and the
// place in the table.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"

namespace scrubjay::store {

struct Key {
  std::string_view text;
  uint64_t hash = 0;

  Key() = default;
  explicit Key(std::string_view key) : text(key), hash(hash_of(key)) {}
  Key(std::string_view key, uint64_t known_hash) : text(key), hash(known_hash) {}
};

}  // namespace scrubjay::store
