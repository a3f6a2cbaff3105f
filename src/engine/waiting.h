// Clients that wait for data: BLPOP, BLMOVE, BZPOPMIN and their kin. A handler that finds nothing
// files its client here; whoever puts something under the key serves those who wait for it, oldest
// first, before the locks are given back, so that no other command comes between. To be served
// means that the waiting client's whole command runs again. The reply goes to the client's own
// thread the way of messages, and a letter tells that its next requests may run.
//
// A waiter is filed, served and given up under the locks of all its keys, which decide any race.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/client.h"
#include "store/locked_keys.h"
#include "store/waiter.h"

namespace scrubjay::engine {

struct CommandContext;
struct Services;

struct ClientWaiter final : store::Waiter {
  ClientWaiter(uint64_t waiter_ticket, store::Type type, const Client& client);

  // The keys that its command names: all of them must be held to run it.
  std::vector<store::Key> all_keys() const;

  const schema::Command* command = nullptr;
  std::vector<std::string> arguments;
  std::vector<std::string> keys;       // of the command
  std::vector<std::string> waits_for;  // those it is filed under
  int database = 0;
  bool served = false;
  bool on_any_change = false;  // its command runs again even if the key is gone or of another type
  Client stand_in;  // the client as its command sees it when it runs again on another thread
};

// Files the client under `keys`, of which each must be held. `timeout_at`: ms, 0 for never.
void file_waiter(CommandContext& c, std::span<const store::Key> keys, store::Type wanted,
                 int64_t timeout_at, std::function<void(resp::ReplyBuilder&)> time_out);

// Takes a waiter out of the queues. All its keys are held.
void unfile_waiter(store::LockedKeys& keys, const ClientWaiter& waiter);

// Adds the keys that must be held beside `keys`, so that those who wait for them can be served:
// what the waiters' commands name, and what waits for that in turn. All of `keys` are held; returns
// false if one that is needed is not.
bool add_waiters_keys(store::LockedKeys& locked, int database, std::vector<store::Key>& keys);

// Runs the commands of those who wait for what has become ready. Returns false if somebody's keys
// are not all held: then it is to be called again with the world held.
bool serve_waiters(Services& services, Worker& worker);

// The same for keys that expiry or eviction took away: who reads a consumer group wants to know.
// The gate is raised, and no stripe is held.
void serve_waiters_of_gone_keys(Services& services, Worker& worker);

}  // namespace scrubjay::engine
