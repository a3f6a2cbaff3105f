// A client comes to listen to a channel, a shard's channel or a pattern, or stops to.
#pragma once

#include <string_view>

#include "engine/client.h"
#include "pubsub/hub.h"

namespace scrubjay::engine {

enum class ListensTo : uint8_t { kChannel, kPattern, kShardChannel };

std::set<std::string, std::less<>>& names_of(Client& client, ListensTo kind);

// False if it does already, or does not.
bool subscribe(pubsub::Hub& hub, Client& client, ListensTo kind, std::string_view name);
bool unsubscribe(pubsub::Hub& hub, Client& client, ListensTo kind, std::string_view name);
void unsubscribe_all(pubsub::Hub& hub, Client& client);
// The client is to be closed by its thread: from now on nothing is sent to it or counted as sent.
// What it chose is left to its thread. World held.
void cut_off(pubsub::Hub& hub, const Client& client);

}  // namespace scrubjay::engine
