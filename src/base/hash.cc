#include "base/hash.h"

#include <random>

namespace scrubjay {

uint64_t hash_seed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace scrubjay
