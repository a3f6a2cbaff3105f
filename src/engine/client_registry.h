// All connected clients, by id. Adding and removing happen on the client's own thread with its gate
// raised; walking needs the world held, so that no client changes or dies meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "engine/client.h"

namespace scrubjay::engine {

class ClientRegistry {
 public:
  uint64_t next_id() { return next_id_.fetch_add(1, std::memory_order_relaxed); }
  void add(Client& client);
  void remove(Client& client);
  size_t size() const { return count_.load(std::memory_order_relaxed); }

  // World held.
  Client* find(uint64_t id);
  void each(const std::function<void(Client&)>& f);  // in order of their ids

 private:
  std::atomic<uint64_t> next_id_{1};
  std::atomic<size_t> count_{0};
  std::mutex mutex_;
  std::map<uint64_t, Client*> clients_;
};

}  // namespace scrubjay::engine
