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
  switch (kind) {
    case ListensTo::kChannel:
      hub.unsubscribe(Space::kChannels, *found, *client.peer);
      break;
    case ListensTo::kPattern:
      hub.unsubscribe_pattern(*found, *client.peer);
      break;
    case ListensTo::kShardChannel:
      hub.unsubscribe(Space::kShardChannels, *found, *client.peer);
      break;
  }
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

}  // namespace scrubjay::engine
