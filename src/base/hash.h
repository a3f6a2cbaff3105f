// The hash of byte strings that all tables of the server use: XXH3 with a seed drawn per process,
// so that no client can aim at one bucket. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace scrubjay {

uint64_t hash_seed();

inline uint64_t hash_of(std::string_view bytes) {
  static const uint64_t seed = hash_seed();
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace scrubjay
