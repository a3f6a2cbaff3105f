#include <algorithm>
#include <sstream>

#include "base/contention.h"
#include "support/engine_fixture.h"

namespace scrubjay {
namespace {

using namespace std::chrono_literals;

class InfoCommands : public test::EngineFixture {
 protected:
  // The text of INFO with these arguments.
  std::string info(const std::string& sections = "") {
    const std::string reply = run("INFO " + sections);
    const size_t begin = reply.find("\r\n") + 2;
    return reply.substr(begin, reply.size() - begin - 2);
  }
  // A field's value; "(none)" when there is no such line.
  static std::string value(const std::string& text, const std::string& field) {
    const size_t at = ("\r\n" + text).find("\r\n" + field + ":");
    if (at == std::string::npos) return "(none)";
    const size_t begin = at + field.size() + 1;
    return text.substr(begin, text.find("\r\n", begin) - begin);
  }
  static std::vector<std::string> heads(const std::string& text) {
    std::vector<std::string> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("# ")) found.push_back(line.substr(2, line.size() - 3));
    }
    return found;
  }
};

struct SectionFields {
  std::string section;
  std::string fields;
};

// What redis-server 7.0.15 answers to INFO everything, without data. No field of it is missing
// here.
const SectionFields kFields[] = {
    {"Server",
     "redis_version redis_git_sha1 redis_git_dirty redis_build_id redis_mode os "
     "arch_bits monotonic_clock multiplexing_api atomicvar_api gcc_version process_id "
     "process_supervised run_id tcp_port server_time_usec uptime_in_seconds "
     "uptime_in_days hz configured_hz lru_clock executable config_file "
     "io_threads_active "},
    {"Clients",
     "connected_clients cluster_connections maxclients client_recent_max_input_buffer "
     "client_recent_max_output_buffer blocked_clients tracking_clients "
     "clients_in_timeout_table "},
    {"Memory",
     "used_memory used_memory_human used_memory_rss used_memory_rss_human "
     "used_memory_peak used_memory_peak_human used_memory_peak_perc "
     "used_memory_overhead used_memory_startup used_memory_dataset "
     "used_memory_dataset_perc allocator_allocated allocator_active allocator_resident"
     " total_system_memory total_system_memory_human used_memory_lua "
     "used_memory_vm_eval used_memory_lua_human used_memory_scripts_eval "
     "number_of_cached_scripts number_of_functions number_of_libraries "
     "used_memory_vm_functions used_memory_vm_total used_memory_vm_total_human "
     "used_memory_functions used_memory_scripts used_memory_scripts_human maxmemory "
     "maxmemory_human maxmemory_policy allocator_frag_ratio allocator_frag_bytes "
     "allocator_rss_ratio allocator_rss_bytes rss_overhead_ratio rss_overhead_bytes "
     "mem_fragmentation_ratio mem_fragmentation_bytes mem_not_counted_for_evict "
     "mem_replication_backlog mem_total_replication_buffers mem_clients_slaves "
     "mem_clients_normal mem_cluster_links mem_aof_buffer mem_allocator "
     "active_defrag_running lazyfree_pending_objects lazyfreed_objects "},
    {"Persistence",
     "loading async_loading current_cow_peak current_cow_size current_cow_size_age "
     "current_fork_perc current_save_keys_processed current_save_keys_total "
     "rdb_changes_since_last_save rdb_bgsave_in_progress rdb_last_save_time "
     "rdb_last_bgsave_status rdb_last_bgsave_time_sec rdb_current_bgsave_time_sec "
     "rdb_saves rdb_last_cow_size rdb_last_load_keys_expired rdb_last_load_keys_loaded"
     " aof_enabled aof_rewrite_in_progress aof_rewrite_scheduled "
     "aof_last_rewrite_time_sec aof_current_rewrite_time_sec aof_last_bgrewrite_status"
     " aof_rewrites aof_rewrites_consecutive_failures aof_last_write_status "
     "aof_last_cow_size module_fork_in_progress module_fork_last_cow_size "},
    {"Stats",
     "total_connections_received total_commands_processed instantaneous_ops_per_sec "
     "total_net_input_bytes total_net_output_bytes total_net_repl_input_bytes "
     "total_net_repl_output_bytes instantaneous_input_kbps instantaneous_output_kbps "
     "instantaneous_input_repl_kbps instantaneous_output_repl_kbps "
     "rejected_connections sync_full sync_partial_ok sync_partial_err expired_keys "
     "expired_stale_perc expired_time_cap_reached_count expire_cycle_cpu_milliseconds "
     "evicted_keys evicted_clients total_eviction_exceeded_time "
     "current_eviction_exceeded_time keyspace_hits keyspace_misses pubsub_channels "
     "pubsub_patterns pubsubshard_channels latest_fork_usec total_forks "
     "migrate_cached_sockets slave_expires_tracked_keys active_defrag_hits "
     "active_defrag_misses active_defrag_key_hits active_defrag_key_misses "
     "total_active_defrag_time current_active_defrag_time tracking_total_keys "
     "tracking_total_items tracking_total_prefixes unexpected_error_replies "
     "total_error_replies dump_payload_sanitizations total_reads_processed "
     "total_writes_processed io_threaded_reads_processed io_threaded_writes_processed "
     "reply_buffer_shrinks reply_buffer_expands "},
    {"Replication",
     "role connected_slaves master_failover_state master_replid master_replid2 "
     "master_repl_offset second_repl_offset repl_backlog_active repl_backlog_size "
     "repl_backlog_first_byte_offset repl_backlog_histlen "},
    {"CPU",
     "used_cpu_sys used_cpu_user used_cpu_sys_children used_cpu_user_children "
     "used_cpu_sys_main_thread used_cpu_user_main_thread "},
    {"Cluster", "cluster_enabled "},
};

