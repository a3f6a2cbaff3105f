#include "cli/connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace scrubjay::cli {

namespace {

constexpr size_t kReceiveBytes = 64 << 10;

Error system_error(int code) {
  return Error{std::strerror(code)};
}

// Milliseconds as poll takes them: -1 without a deadline.
int time_left(const Connection::Deadline& deadline) {
  if (!deadline) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<int64_t>(0, left.count()));
}

// A connected descriptor, or the negative errno.
int connect_to(const sockaddr* address, socklen_t size, const Connection::Deadline& deadline) {
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  int code = ::connect(fd, address, size) == 0 ? 0 : errno;
  if (code == EINPROGRESS) {
    pollfd waiting{fd, POLLOUT, 0};
    int ready;
    do {
      ready = ::poll(&waiting, 1, time_left(deadline));
    } while (ready < 0 && errno == EINTR);
    socklen_t length = sizeof code;
    if (ready == 0) {
      code = ETIMEDOUT;
    } else if (ready < 0 || ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) != 0) {
      code = errno;
    }
  }
  if (code == 0) return fd;
  ::close(fd);
  return -code;
}

}  // namespace

Connection::Connection(Connection&& other) noexcept {
  *this = std::move(other);
}

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this == &other) return *this;
  close();
  socket_ = std::exchange(other.socket_, -1);
  deadline_ = other.deadline_;
  reader_ = std::move(other.reader_);
  bytes_ = std::move(other.bytes_);
  bytes_read_ = std::exchange(other.bytes_read_, 0);
  return *this;
}

Connection::~Connection() {
  close();
}

void Connection::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void Connection::shut_down() {
  ::shutdown(socket_, SHUT_RDWR);
}

Result<Connection> Connection::to_host(const std::string& host, int port, Deadline deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (status != 0) return Error{::gai_strerror(status)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  int code = ECONNREFUSED;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const addrinfo* place = found; place; place = place->ai_next) {
      if (place->ai_family != family) continue;
      const int fd = connect_to(place->ai_addr, place->ai_addrlen, deadline);
      if (fd >= 0) {
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        return Connection(fd, deadline);
      }
      code = -fd;
    }
  }
  return system_error(code);
}

Result<Connection> Connection::to_socket(const std::string& path, Deadline deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return system_error(ENAMETOOLONG);
  std::copy(path.begin(), path.end(), address.sun_path);
  const int fd = connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline);
  if (fd < 0) return system_error(-fd);
  return Connection(fd, deadline);
}

Status Connection::wait_for(short events) {
  pollfd waiting{socket_, events, 0};
  for (;;) {
    const int ready = ::poll(&waiting, 1, time_left(deadline_));
    if (ready > 0) return Done{};
    if (ready == 0) return system_error(ETIMEDOUT);
    if (errno != EINTR) return system_error(errno);
  }
}

Status Connection::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN) {
      if (const Status ready = wait_for(POLLOUT); !ready) return ready;
    } else if (errno != EINTR) {
      return system_error(errno);
    }
  }
  return Done{};
}

Status Connection::send(const std::vector<std::string>& command) {
  std::string bytes = "*" + std::to_string(command.size()) + "\r\n";
  for (const std::string& word : command) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return send_bytes(bytes);
}

Result<resp::Reply> Connection::receive() {
  for (;;) {
    std::string_view unread = std::string_view(bytes_).substr(bytes_read_);
    auto reply = reader_.next(unread);
    bytes_read_ = bytes_.size() - unread.size();
    if (!reply) return Error{reply.error()};
    if (*reply) return std::move(**reply);
    bytes_.resize(kReceiveBytes);
    bytes_read_ = 0;
    const ssize_t count = ::recv(socket_, bytes_.data(), bytes_.size(), 0);
    const int code = errno;
    bytes_.resize(count > 0 ? static_cast<size_t>(count) : 0);
    if (count == 0) return Error{"Server closed the connection"};
    if (count > 0 || code == EINTR) continue;
    if (code != EAGAIN) return system_error(code);
    if (const Status ready = wait_for(POLLIN); !ready) return Error{ready.error()};
  }
}

}  // namespace scrubjay::cli
