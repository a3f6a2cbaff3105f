// What one I/O thread brings to the engine: its gate, its mailbox, its locks and its counters.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "engine/gates.h"
#include "engine/mailbox.h"
#include "engine/room.h"
#include "metrics/counters.h"
#include "pubsub/peer.h"
#include "pubsub/tracking.h"
#include "store/locked_keys.h"

namespace scrubjay::engine {

struct Client;

struct alignas(64) Worker {
  Worker(uint32_t number, Gates& gates, store::Keyspace& keyspace, size_t command_count)
      : index(number), gate(gates.add()), keys(keyspace) {
    counters.commands.resize(command_count);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  const uint32_t index;
  Gates::Gate& gate;
  // What other threads write to has lines of its own: a bell with the inbox it mostly rings for.
  alignas(64) Doorbell bell;
  pubsub::Inbox inbox{bell};
  alignas(64) Mailbox mailbox{bell};
  alignas(64) pubsub::Outgoing outgoing{inbox};
  pubsub::Unsent unsent;
  const Client* acting = nullptr;  // whose command runs
  // Hands what the own inbox holds to its clients; set by the thread.
  std::function<void()> deliver_pushes;
  // Serves this thread's clients as visitors, while its own script is busy; set by the thread.
  std::function<void()> serve_visitors;
  store::LockedKeys keys;
  std::unique_ptr<store::ChangeListener> effects;  // of changes that this thread makes
  metrics::ThreadCounters counters;
  std::vector<store::Key> key_list;  // keys of the command in progress
  int64_t stamp_ns = 0;              // when the last command ended: the next one's start
  bool world = false;                // this thread holds every gate
  bool keeps_world = false;          // one of the next requests is likely to need it too
  int64_t world_since_ns = 0;
  bool in_script = false;      // the command that runs was called by a script
  bool out_of_memory = false;  // more than maxmemory is in use, and nothing can be evicted
  Room room;                   // what it may still allocate under the limit of memory
  alignas(64) std::atomic<size_t> client_count{0};
  // When this thread will look at its wheels next, in ms; whoever plans earlier work wakes it.
  std::atomic<int64_t> armed_until{std::numeric_limits<int64_t>::max()};
};

}  // namespace scrubjay::engine
