#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace scrubjay::net {
namespace {

std::string text_of(const sockaddr_storage& address) {
  char host[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
    return fmt::format("{}:{}", host, ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
    return fmt::format("[{}]:{}", host, ntohs(v6.sin6_port));
  }
  return "";
}

sockaddr_storage local_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return address;
}

std::string unix_path(int socket) {
  const sockaddr_storage address = local_of(socket);
  return std::string(reinterpret_cast<const sockaddr_un&>(address).sun_path) + ":0";
}

}  // namespace

bool is_unix_socket(int socket) {
  return local_of(socket).ss_family == AF_UNIX;
}

std::string local_address(int socket) {
  return is_unix_socket(socket) ? unix_path(socket) : text_of(local_of(socket));
}

std::string peer_address(int socket) {
  if (is_unix_socket(socket)) return unix_path(socket);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return text_of(address);
}

bool is_loopback_peer(int socket) {
  if (is_unix_socket(socket)) return true;
  const std::string address = peer_address(socket);
  return address.starts_with("127.") || address.starts_with("[::1]") ||
         address.starts_with("[::ffff:127.");
}

Result<int> listen_tcp(const std::string& address, uint16_t port, int backlog,
                       bool& not_available) {
  not_available = false;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  const bool any4 = address == "*";
  const bool any6 = address == "::*";
  hints.ai_family = any4                                             ? AF_INET
                    : any6 || address.find(':') != std::string::npos ? AF_INET6
                                                                     : AF_UNSPEC;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  const int failure =
      getaddrinfo(any4 || any6 ? nullptr : address.c_str(), service.c_str(), &hints, &found);
  if (failure != 0) return Error{fmt::format("{}:{}: {}", address, port, gai_strerror(failure))};
  const int socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int result = socket < 0 ? -1 : 0;
  const int on = 1;
  if (result == 0) setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (result == 0 && found->ai_family == AF_INET6)
    setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (result == 0) result = ::bind(socket, found->ai_addr, found->ai_addrlen);
  if (result == 0) result = ::listen(socket, backlog);
  const int error = errno;
  freeaddrinfo(found);
  if (result == 0) return socket;
  if (socket >= 0) ::close(socket);
  not_available = error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == ENOPROTOOPT;
  return Error{fmt::format("{}:{}: bind: {}", address, port, std::strerror(error))};
}

Result<int> listen_unix(const std::string& path, uint32_t permissions, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error{path + ": the path of the unix socket is too long"};
  std::memcpy(address.sun_path, path.data(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return Error{path + ": " + std::strerror(errno)};
  ::unlink(path.c_str());
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket, backlog) != 0) {
    const int error = errno;
    ::close(socket);
    return Error{path + ": bind: " + std::strerror(error)};
  }
  if (permissions != 0) ::chmod(path.c_str(), permissions);
  return socket;
}

void set_connection_options(int socket, int64_t keepalive_s) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (keepalive_s <= 0) return;
  const int idle = static_cast<int>(keepalive_s);
  const int interval = idle / 3 > 0 ? idle / 3 : 1;
  const int probes = 3;
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

}  // namespace scrubjay::net