TEST_F(InfoCommands, EveryFieldOfRedisIsThereInItsOrder) {
  for (const auto& [section, fields] : kFields) {
    const std::string text = info(section);
    size_t last = 0;
    std::istringstream names(fields);
    for (std::string name; names >> name;) {
      const size_t at = text.find("\r\n" + name + ":");
      EXPECT_NE(at, std::string::npos) << section << " lacks " << name;
      EXPECT_LE(last, at) << name << " stands too early";
      last = at;
    }
  }
}

TEST_F(InfoCommands, SectionsAreChosenByName) {
  const std::vector<std::string> kAll{
      "Server",  "Clients",      "Memory",     "Persistence",  "Stats",   "Replication", "CPU",
      "Modules", "Commandstats", "Errorstats", "Latencystats", "Cluster", "Keyspace"};
  std::vector<std::string> defaults = kAll;
  std::erase(defaults, "Commandstats");
  std::erase(defaults, "Latencystats");
  EXPECT_EQ(heads(info("everything")), kAll);
  EXPECT_EQ(heads(info("ALL")), kAll);
  EXPECT_EQ(heads(info()), defaults);
  EXPECT_EQ(heads(info("default")), defaults);
  EXPECT_EQ(heads(info("nosuch default commandstats")).size(), defaults.size() + 1);
  EXPECT_EQ(heads(info("keyspace CLUSTER cluster")),
            (std::vector<std::string>{"Cluster", "Keyspace"}));
  EXPECT_EQ(run("INFO nosuch"), "$0\r\n\r\n");
  EXPECT_EQ(run("INFO modules cluster"),
            "$43\r\n# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n\r\n");
}

TEST_F(InfoCommands, ItIsAVerbatimStringInResp3) {
  client().protocol = 3;
  EXPECT_EQ(run("INFO cluster"), "=34\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n\r\n");
  EXPECT_EQ(run("INFO nosuch"), "=4\r\ntxt:\r\n");
}

TEST_F(InfoCommands, CommandsAndErrorsAreCounted) {
  run("SET k v");
  run("SET k");
  run("INCR k");
  run("CONFIG GET nosuch");
  run("NOSUCH");
  const std::string text = info("all");
  EXPECT_TRUE(value(text, "cmdstat_set").starts_with("calls=1,usec="));
  EXPECT_TRUE(value(text, "cmdstat_set").ends_with(",rejected_calls=1,failed_calls=0"));
  EXPECT_TRUE(value(text, "cmdstat_incr").ends_with(",rejected_calls=0,failed_calls=1"));
  EXPECT_TRUE(value(text, "cmdstat_config|get").starts_with("calls=1,"));
  EXPECT_EQ(value(text, "cmdstat_get"), "(none)");
  EXPECT_EQ(value(text, "errorstat_ERR"), "count=3");
  EXPECT_EQ(value(text, "total_error_replies"), "3");
  EXPECT_TRUE(value(text, "latency_percentiles_usec_set").starts_with("p50="));
  EXPECT_NE(value(text, "latency_percentiles_usec_set").find(",p99.9="), std::string::npos);
}

