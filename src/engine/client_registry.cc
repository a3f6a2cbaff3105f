#include "engine/client_registry.h"

namespace scrubjay::engine {

void ClientRegistry::add(Client& client) {
  const std::lock_guard lock(mutex_);
  clients_[client.id] = &client;
  count_.store(clients_.size(), std::memory_order_relaxed);
}

void ClientRegistry::remove(Client& client) {
  const std::lock_guard lock(mutex_);
  clients_.erase(client.id);
  count_.store(clients_.size(), std::memory_order_relaxed);
}

Client* ClientRegistry::find(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second;
}

void ClientRegistry::each(const std::function<void(Client&)>& f) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, client] : clients_) f(*client);
}

}  // namespace scrubjay::engine
