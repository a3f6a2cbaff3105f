// What commands that grow strings share.
#pragma once

#include "engine/context.h"

namespace scrubjay::commands {

// Strings end at proto-max-bulk-len.
inline void check_string_size(const engine::CommandContext& c, size_t size) {
  if (size > c.services.config.proto_max_bulk_len) engine::fail(resp::error_text::kStringTooLong);
}

}  // namespace scrubjay::commands
