// A blocking connection to a server: sends commands, reads replies. Used by the client and the
// health check. One thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "resp/reply_reader.h"

namespace scrubjay::cli {

class Connection {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  Connection() = default;
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  // An error is the reason alone, as "Connection refused". Past the deadline, every call fails.
  static Result<Connection> to_host(const std::string& host, int port, Deadline deadline = {});
  static Result<Connection> to_socket(const std::string& path, Deadline deadline = {});

  bool is_open() const { return socket_ >= 0; }
  void close();
  // Ends both directions but keeps the socket: a receive() in another thread returns.
  void shut_down();

  // One thread may send while another one receives.
  Status send_bytes(std::string_view bytes);
  Status send(const std::vector<std::string>& command);
  // The next reply, a push included.
  Result<resp::Reply> receive();

 private:
  explicit Connection(int socket, Deadline deadline) : socket_(socket), deadline_(deadline) {}
  Status wait_for(short events);

  int socket_ = -1;
  Deadline deadline_;
  resp::ReplyReader reader_;
  std::string bytes_;      // received
  size_t bytes_read_ = 0;  // of them, seen by the reader
};

}  // namespace scrubjay::cli
