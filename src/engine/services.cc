#include "engine/services.h"

#include <algorithm>

#include "base/background.h"
#include "base/random.h"
#include "engine/client_memory.h"
#include "engine/effects.h"
#include "engine/memory_limit.h"
#include "engine/script_runner.h"
#include "engine/server_identity.h"
#include "lua/redis_library.h"

namespace scrubjay::engine {
namespace {

// Table memory that lock-free prefetching may still look at goes through the one janitor.
std::atomic<Janitor*> retiring_janitor{nullptr};

void retire(void* memory, void (*free)(void*)) {
  if (Janitor* janitor = retiring_janitor.load(std::memory_order_acquire))
    janitor->retire(memory, free);
  else
    free(memory);
  Background::pause_if_due();  // a dead table retires thousands in a row
}

std::string random_hex(size_t digits) {
  std::string text;
  for (size_t i = 0; i < digits; ++i) text += "0123456789abcdef"[thread_random().below(16)];
  return text;
}

}  // namespace

Services::Services(const Clock& server_clock, config::Config start_config,
                   const schema::CommandTable& command_table, uint32_t threads)
    : clock(server_clock),
      config(std::move(start_config)),
      commands(command_table),
      janitor(gates),
      keyspace(clock, std::max<uint32_t>(8, 4 * threads), static_cast<int>(config.databases),
               retire),
      tracking(keyspace.stripe_count(), retire),
      // Far from the numbers of any other life of the server; whole numbers of JavaScript.
      invalidation_log(1 + thread_random().below(uint64_t{1} << 52), threads),
      started_ms(clock.now_ms()),
      run_id(random_hex(40)) {
  function_flags = [this](std::string_view name) {
    const lua::Function* function = functions.find(name);
    return function == nullptr ? 0u : function->flags;
  };
  lua::redis_version = {kRedisVersion.data(), kRedisVersionNumber};
  // With one thread nobody prefetches while another works: memory can go at once.
  if (threads > 1) retiring_janitor.store(&janitor, std::memory_order_release);
  for (uint32_t i = 0; i < threads; ++i) {
    workers.push_back(std::make_unique<Worker>(i, gates, keyspace, commands.size()));
    Worker& worker = *workers.back();
    worker.effects = std::make_unique<Effects>(*this, worker);
    worker.keys.set_listener(worker.effects.get());
    script_runners.push_back(std::make_unique<ScriptRunner>(*this, worker));
  }
  keyspace.free_later = [this](std::vector<store::Entry*>&& entries) {
    janitor.free_later(std::move(entries));
  };
  apply_policy();
}

Services::~Services() {
  retiring_janitor.store(nullptr, std::memory_order_release);
  keyspace.free_later = nullptr;
}

void Services::pause_commands(int64_t until_ms, bool writes_only) {
  const bool in_force = !end_pause_if_over(clock.now_ms());
  pause.writes_only = writes_only && (!in_force || pause.writes_only);
  if (!in_force || until_ms > pause.until_ms) pause.until_ms = until_ms;
  keyspace.frozen = true;
  paused = true;
}

void Services::end_pause() {
  pause.until_ms = 0;
  keyspace.frozen = false;
  paused = false;
}

bool Services::end_pause_if_over(int64_t now_ms) {
  if (!paused.load(std::memory_order_relaxed)) return true;
  if (now_ms < pause.until_ms.load(std::memory_order_relaxed)) return false;
  // Several threads may find this at once; a new pause needs the world, so none comes in between.
  end_pause();
  return true;
}

void Services::apply_policy() {
  keyspace.policy = {config.maxmemory_policy,
                     static_cast<int>(config.lfu_log_factor),
                     static_cast<int>(config.lfu_decay_time),
                     static_cast<int>(config.maxmemory_samples),
                     config.notify_keyspace_events,
                     config.maxmemory};
  invalidation_log.set_limit(config.invalidation_log_size);
  for (const auto& worker : workers) worker->room.revoke();
  nothing_to_evict = false;
  client_memory_limit = engine::client_memory_limit(config);
  plan_memory(*this, true);
  keyspace.limits = {.hash_entries = config.hash_max_listpack_entries,
                     .hash_value = config.hash_max_listpack_value,
                     .list_size = config.list_max_listpack_size,
                     .intset_entries = config.set_max_intset_entries,
                     .set_entries = config.set_max_listpack_entries,
                     .set_value = config.set_max_listpack_value,
                     .sorted_set_entries = config.zset_max_listpack_entries,
                     .sorted_set_value = config.zset_max_listpack_value};
}

}  // namespace scrubjay::engine
