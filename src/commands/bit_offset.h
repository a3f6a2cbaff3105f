// Offsets of bits, as SETBIT and BITFIELD take them. Bit 0 is the highest bit of the first byte.
#pragma once

#include <optional>

#include "engine/context.h"

namespace scrubjay::commands {

// The offset if there is one and it may be.
inline uint64_t checked_bit_offset(const engine::CommandContext& c, std::optional<int64_t> offset) {
  const auto limit = static_cast<int64_t>(c.services.config.proto_max_bulk_len);
  if (!offset || *offset < 0 || *offset >> 3 >= limit)
    engine::fail("ERR bit offset is not an integer or out of range");
  return static_cast<uint64_t>(*offset);
}

}  // namespace scrubjay::commands
