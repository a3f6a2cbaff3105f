#include "engine/client_memory.h"

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "engine/dispatcher.h"

namespace scrubjay::engine {
namespace {

uint64_t bytes_of_names(const auto& names) {
  constexpr uint64_t kNode = 48;
  uint64_t bytes = 0;
  for (const std::string& name : names) bytes += kNode + sizeof name + name.size();
  return bytes;
}

}  // namespace

uint64_t client_bytes(const Client& client) {
  uint64_t bytes = sizeof client + client.query_buffer_bytes.load(std::memory_order_relaxed) +
                   client.query_buffer_room.load(std::memory_order_relaxed) +
                   client.output_bytes.load(std::memory_order_relaxed);
  for (const QueuedCommand& queued : client.transaction.queue) {
    bytes += sizeof queued;
    for (const std::string& argument : queued.arguments) bytes += sizeof argument + argument.size();
  }
  for (const WatchedVersion& watched : client.transaction.watched)
    bytes += sizeof watched + watched.key.size();
  const Subscriptions& subscriptions = client.subscriptions;
  if (client.peer) bytes += bytes_of_names(client.peer->tracking.prefixes);
  return bytes + bytes_of_names(subscriptions.channels) + bytes_of_names(subscriptions.patterns) +
         bytes_of_names(subscriptions.shard_channels);
}

uint64_t client_memory_limit(const config::Config& config) {
  if (config.maxmemory_clients >= 0) return static_cast<uint64_t>(config.maxmemory_clients);
  return config.maxmemory / 100 * static_cast<uint64_t>(-config.maxmemory_clients);
}

void evict_clients(Services& services, Worker& worker) {
  struct Candidate {
    uint64_t bytes;
    Client* client;
  };
  services.dispatcher->with_world(worker, [&] {
    const uint64_t limit = client_memory_limit(services.config);
    uint64_t total = 0;
    std::vector<Candidate> candidates;
    services.clients.each([&](Client& client) {
      if (client.killed.load(std::memory_order_relaxed) || client.no_evict) return;
      candidates.push_back({client_bytes(client), &client});
      total += candidates.back().bytes;
    });
    if (limit == 0 || total <= limit) return;
    std::sort(candidates.begin(), candidates.end(),
              [](const Candidate& a, const Candidate& b) { return a.bytes > b.bytes; });
    for (const Candidate& candidate : candidates) {
      if (total <= limit) break;
      total -= candidate.bytes;
      Client& client = *candidate.client;
      log::notice("Evicting client: id={} addr={} bytes={}", client.id, client.address,
                  candidate.bytes);
      ++worker.counters.evicted_clients;
      client.killed.store(true, std::memory_order_relaxed);
      client.worker->mailbox.post({.kind = Letter::Kind::kLook, .client_id = client.id});
    }
  });
}

}  // namespace scrubjay::engine
