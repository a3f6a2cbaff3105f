#include "net/listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/address.h"

namespace scrubjay::net {
namespace {

constexpr std::string_view kTooMany = "-ERR max number of clients reached\r\n";
constexpr std::string_view kProtected =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for "
    "the default user. In this mode connections are only accepted from the loopback interface. If you want to "
    "connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable "
    "protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by "
    "connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly "
    "accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively "
    "you can just disable the protected mode by editing the Redis configuration file, and setting the protected "
    "mode option to 'no', and then restarting the server. 3) If you started the server manually just for "
    "testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the "
    "default user. NOTE: You only need to do one of the above things in order for the server to start accepting "
    "connections from the outside.\r\n";

void refuse(int socket, std::string_view text) {
  [[maybe_unused]] const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::close(socket);
}

}  // namespace

Status Listener::open(const config::Config& config) {
  const auto backlog = static_cast<int>(config.tcp_backlog);
  if (config.port != 0) {
    for (std::string address : config.bind) {
      const bool optional = address.starts_with('-');
      if (optional) address.erase(0, 1);
      bool not_available = false;
      auto socket = listen_tcp(address, static_cast<uint16_t>(config.port), backlog, not_available);
      if (!socket) {
        if (optional && not_available) continue;
        return Error{"Could not create server TCP listening socket " + socket.error()};
      }
      sockets_.push_back(std::make_unique<boost::asio::posix::stream_descriptor>(thread_.context(), *socket));
    }
    if (sockets_.empty()) return Error{"Configured to not listen anywhere: no address of 'bind' is available"};
  }
  if (!config.unixsocket.empty()) {
    auto socket = listen_unix(config.unixsocket, static_cast<uint32_t>(config.unixsocketperm), backlog);
    if (!socket) return Error{"Failed opening Unix socket: " + socket.error()};
    unix_path_ = config.unixsocket;
    sockets_.push_back(std::make_unique<boost::asio::posix::stream_descriptor>(thread_.context(), *socket));
  }
  if (sockets_.empty()) return Error{"Configured to not listen anywhere, exiting."};
  return Done{};
}

void Listener::start() {
  for (size_t i = 0; i < sockets_.size(); ++i) wait(i);
}

void Listener::close() {
  sockets_.clear();
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
}

void Listener::wait(size_t i) {
  sockets_[i]->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [this, i](const boost::system::error_code& error) {
                            if (error) return;
                            accept_all(sockets_[i]->native_handle());
                            wait(i);
                          });
}

void Listener::accept_all(int listening) {
  for (;;) {
    const int socket = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) log::warning("Accepting client connection: {}", std::strerror(errno));
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
  if (least == &own) thread_.adopt(socket);
  else least->mailbox.post({.kind = engine::Letter::Kind::kAdopt, .socket = socket});
}

}  // namespace scrubjay::net
