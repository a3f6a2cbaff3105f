#include "engine/waiting.h"

#include <algorithm>

#include "engine/client_tracking.h"
#include "engine/context.h"
#include "engine/dispatcher.h"

namespace scrubjay::engine {

ClientWaiter::ClientWaiter(uint64_t waiter_ticket, store::Type type, const Client& client)
    : Waiter(waiter_ticket, type), database(client.database), stand_in(client.id, *client.worker) {
  stand_in.address = client.address;
  stand_in.name = client.name;
  stand_in.user = client.user;
  stand_in.database = client.database;
  stand_in.protocol = client.protocol;
  stand_in.no_touch = client.no_touch;
  stand_in.read_tracking = client.read_tracking;
  stand_in.peer = client.peer;
}

std::vector<store::Key> ClientWaiter::all_keys() const {
  return {keys.begin(), keys.end()};
}

void file_waiter(CommandContext& c, std::span<const store::Key> keys, store::Type wanted,
                 int64_t timeout_at, std::function<void(resp::ReplyBuilder&)> time_out) {
  const uint64_t ticket = c.services.wait_tickets.fetch_add(1, std::memory_order_relaxed);
  auto waiter = std::make_shared<ClientWaiter>(ticket, wanted, c.client);
  waiter->command = &c.command;
  waiter->arguments.assign(c.args.all().begin(), c.args.all().end());
  for (const store::Key& key : c.key_list) waiter->keys.emplace_back(key.text);
  for (const store::Key& key : keys) {
    waiter->waits_for.emplace_back(key.text);
    c.keys.add_waiter(c.client.database, key, waiter);
  }
  c.services.waiters.fetch_add(1, std::memory_order_relaxed);
  c.client.blocked = std::make_unique<BlockedState>(
      BlockedState{timeout_at, std::move(time_out), std::move(waiter)});
}

void unfile_waiter(store::LockedKeys& keys, const ClientWaiter& waiter) {
  for (const std::string& name : waiter.waits_for)
    keys.remove_waiter(waiter.database, store::Key(name), waiter.ticket);
}

bool add_waiters_keys(store::LockedKeys& locked, int database, std::vector<store::Key>& keys) {
  bool all_held = true;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!locked.holds(keys[i])) {
      all_held = false;
      continue;  // who waits for it is seen when it is held
    }
    const store::WaitQueue* queue = locked.waiters_of(database, keys[i]);
    if (queue == nullptr) continue;
    for (const auto& [ticket, waiter] : *queue) {
      for (const store::Key& key : static_cast<const ClientWaiter&>(*waiter).all_keys()) {
        const bool known = std::any_of(keys.begin(), keys.end(), [&](const store::Key& other) {
          return other.text == key.text;
        });
        if (!known) keys.push_back(key);
      }
    }
  }
  return all_held;
}

namespace {

// Runs the waiter's command again. False if it has to go on waiting.
bool serve(Services& services, Worker& worker, ClientWaiter& waiter) {
  std::vector<std::string_view> arguments(waiter.arguments.begin(), waiter.arguments.end());
  const std::vector<store::Key> keys = waiter.all_keys();
  resp::ReplyBuffer buffer;
  resp::ReplyBuilder reply(buffer, waiter.stand_in.protocol);
  const bool served = services.dispatcher->run_again(worker, waiter, arguments, keys, reply);
  const Client& client = waiter.stand_in;
  if (served) {
    waiter.served = true;
    unfile_waiter(worker.keys, waiter);
    services.waiters.fetch_sub(1, std::memory_order_relaxed);
    // The reply goes the way of pushes, so that they come in the order of what they tell of.
    Letter letter{.kind = Letter::Kind::kServed, .client_id = client.id, .number = waiter.ticket};
    if (client.peer) {
      worker.outgoing.put(client.peer->inbox, {.bytes = buffer.to_bytes(),
                                               .only = client.peer,
                                               .kind = pubsub::PushKind::kServed,
                                               .number = waiter.ticket});
    } else {
      letter.bytes = buffer.to_bytes();
    }
    client.worker->mailbox.post(std::move(letter));
  }
  if (!worker.unsent.to_self.empty()) tell_itself(worker, client);
  return served;
}

}  // namespace

bool serve_waiters(Services& services, Worker& worker) {
  store::LockedKeys& locked = worker.keys;
  std::vector<store::KeyName> left;
  while (locked.has_ready()) {
    for (store::KeyName& name : locked.take_ready()) {
      const store::Key key(name.key);
      if (!locked.holds(key)) {
        left.push_back(std::move(name));
        continue;
      }
      // Those who wait now, once each; the queue changes while they are served.
      std::vector<std::shared_ptr<store::Waiter>> waiting;
      if (const store::WaitQueue* queue = locked.waiters_of(name.database, key))
        for (const auto& [ticket, waiter] : *queue) waiting.push_back(waiter);
      for (const auto& base : waiting) {
        auto& waiter = static_cast<ClientWaiter&>(*base);
        const Entry* entry = locked.find_in(name.database, key, Lookup::kPeek);
        const bool ready = entry != nullptr && entry->type() == waiter.wanted;
        if (waiter.served || (!ready && !waiter.on_any_change)) continue;
        const std::vector<store::Key> keys = waiter.all_keys();
        if (!std::all_of(keys.begin(), keys.end(),
                         [&](const store::Key& other) { return locked.holds(other); })) {
          left.push_back(name);
          break;
        }
        serve(services, worker, waiter);
      }
    }
  }
  for (const store::KeyName& name : left) locked.add_ready(name);
  return left.empty();
}

void serve_waiters_of_gone_keys(Services& services, Worker& worker) {
  const std::vector<store::KeyName> gone = services.keyspace.take_gone();
  if (gone.empty()) return;
  const auto serve_them = [&] {
    worker.keys.hold_world();
    for (const store::KeyName& name : gone) worker.keys.add_ready(name);
    serve_waiters(services, worker);
    worker.keys.unlock();
  };
  if (worker.world)
    serve_them();
  else
    services.dispatcher->with_world(worker, serve_them);
}

}  // namespace scrubjay::engine