TEST_F(InfoCommands, WhatHappensToKeysIsCounted) {
  run("SET a 1 PX 100");
  run("SET b 1");
  run("GET b");
  run("GET nosuch");
  advance(101ms);
  const std::string text = info();
  EXPECT_EQ(value(text, "keyspace_hits"), "1");
  EXPECT_EQ(value(text, "keyspace_misses"), "1");
  EXPECT_EQ(value(text, "expired_keys"), "1");
  EXPECT_EQ(value(text, "db0"), "keys=1,expires=0,avg_ttl=0,subexpiry=0");
  EXPECT_EQ(value(text, "db1"), "(none)");
  EXPECT_GE(std::stoi(value(text, "rdb_changes_since_last_save")), 2);
}

TEST_F(InfoCommands, TheMeanTtlIsThatOfTheKeysWithADeadline) {
  run("SET short v PX 100");
  EXPECT_EQ(value(info("keyspace"), "db0"), "keys=1,expires=1,avg_ttl=100,subexpiry=0");
  run("SET long v PX 300");
  EXPECT_EQ(value(info("keyspace"), "db0"), "keys=2,expires=2,avg_ttl=200,subexpiry=0");
  for (int i = 0; i < 1000; ++i) run("SET k" + std::to_string(i) + " v");
  EXPECT_EQ(value(info("keyspace"), "db0"), "keys=1002,expires=2,avg_ttl=200,subexpiry=0");
}

TEST_F(InfoCommands, ListenersAreShownOneALine) {
  services().config.bind = {"127.0.0.1", "-::1"};
  services().config.port = 7000;
  services().config.unixsocket = "/run/jay.sock";
  const std::string text = info("server");
  EXPECT_EQ(value(text, "listener0"), "name=tcp,bind=127.0.0.1,bind=-::1,port=7000");
  EXPECT_EQ(value(text, "listener1"), "name=unix,bind=/run/jay.sock");
  services().config.port = 0;
  EXPECT_EQ(value(info("server"), "listener0"), "(none)");
}

TEST_F(InfoCommands, ContentionIsShownByNameOnly) {
  for (const char* sections : {"", "default", "all", "everything"}) {
    const std::vector<std::string> shown = heads(info(sections));
    EXPECT_EQ(std::count(shown.begin(), shown.end(), "Contention"), 0) << sections;
  }
  EXPECT_EQ(heads(info("contention")), std::vector<std::string>{"Contention"});
  EXPECT_EQ(heads(info("all contention")).back(), "Contention");
}

TEST_F(InfoCommands, ContentionCountsSinceTheLastReset) {
  run("CONFIG RESETSTAT");
  ContentionCounters::add(Contention::kStripeLock);
  ContentionCounters::add(Contention::kBellRing);
  ContentionCounters::add(Contention::kBellRing);
  const std::string text = info("contention");
  EXPECT_EQ(value(text, "contended_stripe_locks"), "1");
  EXPECT_EQ(value(text, "contended_inbox_locks"), "0");
  EXPECT_EQ(value(text, "bell_rings"), "2");
  run("CONFIG RESETSTAT");
  EXPECT_EQ(value(info("contention"), "bell_rings"), "0");
  EXPECT_EQ(value(info("contention"), "gate_waits"), "0");
}

TEST_F(InfoCommands, MemoryFieldsFitTogether) {
  services().config.maxmemory = 100 << 20;
  services().config.maxmemory_policy = config::EvictionPolicy::kAllkeysLfu;
  run_words({"SET", "k", std::string(1 << 20, 'x')});
  const std::string text = info("memory");
  const auto bytes = [&](const char* field) { return std::stoull(value(text, field)); };
  EXPECT_GE(bytes("used_memory"), 1u << 20);
  EXPECT_GE(bytes("used_memory_peak"), bytes("used_memory"));
  EXPECT_EQ(bytes("used_memory_dataset") + bytes("used_memory_overhead"), bytes("used_memory"));
  EXPECT_GE(bytes("used_memory_overhead"), bytes("mem_clients_normal"));
  EXPECT_EQ(value(text, "maxmemory"), "104857600");
  EXPECT_EQ(value(text, "maxmemory_human"), "100.00M");
  EXPECT_EQ(value(text, "maxmemory_policy"), "allkeys-lfu");
}

}  // namespace
}  // namespace scrubjay
