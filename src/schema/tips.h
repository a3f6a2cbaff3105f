// Tips of commands for clients and proxies, as COMMAND INFO gives them: how to spread a command
// over shards, and which replies are not the same everywhere. Stateless.
#pragma once

#include <span>
#include <string_view>

namespace scrubjay::schema {

// By full name ("memory|usage"); empty for most.
std::span<const std::string_view> tips_of(std::string_view command);

}  // namespace scrubjay::schema
