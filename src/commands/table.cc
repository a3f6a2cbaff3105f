#include "commands/table.h"

namespace scrubjay::commands {

std::vector<Rows> all_rows() {
  return {
      string_rows(),
      hash_rows(),
      hash_field_expire_rows(),
      sort_rows(),
      dump_rows(),
      list_rows(),
      blocking_list_rows(),
      set_rows(),
      set_algebra_rows(),
      collection_scan_rows(),
      stream_rows(),
      stream_read_rows(),
      stream_group_rows(),
      stream_pending_rows(),
      stream_info_rows(),
      sorted_set_rows(),
      sorted_set_range_rows(),
      sorted_set_algebra_rows(),
      blocking_sorted_set_rows(),
      slow_log_rows(),
      latency_rows(),
      debug_rows(),
      server_rows(),
      info_rows(),
      memory_rows(),
      lcs_rows(),
      conditional_string_rows(),
      geo_rows(),
      geo_search_rows(),
      bitmap_rows(),
      bitfield_rows(),
      hyperloglog_rows(),
      keyspace_rows(),
      expire_rows(),
      scan_rows(),
      object_rows(),
      transaction_rows(),
      connection_rows(),
      client_rows(),
      command_rows(),
      config_rows(),
      acl_rows(),
      cluster_rows(),
      scripting_rows(),
  };
}

}  // namespace scrubjay::commands
