// The listening sockets: accepts connections on one I/O thread and hands each to the thread with
// the fewest. Refuses those above maxclients, and strangers in protected mode.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"
#include "net/io_thread.h"

namespace scrubjay::net {

class Listener {
 public:
  explicit Listener(IoThread& thread) : thread_(thread) {}

  // Opens what the configuration names: every `bind` address on `port`, and the unix socket. Before
  // the thread runs.
  Status open(const config::Config& config);
  // CONFIG SET port and bind, from any thread: opens the new TCP sockets at once, or says why it
  // can't; the I/O thread exchanges them in its next tick().
  Status reopen(const config::Config& config);
  void tick();
  // Starts accepting; on the I/O thread or before it runs.
  void start();
  void close();

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;

  void wait(Descriptor& socket);
  void accept_all(int listening);
  void hand_over(int socket);

  IoThread& thread_;
  std::vector<std::unique_ptr<Descriptor>> tcp_sockets_;
  std::unique_ptr<Descriptor> unix_socket_;
  std::string unix_path_;
  std::mutex replacement_mutex_;
  std::optional<std::vector<int>> replacement_;
};

}  // namespace scrubjay::net
