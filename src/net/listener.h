// The listening sockets: accepts connections on one I/O thread and hands each to the thread with the
// fewest. Refuses those above maxclients, and strangers in protected mode.
#pragma once

#include <memory>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/result.h"
#include "net/io_thread.h"

namespace scrubjay::net {

class Listener {
 public:
  explicit Listener(IoThread& thread) : thread_(thread) {}

  // Opens what the configuration names: every `bind` address on `port`, and the unix socket.
  Status open(const config::Config& config);
  // Starts accepting; on the I/O thread's side before it runs.
  void start();
  void close();

 private:
  void wait(size_t i);
  void accept_all(int listening);
  void hand_over(int socket);

  IoThread& thread_;
  std::vector<std::unique_ptr<boost::asio::posix::stream_descriptor>> sockets_;
  std::string unix_path_;
};

}  // namespace scrubjay::net
