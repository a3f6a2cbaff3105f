#include "commands/info_sections.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/contention.h"
#include "base/number.h"
#include "commands/memory_overview.h"
#include "config/option_table.h"
#include "engine/script_runner.h"
#include "engine/server_identity.h"

namespace scrubjay::commands {
namespace {

using engine::Services;
using metrics::ThreadCounters;

template <class T>
void field(std::string& out, std::string_view name, const T& value) {
  fmt::format_to(std::back_inserter(out), "{}:{}\r\n", name, value);
}

void size_field(std::string& out, std::string_view name, uint64_t bytes) {
  field(out, name, bytes);
  fmt::format_to(std::back_inserter(out), "{}_human:{}\r\n", name, human_bytes(bytes));
}

void ratio_field(std::string& out, std::string_view name, uint64_t a, uint64_t b) {
  fmt::format_to(std::back_inserter(out), "{}:{:.2f}\r\n", name, ratio(a, b));
}

template <class T>
void zero_fields(std::string& out, std::initializer_list<T> names) {
  for (const auto& name : names) field(out, name, 0);
}

std::string option_text(const Services& services, std::string_view name) {
  const config::Option* option = config::find_option(name);
  return option == nullptr ? "" : config::show(services.config, *option);
}

// Sums one counter over all threads.
template <class F>
uint64_t sum(const Services& services, F counter) {
  uint64_t total = 0;
  for (const auto& worker : services.workers) total += counter(worker->counters);
  return total;
}

void listeners(const config::Config& config, std::string& out) {
  if (config.port != 0) {
    out += "listener0:name=tcp";
    for (const std::string& address : config.bind) out += ",bind=" + address;
    fmt::format_to(std::back_inserter(out), ",port={}\r\n", config.port);
  }
  if (!config.unixsocket.empty()) field(out, "listener1", "name=unix,bind=" + config.unixsocket);
}

void server(Services& services, std::string& out) {
  utsname system{};
  uname(&system);
  const int64_t now_ms = services.clock.now_ms();
  const int64_t up_s = (now_ms - services.started_ms) / 1000;
  field(out, "redis_version", engine::kRedisVersion);
  field(out, "redis_git_sha1", "00000000");
  field(out, "redis_git_dirty", 0);
  field(out, "redis_build_id", "scrubjay");
  field(out, "redis_mode", "standalone");
  field(out, "os", fmt::format("{} {} {}", system.sysname, system.release, system.machine));
  field(out, "arch_bits", 64);
  field(out, "monotonic_clock", "POSIX clock_gettime");
  field(out, "multiplexing_api", "epoll");
  field(out, "atomicvar_api", "c11-builtin");
  field(out, "gcc_version", fmt::format("{}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__));
  field(out, "process_id", ::getpid());
  field(out, "process_supervised", "no");
  field(out, "run_id", services.run_id);
  field(out, "tcp_port", services.config.port);
  field(out, "server_time_usec", services.clock.now_us());
  field(out, "uptime_in_seconds", up_s);
  field(out, "uptime_in_days", up_s / 86400);
  field(out, "hz", services.config.hz);
  field(out, "configured_hz", services.config.hz);
  field(out, "lru_clock", now_ms / 1000 & 0xffffff);
  field(out, "executable", services.executable);
  field(out, "config_file", services.config_file);
  field(out, "io_threads_active", services.workers.size() > 1 ? 1 : 0);
  listeners(services.config, out);
  field(out, "scrubjay_version", engine::kScrubjayVersion);
  field(out, "scrubjay_threads", services.workers.size());
  field(out, "scrubjay_stripes", services.keyspace.stripe_count());
}

void clients(Services& services, std::string& out) {
  uint64_t largest_input = 0;
  uint64_t largest_output = 0;
  uint64_t listening = 0;
  uint64_t watching = 0;
  uint64_t watched = 0;
  services.clients.each([&](engine::Client& client) {
    largest_input =
        std::max(largest_input, client.query_buffer_bytes.load(std::memory_order_relaxed));
    largest_output = std::max(largest_output, client.output_bytes.load(std::memory_order_relaxed));
    listening += client.subscriptions.any() ? 1 : 0;
    watching += client.transaction.watched.empty() ? 0 : 1;
  });
  services.keyspace.each_stripe(true,
                                [&](store::Stripe& stripe) { watched += stripe.watched.size(); });
  field(out, "connected_clients", services.clients.size());
  field(out, "cluster_connections", 0);
  field(out, "maxclients", services.config.maxclients);
  field(out, "client_recent_max_input_buffer", largest_input);
  field(out, "client_recent_max_output_buffer", largest_output);
  field(out, "blocked_clients", services.blocked_clients.load());
  field(out, "tracking_clients", services.tracking.client_count());
  field(out, "pubsub_clients", listening);
  field(out, "watching_clients", watching);
  field(out, "clients_in_timeout_table", services.blocked_clients.load());
  field(out, "total_watched_keys", watched);
  field(out, "total_blocking_keys", 0);
  field(out, "total_blocking_keys_on_nokey", 0);
}

uint64_t script_memory(const Services& services) {
  uint64_t total = 0;
  for (const auto& runner : services.script_runners) total += runner->memory();
  return total;
}

void memory(Services& services, std::string& out) {
  const MemoryOverview view = memory_overview(services);
  const MemoryFigures& figures = view.figures;
  const uint64_t used = figures.used;
  size_field(out, "used_memory", used);
  size_field(out, "used_memory_rss", figures.rss);
  size_field(out, "used_memory_peak", view.peak);
  fmt::format_to(std::back_inserter(out), "used_memory_peak_perc:{:.2f}%\r\n",
                 100 * ratio(used, view.peak));
  field(out, "used_memory_overhead", view.overhead);
  field(out, "used_memory_startup", view.startup);
  field(out, "used_memory_dataset", view.dataset);
  fmt::format_to(std::back_inserter(out), "used_memory_dataset_perc:{:.2f}%\r\n",
                 100 * ratio(view.dataset, view.net));
  field(out, "allocator_allocated", figures.allocated);
  field(out, "allocator_active", figures.active);
  field(out, "allocator_resident", figures.resident);
  field(out, "allocator_muzzy", 0);
  size_field(out, "total_system_memory", system_memory_bytes());
  const lua::FunctionLibraries& functions = services.functions;
  const uint64_t interpreters = script_memory(services);
  field(out, "used_memory_lua", interpreters);
  field(out, "used_memory_vm_eval", interpreters);
  fmt::format_to(std::back_inserter(out), "used_memory_lua_human:{}\r\n",
                 human_bytes(interpreters));
  field(out, "used_memory_scripts_eval", services.scripts.bytes());
  field(out, "number_of_cached_scripts", services.scripts.size());
  field(out, "number_of_functions", functions.function_count());
  field(out, "number_of_libraries", functions.library_count());
  field(out, "used_memory_vm_functions", functions.interpreter_bytes());
  size_field(out, "used_memory_vm_total", interpreters + functions.interpreter_bytes());
  field(out, "used_memory_functions", functions.bytes());
  size_field(out, "used_memory_scripts", services.scripts.bytes() + functions.bytes());
  size_field(out, "maxmemory", services.config.maxmemory);
  field(out, "maxmemory_policy", option_text(services, "maxmemory-policy"));
  ratio_field(out, "allocator_frag_ratio", figures.active, figures.allocated);
  field(out, "allocator_frag_bytes", difference(figures.active, figures.allocated));
  ratio_field(out, "allocator_rss_ratio", figures.resident, figures.active);
  field(out, "allocator_rss_bytes", difference(figures.resident, figures.active));
  ratio_field(out, "rss_overhead_ratio", figures.rss, figures.resident);
  field(out, "rss_overhead_bytes", difference(figures.rss, figures.resident));
  ratio_field(out, "mem_fragmentation_ratio", figures.rss, used);
  field(out, "mem_fragmentation_bytes", difference(figures.rss, used));
  field(out, "mem_not_counted_for_evict", services.janitor.pending_bytes());
  zero_fields(out,
              {"mem_replication_backlog", "mem_total_replication_buffers", "mem_clients_slaves"});
  field(out, "mem_clients_normal", view.clients);
  zero_fields(out, {"mem_cluster_links", "mem_aof_buffer"});
  field(out, "mem_allocator", allocator_name());
  zero_fields(out, {"mem_overhead_db_hashtable_rehashing"});
  field(out, "active_defrag_running",
        services.defragmenting != 0 ? services.config.active_defrag_cycle_max : 0);
  field(out, "lazyfree_pending_objects", services.janitor.pending_objects());
  field(out, "lazyfreed_objects", services.janitor.freed_objects());
}

void persistence(Services& services, std::string& out) {
  zero_fields(out, {"loading", "async_loading", "current_cow_peak", "current_cow_size",
                    "current_cow_size_age"});
  field(out, "current_fork_perc", "0.00");
  zero_fields(out, {"current_save_keys_processed", "current_save_keys_total"});
  field(out, "rdb_changes_since_last_save", services.keyspace.counters(true).changes);
  field(out, "rdb_bgsave_in_progress", 0);
  field(out, "rdb_last_save_time", services.started_ms / 1000);
  field(out, "rdb_last_bgsave_status", "ok");
  field(out, "rdb_last_bgsave_time_sec", -1);
  field(out, "rdb_current_bgsave_time_sec", -1);
  zero_fields(out, {"rdb_saves", "rdb_last_cow_size", "rdb_last_load_keys_expired",
                    "rdb_last_load_keys_loaded", "aof_enabled", "aof_rewrite_in_progress",
                    "aof_rewrite_scheduled"});
  field(out, "aof_last_rewrite_time_sec", -1);
  field(out, "aof_current_rewrite_time_sec", -1);
  field(out, "aof_last_bgrewrite_status", "ok");
  zero_fields(out, {"aof_rewrites", "aof_rewrites_consecutive_failures"});
  field(out, "aof_last_write_status", "ok");
  zero_fields(out, {"aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size"});
}

void stats(Services& services, std::string& out) {
  const store::StripeCounters keys = services.keyspace.counters(true);
  const auto beyond_first = [&](auto counter) {
    return sum(services, counter) - counter(services.workers[0]->counters);
  };
  const auto kilobytes = [](uint64_t bytes) {
    return fmt::format("{:.2f}", static_cast<double>(bytes) / 1024);
  };
  field(out, "total_connections_received",
        sum(services, [](const ThreadCounters& c) { return c.connections; }));
  field(out, "total_commands_processed",
        sum(services, [](const ThreadCounters& c) { return c.commands_processed; }));
  field(out, "instantaneous_ops_per_sec", services.instantaneous_ops.load());
  field(out, "total_net_input_bytes",
        sum(services, [](const ThreadCounters& c) { return c.received_bytes; }));
  field(out, "total_net_output_bytes",
        sum(services, [](const ThreadCounters& c) { return c.sent_bytes; }));
  zero_fields(out, {"total_net_repl_input_bytes", "total_net_repl_output_bytes"});
  field(out, "instantaneous_input_kbps", kilobytes(services.instantaneous_input_bytes));
  field(out, "instantaneous_output_kbps", kilobytes(services.instantaneous_output_bytes));
  field(out, "instantaneous_input_repl_kbps", "0.00");
  field(out, "instantaneous_output_repl_kbps", "0.00");
  field(out, "rejected_connections",
        sum(services, [](const ThreadCounters& c) { return c.rejected_connections; }));
  zero_fields(out, {"sync_full", "sync_partial_ok", "sync_partial_err", "expired_subkeys"});
  field(out, "expired_subkeys", keys.expired_fields);
  field(out, "expired_keys", keys.expired);
  field(out, "expired_stale_perc", "0.00");
  zero_fields(out, {"expired_time_cap_reached_count", "expire_cycle_cpu_milliseconds"});
  field(out, "evicted_keys", keys.evicted);
  field(out, "evicted_clients",
        sum(services, [](const ThreadCounters& c) { return c.evicted_clients; }));
  field(out, "evicted_scripts", services.scripts.evicted());
  const int64_t exceeded_since = services.exceeded_since_ms.load();
  const int64_t exceeded = exceeded_since == 0 ? 0 : services.clock.now_ms() - exceeded_since;
  field(out, "total_eviction_exceeded_time", services.exceeded_total_ms.load() + exceeded);
  field(out, "current_eviction_exceeded_time", exceeded);
  field(out, "keyspace_hits", keys.hits);
  field(out, "keyspace_misses", keys.misses);
  field(out, "pubsub_channels", services.hub.count_channels(pubsub::Space::kChannels));
  field(out, "pubsub_patterns", services.hub.count_patterns());
  field(out, "pubsubshard_channels", services.hub.count_channels(pubsub::Space::kShardChannels));
  zero_fields(out, {"latest_fork_usec", "total_forks", "migrate_cached_sockets",
                    "slave_expires_tracked_keys"});
  const auto moved = sum(services, [](const ThreadCounters& c) { return c.defrag_moved; });
  const auto stayed = sum(services, [](const ThreadCounters& c) { return c.defrag_stayed; });
  field(out, "active_defrag_hits", moved);
  field(out, "active_defrag_misses", stayed);
  field(out, "active_defrag_key_hits", moved);
  field(out, "active_defrag_key_misses", stayed);
  field(out, "total_active_defrag_time",
        sum(services, [](const ThreadCounters& c) { return c.defrag_ms; }));
  zero_fields(out, {"current_active_defrag_time"});
  field(out, "tracking_total_keys", services.tracking.key_count());
  field(out, "tracking_total_items", services.tracking.item_count());
  field(out, "tracking_total_prefixes", services.tracking.prefix_count());
  zero_fields(out, {"unexpected_error_replies"});
  field(out, "total_error_replies",
        sum(services, [](const ThreadCounters& c) { return c.error_replies; }));
  field(out, "dump_payload_sanitizations", 0);
  field(out, "total_reads_processed",
        sum(services, [](const ThreadCounters& c) { return c.reads; }));
  field(out, "total_writes_processed",
        sum(services, [](const ThreadCounters& c) { return c.writes; }));
  field(out, "io_threaded_reads_processed",
        beyond_first([](const ThreadCounters& c) { return c.reads; }));
  field(out, "io_threaded_writes_processed",
        beyond_first([](const ThreadCounters& c) { return c.writes; }));
  field(out, "client_query_buffer_limit_disconnections",
        sum(services, [](const ThreadCounters& c) { return c.query_limit_disconnects; }));
  field(out, "client_output_buffer_limit_disconnections",
        sum(services, [](const ThreadCounters& c) { return c.output_limit_disconnects; }));
  zero_fields(out,
              {"reply_buffer_shrinks", "reply_buffer_expands", "eventloop_cycles",
               "eventloop_duration_sum", "eventloop_duration_cmd_sum",
               "instantaneous_eventloop_cycles_per_sec", "instantaneous_eventloop_duration_usec"});
  field(out, "acl_access_denied_auth", sum(services, [](const ThreadCounters& c) {
          const auto found = c.errors.find("WRONGPASS");
          return found == c.errors.end() ? 0 : found->second;
        }));
  zero_fields(out, {"acl_access_denied_cmd", "acl_access_denied_key", "acl_access_denied_channel"});
}

void replication(Services& services, std::string& out) {
  field(out, "role", "master");
  field(out, "connected_slaves", 0);
  field(out, "master_failover_state", "no-failover");
  field(out, "master_replid", services.run_id);
  field(out, "master_replid2", std::string(40, '0'));
  field(out, "master_repl_offset", 0);
  field(out, "second_repl_offset", -1);
  field(out, "repl_backlog_active", 0);
  field(out, "repl_backlog_size", option_text(services, "repl-backlog-size"));
  zero_fields(out, {"repl_backlog_first_byte_offset", "repl_backlog_histlen"});
}

void cpu(Services&, std::string& out) {
  const auto seconds = [](const timeval& time) {
    return fmt::format("{}.{:06}", time.tv_sec, time.tv_usec);
  };
  rusage own{};
  rusage children{};
  rusage thread{};
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  getrusage(RUSAGE_THREAD, &thread);
  field(out, "used_cpu_sys", seconds(own.ru_stime));
  field(out, "used_cpu_user", seconds(own.ru_utime));
  field(out, "used_cpu_sys_children", seconds(children.ru_stime));
  field(out, "used_cpu_user_children", seconds(children.ru_utime));
  field(out, "used_cpu_sys_main_thread", seconds(thread.ru_stime));
  field(out, "used_cpu_user_main_thread", seconds(thread.ru_utime));
}

void modules(Services&, std::string&) {}

// Calls f(command, counters of all threads together) for each command that was used.
template <class F>
void each_command(const Services& services, F f) {
  for (size_t id = 0; id < services.commands.size(); ++id) {
    metrics::CommandCounters total;
    for (const auto& worker : services.workers) {
      const metrics::CommandCounters& counters = worker->counters.commands[id];
      total.calls += counters.calls;
      total.ns += counters.ns;
      total.rejected += counters.rejected;
      total.failed += counters.failed;
    }
    if (total.calls + total.rejected + total.failed > 0) f(services.commands[id], total);
  }
}

void commandstats(Services& services, std::string& out) {
  each_command(services, [&](const schema::Command& command,
                             const metrics::CommandCounters& total) {
    const double per_call =
        total.calls == 0 ? 0
                         : static_cast<double>(total.ns) / 1000 / static_cast<double>(total.calls);
    fmt::format_to(
        std::back_inserter(out),
        "cmdstat_{}:calls={},usec={},usec_per_call={:.2f},rejected_calls={},failed_calls={}\r\n",
        command.name, total.calls, total.ns / 1000, per_call, total.rejected, total.failed);
  });
}

void errorstats(Services& services, std::string& out) {
  std::map<std::string, uint64_t> errors;
  for (const auto& worker : services.workers) {
    for (const auto& [name, count] : worker->counters.errors) errors[name] += count;
  }
  for (const auto& [name, count] : errors) {
    fmt::format_to(std::back_inserter(out), "errorstat_{}:count={}\r\n", name, count);
  }
}

void latencystats(Services& services, std::string& out) {
  each_command(services, [&](const schema::Command& command, const metrics::CommandCounters&) {
    metrics::LatencyHistogram histogram;
    for (const auto& worker : services.workers) {
      const auto& own = worker->counters.commands[command.id].histogram;
      if (own) histogram.merge(*own);
    }
    if (histogram.total() == 0) return;
    fmt::format_to(std::back_inserter(out), "latency_percentiles_usec_{}:", command.name);
    std::string_view comma;
    for (const double percentile : services.config.latency_tracking_info_percentiles) {
      fmt::format_to(std::back_inserter(out), "{}p{}={:.3f}", comma, format_double(percentile),
                     static_cast<double>(histogram.percentile(percentile)) / 1000);
      comma = ",";
    }
    out += "\r\n";
  });
}

void cluster(Services&, std::string& out) {
  field(out, "cluster_enabled", 0);
}

// The mean time to live in ms of some of the keys that have a deadline. It looks at few keys, since
// everyone waits meanwhile; where deadlines are rarer than that, the answer may be 0.
int64_t average_ttl_ms(Services& services, int database) {
  constexpr size_t kWanted = 16;    // keys with a deadline, per stripe
  constexpr size_t kLookAt = 4096;  // keys, of all stripes together
  const size_t budget = kLookAt / services.keyspace.stripe_count() + 1;
  const int64_t now_ms = services.clock.now_ms();
  double total = 0;
  size_t count = 0;
  services.keyspace.each_stripe(true, [&](store::Stripe& stripe) {
    const store::Shelf* shelf = stripe.shelf(database);
    if (shelf == nullptr || shelf->wheel.size() == 0) return;
    size_t seen = 0;
    const size_t enough = count + kWanted;
    uint64_t cursor = 0;
    do {
      cursor = shelf->table.scan(cursor, kWanted, [&](const store::Entry* entry) {
        ++seen;
        if (!entry->has_deadline() || entry->deadline() <= now_ms) return;
        total += static_cast<double>(entry->deadline() - now_ms);
        ++count;
      });
    } while (cursor != 0 && seen < budget && count < enough);
  });
  return count == 0 ? 0 : static_cast<int64_t>(total / static_cast<double>(count));
}

void keyspace(Services& services, std::string& out) {
  for (int db = 0; db < services.keyspace.databases(); ++db) {
    const auto size = services.keyspace.size(db, true);
    if (size.keys == 0) continue;
    fmt::format_to(std::back_inserter(out), "db{}:keys={},expires={},avg_ttl={},subexpiry=0\r\n",
                   db, size.keys, size.with_deadline, average_ttl_ms(services, db));
  }
}

// How often threads have waited for one another and woken each other (docs/threads.md).
void contention(Services&, std::string& out) {
  const ContentionCounts counts = ContentionCounters::sum();
  const auto show = [&](std::string_view name, Contention what) {
    field(out, name, counts[static_cast<size_t>(what)]);
  };
  show("contended_stripe_locks", Contention::kStripeLock);
  show("contended_channel_locks", Contention::kChannelLock);
  show("contended_inbox_locks", Contention::kInboxLock);
  show("contended_mailbox_locks", Contention::kMailboxLock);
  show("contended_other_locks", Contention::kOtherLock);
  show("world_taken", Contention::kWorldTaken);
  show("world_waits", Contention::kWorldWait);
  show("gate_waits", Contention::kGateWait);
  show("sleeps", Contention::kSleep);
  show("bell_rings", Contention::kBellRing);
}

constexpr InfoSection kSections[] = {
    {"server", "Server", Shown::kByDefault, server},
    {"clients", "Clients", Shown::kByDefault, clients},
    {"memory", "Memory", Shown::kByDefault, memory},
    {"persistence", "Persistence", Shown::kByDefault, persistence},
    {"stats", "Stats", Shown::kByDefault, stats},
    {"replication", "Replication", Shown::kByDefault, replication},
    {"cpu", "CPU", Shown::kByDefault, cpu},
    {"modules", "Modules", Shown::kByDefault, modules},
    {"commandstats", "Commandstats", Shown::kWithAll, commandstats},
    {"errorstats", "Errorstats", Shown::kByDefault, errorstats},
    {"latencystats", "Latencystats", Shown::kWithAll, latencystats},
    {"cluster", "Cluster", Shown::kByDefault, cluster},
    {"keyspace", "Keyspace", Shown::kByDefault, keyspace},
    {"contention", "Contention", Shown::kByNameOnly, contention},
};

}  // namespace

std::span<const InfoSection> info_sections() {
  return kSections;
}

}  // namespace scrubjay::commands
