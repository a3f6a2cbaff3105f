// Connections to a server on this machine: the bare socket, and a client that asks one question at
// a time. Used by the load generator (sockets) and the scenarios (Client); not thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "clock.h"

namespace scrubjay::load {

// Owns one file descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();
  int get() const { return fd_; }

 private:
  int fd_;
};

// Throws std::system_error when nobody listens.
FileDescriptor connect_to(std::uint16_t port);

// Sends everything or throws std::system_error, also when nothing moves for 20 s. Meant for batches
// that fit the socket's buffer.
void send_all(int fd, std::string_view bytes);

// From now on the kernel notes when bytes leave this socket, and when they arrive. Over the
// loopback device that is when the other side gets and sends them, however long this side is kept
// from its core before, between and after.
void stamp_traffic(int fd);

struct Arrival {
  std::string_view bytes;  // in the caller's buffer; empty when nothing is there yet
  TimePoint when;          // now, if the kernel has not noted it
};
// Throws std::system_error when that fails, std::runtime_error when the other side has closed.
Arrival receive_stamped(int fd, std::span<char> buffer);

// When what was sent last left a stamped socket; nothing if the kernel has noted nothing new.
std::optional<TimePoint> take_departure(int fd);

// A port of 127.0.0.1 nobody listens on at the moment.
std::uint16_t free_port();

class Client {
 public:
  explicit Client(std::uint16_t port);

  // The reply's bytes as they came. Throws std::runtime_error after five seconds without a reply
  // and on an error reply.
  std::string ask(std::initializer_list<std::string_view> arguments);

 private:
  FileDescriptor socket_;
};

}  // namespace scrubjay::load
