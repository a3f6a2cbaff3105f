#include "net/listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/address.h"

namespace scrubjay::net {
namespace {

constexpr std::string_view kTooMany = "-ERR max number of clients reached\r\n";
constexpr std::string_view kProtected =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password "
    "is set for "
    "the default user. In this mode connections are only accepted from the loopback interface. If "
    "you want to "
    "connect from external computers to Redis you may adopt one of the following solutions: 1) "
    "Just disable "
    "protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface "
    "by "
    "connecting to Redis from the same host the server is running, however MAKE SURE Redis is not "
    "publicly "
    "accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) "
    "Alternatively "
    "you can just disable the protected mode by editing the Redis configuration file, and setting "
    "the protected "
    "mode option to 'no', and then restarting the server. 3) If you started the server manually "
    "just for "
    "testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication "
    "password for the "
    "default user. NOTE: You only need to do one of the above things in order for the server to "
    "start accepting "
    "connections from the outside.\r\n";

void refuse(int socket, std::string_view text) {
  [[maybe_unused]] const ssize_t sent =
      ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::close(socket);
}

// A listening socket for every `bind` address that exists here.
Result<std::vector<int>> open_tcp(const config::Config& config) {
  std::vector<int> sockets;
  if (config.port == 0) return sockets;
  for (std::string address : config.bind) {
    const bool optional = address.starts_with('-');
    if (optional) address.erase(0, 1);
    bool not_available = false;
    auto socket = listen_tcp(address, static_cast<uint16_t>(config.port),
                             static_cast<int>(config.tcp_backlog), not_available);
    if (socket) {
      sockets.push_back(*socket);
    } else if (!optional || !not_available) {
      for (const int opened : sockets) ::close(opened);
      return Error{socket.error()};
    }
  }
  if (sockets.empty()) return Error{"no address of 'bind' is available"};
  return sockets;
}

}  // namespace

Status Listener::open(const config::Config& config) {
  auto sockets = open_tcp(config);
  if (!sockets) return Error{"Could not create server TCP listening socket " + sockets.error()};
  for (const int socket : *sockets)
    tcp_sockets_.push_back(std::make_unique<Descriptor>(thread_.context(), socket));
  if (!config.unixsocket.empty()) {
    auto socket = listen_unix(config.unixsocket, static_cast<uint32_t>(config.unixsocketperm),
                              static_cast<int>(config.tcp_backlog));
    if (!socket) return Error{"Failed opening Unix socket: " + socket.error()};
    unix_path_ = config.unixsocket;
    unix_socket_ = std::make_unique<Descriptor>(thread_.context(), *socket);
  }
  if (tcp_sockets_.empty() && !unix_socket_)
    return Error{"Configured to not listen anywhere, exiting."};
  return Done{};
}

Status Listener::reopen(const config::Config& config) {
  auto sockets = open_tcp(config);
  if (!sockets) return Error{"Unable to listen on this port. Check server logs."};
  const std::lock_guard lock(replacement_mutex_);
  if (replacement_) {
    for (const int socket : *replacement_) ::close(socket);
  }
  replacement_ = std::move(*sockets);
  return Done{};
}

void Listener::tick() {
  std::optional<std::vector<int>> sockets;
  {
    const std::lock_guard lock(replacement_mutex_);
    sockets.swap(replacement_);
  }
  if (!sockets) return;
  tcp_sockets_.clear();
  for (const int socket : *sockets) {
    tcp_sockets_.push_back(std::make_unique<Descriptor>(thread_.context(), socket));
    wait(*tcp_sockets_.back());
  }
}

void Listener::start() {
  for (const auto& socket : tcp_sockets_) wait(*socket);
  if (unix_socket_) wait(*unix_socket_);
}

void Listener::close() {
  tcp_sockets_.clear();
  unix_socket_.reset();
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
}

void Listener::wait(Descriptor& socket) {
  socket.async_wait(Descriptor::wait_read, [this, &socket](const boost::system::error_code& error) {
    if (error) return;
    accept_all(socket.native_handle());
    wait(socket);
  });
}

void Listener::accept_all(int listening) {
  for (;;) {
    const int socket = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK)
        log::warning("Accepting client connection: {}", std::strerror(errno));
      return;
    }
    hand_over(socket);
  }
}

void Listener::hand_over(int socket) {
  engine::Services& services = thread_.services();
  engine::Worker& own = thread_.worker();
  services.gates.enter(own.gate);
  const auto max_clients = static_cast<size_t>(services.config.maxclients);
  const bool guarded = services.config.protected_mode && services.config.requirepass.empty();
  size_t connected = 0;
  engine::Worker* least = services.workers.front().get();
  for (const auto& worker : services.workers) {
    const size_t count = worker->client_count.load(std::memory_order_relaxed);
    connected += count;
    if (count < least->client_count.load(std::memory_order_relaxed)) least = worker.get();
  }
  const bool too_many = connected >= max_clients;
  const bool stranger = guarded && !is_loopback_peer(socket);
  if (too_many || stranger) ++own.counters.rejected_connections;
  services.gates.leave(own.gate);
  if (too_many) return refuse(socket, kTooMany);
  if (stranger) return refuse(socket, kProtected);
  least->client_count.fetch_add(1, std::memory_order_relaxed);
  if (least == &own)
    thread_.adopt(socket);
  else
    least->mailbox.post({.kind = engine::Letter::Kind::kAdopt, .socket = socket});
}

}  // namespace scrubjay::net
