#include "engine/client_tracking.h"

#include <mutex>

#include "base/random.h"
#include "engine/dispatcher.h"
#include "engine/effects.h"
#include "engine/services.h"

namespace scrubjay::engine {
namespace {

bool over_limit(const Services& services) {
  const int64_t limit = services.config.tracking_table_max_keys;
  return limit > 0 && services.tracking.key_count() > static_cast<size_t>(limit);
}

pubsub::Peer* acting_peer(const Worker& worker) {
  return worker.acting != nullptr ? worker.acting->peer.get() : nullptr;
}

void forget_some(Services& services, Worker& worker) {
  store::Keyspace& keyspace = services.keyspace;
  while (over_limit(services)) {
    const auto first = static_cast<uint32_t>(thread_random().below(keyspace.stripe_count()));
    bool any = false;
    for (uint32_t i = 0; i < keyspace.stripe_count() && !any; ++i) {
      const uint32_t number = (first + i) & (keyspace.stripe_count() - 1);
      const std::lock_guard lock(keyspace.stripe(number).mutex);
      any = services.tracking.drop_any(number, worker.outgoing);
    }
    if (!any) return;
  }
}

}  // namespace

void remember_reads(Services& services, Worker& worker, const Client& client,
                    std::span<const store::Key> keys) {
  if (!client.read_tracking.remembers()) return;
  for (const store::Key& key : keys)
    services.tracking.remember(services.keyspace.stripe_number(key.hash), key, *client.peer);
  if (over_limit(services)) worker.unsent.table_full = true;
}

void invalidate(Services& services, Worker& worker, const store::Change& change) {
  if (services.tracking.in_use()) {
    pubsub::Peer* const acting = acting_peer(worker);
    const bool nobodys = change.event == "expired" || change.event == "evicted";
    services.tracking.changed(services.keyspace.stripe_number(change.key.hash), change.key, acting,
                              nobodys ? nullptr : acting, worker.unsent, worker.outgoing);
  }
  // Whoever finds the record has been told already.
  if (services.invalidation_log.is_on()) {
    services.invalidation_log.append(change.key.text, worker.index,
                                     !worker.unsent.broadcast.empty());
  }
}

void invalidate_all(Services& services, Worker& worker) {
  services.invalidation_log.all_changed();
  if (!services.tracking.in_use()) return;
  const pubsub::Peer* const acting = acting_peer(worker);
  services.clients.each([&](const Client& client) {
    if (!client.peer || !client.peer->tracking.on) return;
    if (client.peer == acting)
      worker.unsent.to_self.emplace_back();
    else
      pubsub::Tracking::send(*client.peer, {}, worker.outgoing);
  });
  services.tracking.forget_all();
}

void command_ended(Worker& worker) {
  static_cast<Effects&>(*worker.effects).command_ended();
}

void tell_itself(Worker& worker, const Client& client) {
  pubsub::Tracking::send_to_self(*client.peer, worker.unsent, worker.outgoing);
}

void end_turn(Services& services, Worker& worker) {
  if (!worker.unsent.broadcast.empty()) {
    services.tracking.send_broadcast(worker.unsent, worker.outgoing);
    if (services.invalidation_log.is_on()) services.invalidation_log.all_sent(worker.index);
  }
  worker.unsent.table_full = false;
  forget_some(services, worker);
  worker.outgoing.ring();
}

void stop_tracking(Services& services, Client& client) {
  client.read_tracking = {};
  if (client.peer) services.tracking.stop(*client.peer);
}

void drop_tracking(Services& services, Worker& worker, Client& client) {
  if (!client.peer || !client.peer->tracking.on) return;
  const pubsub::TrackingMode& mode = client.peer->tracking;
  services.dispatcher->with_world(worker, [&] {
    if (mode.redirect && mode.redirect != client.peer &&
        mode.redirect->alive.load(std::memory_order_relaxed)) {
      pubsub::Tracking::send(*client.peer, {}, worker.outgoing);
    }
    stop_tracking(services, client);
  });
  worker.outgoing.ring();
}

}  // namespace scrubjay::engine
