// All commands: each *_commands.cc gives its rows, make_table() joins them.
#pragma once

#include <span>
#include <vector>

#include "schema/command_spec.h"

namespace scrubjay::commands {

std::span<const schema::CommandSpec> string_rows();
std::span<const schema::CommandSpec> lcs_rows();
std::span<const schema::CommandSpec> bitmap_rows();
std::span<const schema::CommandSpec> keyspace_rows();
std::span<const schema::CommandSpec> expire_rows();
std::span<const schema::CommandSpec> scan_rows();
std::span<const schema::CommandSpec> object_rows();
std::span<const schema::CommandSpec> transaction_rows();
std::span<const schema::CommandSpec> connection_rows();
std::span<const schema::CommandSpec> client_rows();
std::span<const schema::CommandSpec> command_rows();
std::span<const schema::CommandSpec> config_rows();
std::span<const schema::CommandSpec> server_rows();
std::span<const schema::CommandSpec> info_rows();
std::span<const schema::CommandSpec> debug_rows();
std::span<const schema::CommandSpec> memory_rows();
std::span<const schema::CommandSpec> slow_log_rows();
std::span<const schema::CommandSpec> latency_rows();
std::span<const schema::CommandSpec> acl_rows();
std::span<const schema::CommandSpec> cluster_rows();
std::span<const schema::CommandSpec> scripting_rows();

// The rows of every group.
std::vector<std::span<const schema::CommandSpec>> all_rows();

}  // namespace scrubjay::commands
