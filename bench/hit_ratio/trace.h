// Recorded traffic: the keys of requests, in their order, as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace scrubjay::hit_ratio {

struct Trace {
  std::string name;
  std::vector<std::uint32_t> keys;
  std::size_t unique = 0;
};

// Reads FOLDER/NAME.u32.zst: little-endian 32-bit numbers, compressed with zstd, whose program does
// the reading. At most `most` requests (0: all). Throws std::runtime_error when there are none.
Trace read_trace(const std::string& folder, const std::string& name, std::size_t most);

}  // namespace scrubjay::hit_ratio
