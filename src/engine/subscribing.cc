#include "engine/subscribing.h"

namespace scrubjay::engine {

using pubsub::Space;

std::set<std::string, std::less<>>& names_of(Client& client, ListensTo kind) {
  switch (kind) {
    case ListensTo::kChannel:
      return client.subscriptions.channels;
    case ListensTo::kPattern:
      return client.subscriptions.patterns;
    case ListensTo::kShardChannel:
      break;
  }
  return client.subscriptions.shard_channels;
}

namespace {

void leave(pubsub::Hub& hub, const Client& client, ListensTo kind, std::string_view name) {
  switch (kind) {
    case ListensTo::kChannel:
      return hub.unsubscribe(Space::kChannels, name, *client.peer);
    case ListensTo::kPattern:
      return hub.unsubscribe_pattern(name, *client.peer);
    case ListensTo::kShardChannel:
      return hub.unsubscribe(Space::kShardChannels, name, *client.peer);
  }
}

}  // namespace

bool subscribe(pubsub::Hub& hub, Client& client, ListensTo kind, std::string_view name) {
  if (!names_of(client, kind).emplace(name).second) return false;
  switch (kind) {
    case ListensTo::kChannel:
      hub.subscribe(Space::kChannels, name, *client.peer);
      break;
    case ListensTo::kPattern:
      hub.subscribe_pattern(name, *client.peer);
      break;
    case ListensTo::kShardChannel:
      hub.subscribe(Space::kShardChannels, name, *client.peer);
      break;
  }
  return true;
}

bool unsubscribe(pubsub::Hub& hub, Client& client, ListensTo kind, std::string_view name) {
  auto& names = names_of(client, kind);
  const auto found = names.find(name);
  if (found == names.end()) return false;
  leave(hub, client, kind, *found);
  names.erase(found);
  return true;
}

void unsubscribe_all(pubsub::Hub& hub, Client& client) {
  for (const ListensTo kind :
       {ListensTo::kChannel, ListensTo::kPattern, ListensTo::kShardChannel}) {
    auto& names = names_of(client, kind);
    while (!names.empty()) unsubscribe(hub, client, kind, std::string(*names.begin()));
  }
}

void cut_off(pubsub::Hub& hub, const Client& client) {
  const Subscriptions& subscriptions = client.subscriptions;
  for (const auto& name : subscriptions.channels) leave(hub, client, ListensTo::kChannel, name);
  for (const auto& name : subscriptions.patterns) leave(hub, client, ListensTo::kPattern, name);
  for (const auto& name : subscriptions.shard_channels)
    leave(hub, client, ListensTo::kShardChannel, name);
  if (client.peer) client.peer->alive.store(false, std::memory_order_relaxed);
}

}  // namespace scrubjay::engine
