// All commands: each *_commands.cc gives its rows, all_rows() joins them.
#pragma once

#include <span>
#include <vector>

#include "schema/command_spec.h"

namespace scrubjay::commands {

using Rows = std::span<const schema::CommandSpec>;

Rows cache_rows();
Rows stream_rows();
Rows stream_read_rows();
Rows stream_group_rows();
Rows stream_pending_rows();
Rows stream_info_rows();
Rows string_rows();
Rows hash_rows();
Rows hash_field_expire_rows();
Rows sort_rows();
Rows dump_rows();
Rows list_rows();
Rows blocking_list_rows();
Rows set_rows();
Rows set_algebra_rows();
Rows collection_scan_rows();
Rows sorted_set_rows();
Rows sorted_set_range_rows();
Rows sorted_set_algebra_rows();
Rows blocking_sorted_set_rows();
Rows slow_log_rows();
Rows latency_rows();
Rows debug_rows();
Rows server_rows();
Rows info_rows();
Rows memory_rows();
Rows lcs_rows();
Rows conditional_string_rows();
Rows geo_rows();
Rows geo_search_rows();
Rows bitmap_rows();
Rows bitfield_rows();
Rows hyperloglog_rows();
Rows keyspace_rows();
Rows expire_rows();
Rows scan_rows();
Rows object_rows();
Rows pubsub_rows();
Rows transaction_rows();
Rows connection_rows();
Rows client_rows();
Rows client_tracking_rows();
Rows command_rows();
Rows config_rows();
Rows acl_rows();
Rows cluster_rows();
Rows script_rows();
Rows function_rows();

// The rows of every group, containers before their subcommands.
std::vector<Rows> all_rows();

}  // namespace scrubjay::commands
