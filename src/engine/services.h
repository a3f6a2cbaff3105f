// Everything a command may need besides keys: made once by main.cc (or a test), alive as long as
// the server. The configuration and what is not atomic here changes only while the world is held.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "engine/client_registry.h"
#include "engine/gates.h"
#include "engine/janitor.h"
#include "engine/latency_monitor.h"
#include "engine/slow_log.h"
#include "engine/worker.h"
#include "lua/function_libraries.h"
#include "lua/script_cache.h"
#include "pubsub/hub.h"
#include "pubsub/invalidation_log.h"
#include "pubsub/tracking.h"
#include "schema/command_table.h"
#include "store/keyspace.h"

namespace scrubjay::engine {

class Dispatcher;
class ScriptRunner;

// CLIENT PAUSE: until when commands wait, and which. The end may be read by anyone.
struct Pause {
  std::atomic<int64_t> until_ms{0};
  bool writes_only = false;
};

// What CACHE.ADVISE watches (cache_advice.h): a cache of so many keys under this policy.
struct AdviceState {
  uint64_t keys = 0;  // 0: nothing
  config::EvictionPolicy policy = config::EvictionPolicy::kNoEviction;
  uint64_t hits = 0;  // of the whole keyspace when it began
  uint64_t misses = 0;
};

struct Services {
  Services(const Clock& server_clock, config::Config start_config,
           const schema::CommandTable& command_table, uint32_t threads);
  ~Services();

  const Clock& clock;
  config::Config config;
  std::atomic<uint64_t> config_version{0};  // grows with every CONFIG SET
  const schema::CommandTable& commands;
  Gates gates;
  Janitor janitor;
  store::Keyspace keyspace;
  std::vector<std::unique_ptr<Worker>> workers;
  ClientRegistry clients;
  pubsub::Hub hub;
  pubsub::Tracking tracking;
  pubsub::InvalidationLog invalidation_log;
  SlowLog slow_log;
  LatencyMonitor latency_monitor;
  lua::ScriptCache scripts;
  lua::FunctionLibraries functions;  // read with a gate raised, changed and run with the world held
  std::vector<std::unique_ptr<ScriptRunner>> script_runners;  // one for each worker
  bool scripts_run_all = false;  // DEBUG SET-DISABLE-DENY-SCRIPTS; world held to change
  // The flags (lua::ScriptFlag) of the function that FCALL names; 0 if there is none.
  std::function<uint32_t(std::string_view name)> function_flags;
  Dispatcher* dispatcher = nullptr;

  const int64_t started_ms;
  std::string run_id;  // 40 hex digits
  std::string executable;
  std::string config_file;  // absolute; "" without one
  int64_t configured_port = 0;
  uint64_t startup_memory = 0;  // used when serving began
  std::atomic<uint64_t> peak_memory{0};
  AdviceState advice;
  // Numbers that threads write while they serve, each kind on a line of its own.
  alignas(64) std::atomic<uint64_t> client_memory{0};    // counted while there is a limit
  alignas(64) std::atomic<uint64_t> reserved_memory{0};  // by threads about to allocate much
  std::atomic<int64_t> exceeded_since_ms{0};  // more than maxmemory is in use; 0: it is not
  std::atomic<int64_t> exceeded_total_ms{0};  // times that are over
  std::atomic<bool> nothing_to_evict{false};  // as the last look found
  std::atomic<int> defragmenting{0};          // threads that are moving entries together
  std::atomic<uint64_t> instantaneous_ops{0};
  std::atomic<uint64_t> instantaneous_input_bytes{0};
  std::atomic<uint64_t> instantaneous_output_bytes{0};

  Pause pause;                                         // world held to change (see pause_commands)
  alignas(64) std::atomic<uint64_t> monitor_lines{0};  // written so far
  std::atomic<uint32_t> blocked_clients{0};
  std::atomic<uint64_t> wait_tickets{1};
  // What every request looks at, and few change.
  alignas(64) std::atomic<bool> paused{false};  // pause may be in force
  std::atomic<bool> shutting_down{false};
  std::atomic<uint32_t> monitors{0};             // clients in MONITOR
  std::atomic<uint32_t> waiters{0};              // wait for data and are not served yet
  std::atomic<uint64_t> client_memory_limit{0};  // for all clients together; 0: none
  // Handed in by main.cc: starts a graceful end; applies an option that something outside the
  // engine depends on (loglevel, maxclients, bind ...), and answers why it can't.
  std::function<void()> request_shutdown;
  std::function<void(int64_t now_ms)> on_tick;  // ten times a second, on the first I/O thread
  std::function<std::string(const std::vector<std::string>& changed)> apply_config;

  // Makes commands wait, and stops expiry and eviction. A pause in force is never shortened, nor
  // weakened from all commands to writes. World held.
  void pause_commands(int64_t until_ms, bool writes_only);
  // World held; clients that wait are to be looked at.
  void end_pause();
  // Whether no pause is in force, which is ended if its time has come. Gate raised.
  bool end_pause_if_over(int64_t now_ms);

  // Reads the options that the keyspace keeps a copy of.
  void apply_policy();
};

}  // namespace scrubjay::engine
