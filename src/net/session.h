// One connection: reads requests, has them executed, writes the replies of a batch at once. Lives on
// one I/O thread. Asio says when the socket is ready; reading and writing are plain system calls.
#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "engine/client.h"
#include "net/input_buffer.h"
#include "net/output_queue.h"
#include "resp/request_parser.h"

namespace scrubjay::net {

class IoThread;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(IoThread& thread, int socket, uint64_t id);
  ~Session();

  void start();
  // Sends bytes that nobody asked for (MONITOR lines, messages).
  void push(const SharedBytes& bytes);
  // Obeys what others changed: killed, unblocked, commands no longer paused.
  void look(int64_t now_ms);
  void close();

  engine::Client& client() { return client_; }
  bool closed() const { return closed_; }
  bool flushed() const { return output_.empty(); }
  // Closes the connection if it has been idle for too long, or too slow to take its replies.
  void check_limits(int64_t now_ms);

 private:
  void wait_readable();
  void on_readable();
  // Consumes whole requests of the input; what is left goes to input_. `held` says that the input is
  // input_'s own content.
  void consume(std::string_view input, bool held);
  // Parses and executes one batch; returns false when no more can be done now.
  bool run_batch(std::string_view input, size_t& position);
  void protocol_error();
  void send_replies();
  void wait_writable();
  void finish_wait(bool with_error);

  IoThread& thread_;
  boost::asio::posix::stream_descriptor descriptor_;
  engine::Client client_;
  resp::RequestParser parser_;
  InputBuffer input_;
  OutputQueue output_;
  bool postponed_ = false;       // commands are paused: the first request in input_ waits
  bool reading_ended_ = false;   // after QUIT or a protocol error
  bool waiting_writable_ = false;
  bool closed_ = false;
  int64_t over_soft_limit_since_ms_ = 0;
};

}  // namespace scrubjay::net
