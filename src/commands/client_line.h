// A client's line in CLIENT LIST and CLIENT INFO.
#pragma once

#include <string>

#include "engine/context.h"

namespace scrubjay::commands {

// Without a newline. The caller holds the world unless it is its own client's line; `c` tells what
// that client is doing just now.
std::string client_line(const engine::CommandContext& c, const engine::Client& client);

}  // namespace scrubjay::commands
