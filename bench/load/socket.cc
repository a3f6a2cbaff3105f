#include "socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "reply_scanner.h"
#include "requests.h"

namespace scrubjay::load {
namespace {

constexpr timeval kReplyTimeout{.tv_sec = 5, .tv_usec = 0};
constexpr timeval kSendTimeout{.tv_sec = 20, .tv_usec = 0};

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

FileDescriptor tcp_socket() {
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) throw_errno("socket");
  return fd;
}

// The kernel's time in a control message of this type, whose data begin with it.
std::optional<TimePoint> stamp_in(msghdr& message, int type) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != type) continue;
    timespec stamp;
    std::memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
    const auto wall = std::chrono::seconds(stamp.tv_sec) + Nanoseconds(stamp.tv_nsec);
    return now() - (std::chrono::system_clock::now().time_since_epoch() - wall);
  }
  return std::nullopt;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

FileDescriptor connect_to(std::uint16_t port) {
  FileDescriptor fd = tcp_socket();
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout);
  const sockaddr_in address = loopback(port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw_errno("connect");
  }
  return fd;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      throw_errno("send");
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void stamp_traffic(int fd) {
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
    throw_errno("SO_TIMESTAMPNS");
  const unsigned departures =
      SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;
  if (::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &departures, sizeof departures) != 0)
    throw_errno("SO_TIMESTAMPING");
}

Arrival receive_stamped(int fd, std::span<char> buffer) {
  iovec room{.iov_base = buffer.data(), .iov_len = buffer.size()};
  alignas(cmsghdr) std::array<char, 64> control;
  msghdr message{};
  message.msg_iov = &room;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(fd, &message, MSG_DONTWAIT);
  if (size < 0 && errno != EAGAIN && errno != EINTR) throw_errno("recvmsg");
  if (size == 0) throw std::runtime_error("the server closed a connection");
  if (size < 0) return {};
  Arrival arrival{.bytes = {buffer.data(), static_cast<std::size_t>(size)}, .when = now()};
  if (const auto stamp = stamp_in(message, SCM_TIMESTAMPNS)) arrival.when = *stamp;
  return arrival;
}

std::optional<TimePoint> take_departure(int fd) {
  std::optional<TimePoint> last;
  for (;;) {
    alignas(cmsghdr) std::array<char, 256> control;
    msghdr message{};
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return last;
    if (const auto stamp = stamp_in(message, SCM_TIMESTAMPING)) last = stamp;
  }
}

std::uint16_t free_port() {
  const FileDescriptor fd = tcp_socket();
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd.get(), generic, size) != 0) throw_errno("bind");
  if (::getsockname(fd.get(), generic, &size) != 0) throw_errno("getsockname");
  return ntohs(address.sin_port);
}

Client::Client(std::uint16_t port) : socket_(connect_to(port)) {
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kReplyTimeout, sizeof kReplyTimeout);
}

std::string Client::ask(std::initializer_list<std::string_view> arguments) {
  std::string request;
  append_request(request, arguments);
  send_all(socket_.get(), request);
  std::string reply;
  ReplyScanner scanner;
  std::array<char, 4096> buffer;
  for (std::size_t whole = 0; whole == 0;) {
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw_errno("no reply");
    if (size == 0) throw std::runtime_error("the server closed the connection");
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
    reply += bytes;
    whole = scanner.consume(bytes);
  }
  if (scanner.errors() > 0) {
    throw std::runtime_error(fmt::format("{}: {}", *arguments.begin(), scanner.first_error()));
  }
  return reply;
}

}  // namespace scrubjay::load
