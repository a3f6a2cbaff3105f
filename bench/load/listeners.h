// Connections that subscribe and then take whatever comes, on a thread of their own: what a message
// to many costs the server is measured beside them. Used by the fan-out scenario.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "socket.h"

namespace scrubjay::load {

class Listeners {
 public:
  // One connection for each request ("SUBSCRIBE channel", as it goes over the wire); returns when
  // all are answered.
  Listeners(std::uint16_t port, const std::vector<std::string>& requests);
  ~Listeners();
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  // Waits until so many bytes have come. Throws std::runtime_error if they do not, or more do.
  void expect(std::uint64_t total) const;

 private:
  void listen();

  std::vector<FileDescriptor> sockets_;
  FileDescriptor epoll_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<bool> closed_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace scrubjay::load
