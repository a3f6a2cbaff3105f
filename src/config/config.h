// Every option the server uses, as a plain typed field; the initial values are the defaults (those
// of Redis 7.4). option_table.h gives the fields their names, ranges and texts. Options that are
// known but have no use yet live in `kept`. Copyable. Threads: written only while the whole world
// stands still (start, CONFIG SET); read freely otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"

namespace scrubjay::config {

// In the order in which error texts list the names.
enum class EvictionPolicy : uint8_t {
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
  kAllkeysLru,
  kAllkeysLfu,
  kAllkeysRandom,
  kNoEviction,
  kAllkeysAdaptive,
  kVolatileAdaptive,
};

// Who may use a guarded feature; kLocal: clients on the loopback address or a unix socket.
enum class Permission : uint8_t { kNo, kYes, kLocal };

enum class Supervision : uint8_t { kUpstart, kSystemd, kAuto, kNo };

enum class PubSubDefault : uint8_t { kAllChannels, kResetChannels };

// A client is closed when it has more than `hard` bytes of replies waiting, or more than `soft` for
// `soft_seconds` on end; 0 is no limit.
struct OutputBufferLimit {
  uint64_t hard = 0;
  uint64_t soft = 0;
  int64_t soft_seconds = 0;
  bool operator==(const OutputBufferLimit&) const = default;
};

struct OutputBufferLimits {
  OutputBufferLimit normal;
  OutputBufferLimit replica{256u << 20, 64u << 20, 60};
  OutputBufferLimit pubsub{32u << 20, 8u << 20, 60};
  bool operator==(const OutputBufferLimits&) const = default;
};

struct Config {
  // network
  std::vector<std::string> bind{"*", "-::*"};  // a leading '-': no error if the address is missing
  int64_t port = 6379;                         // 0: no TCP
  std::string unixsocket;                      // path; empty: none
  int64_t unixsocketperm = 0;                  // mode bits; 0: as umask gives
  int64_t tcp_backlog = 511;
  int64_t tcp_keepalive_s = 300;  // 0: off
  bool protected_mode = true;
  int64_t max_new_connections_per_cycle = 10;

  // threads
  int64_t threads = 0;  // I/O threads; 0: as many as CPUs may be used

  // clients
  int64_t timeout_s = 0;  // idle clients; 0: never closed
  int64_t maxclients = 10000;
  int64_t maxmemory_clients = 0;  // bytes; below 0: percent of maxmemory
  uint64_t proto_max_bulk_len = 512u << 20;
  uint64_t client_query_buffer_limit = 1u << 30;
  OutputBufferLimits client_output_buffer_limit;
  int64_t tracking_table_max_keys = 1000000;  // 0: no limit
  uint64_t invalidation_log_size = 1 << 20;   // bytes; 0: none

  // security
  std::string requirepass;
  Permission enable_debug_command = Permission::kNo;
  Permission enable_module_command = Permission::kNo;
  Permission enable_protected_configs = Permission::kNo;
  std::vector<std::pair<std::string, std::string>> rename_commands;  // old, new; "": disabled
  std::string aclfile;
  std::vector<std::string> acl_users;  // `user` lines of the file, without the word `user`
  int64_t acllog_max_len = 128;
  PubSubDefault acl_pubsub_default = PubSubDefault::kResetChannels;
  bool hide_user_data_from_log = false;

  // memory
  uint64_t maxmemory = 0;  // bytes; 0: no limit
  EvictionPolicy maxmemory_policy = EvictionPolicy::kNoEviction;
  int64_t maxmemory_samples = 5;
  bool activedefrag = true;
  uint64_t active_defrag_ignore_bytes = 10u << 20;
  int64_t active_defrag_threshold_lower = 10;  // percent of what is in use
  int64_t active_defrag_cycle_max = 25;        // percent of a thread's time
  int64_t maxmemory_eviction_tenacity = 10;
  int64_t lfu_log_factor = 10;
  int64_t lfu_decay_time = 1;  // minutes
  bool cache_advise = false;
  bool lazyfree_lazy_eviction = false;
  bool lazyfree_lazy_expire = false;
  bool lazyfree_lazy_server_del = false;
  bool lazyfree_lazy_user_del = false;
  bool lazyfree_lazy_user_flush = false;

  // keyspace
  int64_t databases = 16;
  uint32_t notify_keyspace_events = 0;  // KeyspaceEvent bits
  int64_t active_expire_effort = 1;
  int64_t hz = 10;
  bool dynamic_hz = true;
  bool activerehashing = true;

  // encodings
  int64_t hash_max_listpack_entries = 512;
  uint64_t hash_max_listpack_value = 64;
  int64_t list_max_listpack_size = -2;  // above 0: entries; -1 .. -5: 4, 8, 16, 32, 64 kb
  int64_t list_compress_depth = 0;
  bool rdbcompression = true;
  int64_t set_max_intset_entries = 512;
  int64_t set_max_listpack_entries = 128;
  uint64_t set_max_listpack_value = 64;
  int64_t zset_max_listpack_entries = 128;
  uint64_t zset_max_listpack_value = 64;
  uint64_t hll_sparse_max_bytes = 3000;
  uint64_t stream_node_max_bytes = 4096;
  int64_t stream_node_max_entries = 100;

  // scripting
  int64_t busy_reply_threshold_ms = 5000;  // 0: no limit
  bool lua_scripts_declare_keys = false;

  // monitoring
  int64_t slowlog_log_slower_than_us = 10000;  // -1: off
  int64_t slowlog_max_len = 128;
  int64_t latency_monitor_threshold_ms = 0;  // 0: off
  bool latency_tracking = true;
  std::vector<double> latency_tracking_info_percentiles{50, 99, 99.9};

  // process
  bool daemonize = false;
  std::string pidfile;
  std::string logfile;  // empty: standard output
  log::Level loglevel = log::Level::kNotice;
  bool syslog_enabled = false;
  std::string syslog_ident = "redis";
  std::string syslog_facility = "local0";
  Supervision supervised = Supervision::kNo;
  bool always_show_logo = false;
  bool set_proc_title = true;
  std::string proc_title_template = "{title} {listen-addr} {server-mode}";
  std::string dir;  // working directory to change to; empty: stay
  int64_t shutdown_timeout_s = 10;

  // Options without a use: name -> text, only those that were given a value.
  std::map<std::string, std::string, std::less<>> kept;

  bool operator==(const Config&) const = default;
};

}  // namespace scrubjay::config
