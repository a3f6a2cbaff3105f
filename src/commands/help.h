// The reply of HELP, which every container command has. Used by the handlers of all groups.
#pragma once

#include <initializer_list>
#include <string_view>

#include "engine/context.h"

namespace scrubjay::commands {

// Subcommands with what they do: "GET <pattern>", "    Return ...". The first and the last lines
// are added.
void reply_help(engine::CommandContext& c, std::initializer_list<std::string_view> lines);

}  // namespace scrubjay::commands
