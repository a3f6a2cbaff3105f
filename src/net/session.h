// One connection: reads requests, has them executed, writes the replies of a batch at once. Lives
// on one I/O thread; the reactor says when the socket is ready.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/client.h"
#include "net/input_buffer.h"
#include "net/message_batch.h"
#include "net/outbox.h"
#include "net/output_queue.h"
#include "net/reactor.h"
#include "net/round.h"
#include "resp/request_parser.h"

namespace scrubjay::net {

class IoThread;

class Session : private Reactor::Handler, public pubsub::PushSink {
 public:
  Session(IoThread& thread, int socket, uint64_t id);
  virtual ~Session();

  void start();
  // Sends bytes that nobody asked for (MONITOR lines, messages).
  void send_now(const SharedBytes& bytes);
  // Obeys what others changed: killed, unblocked, commands no longer paused.
  void look(int64_t now_ms);
  // Executes the requests that came while the client waited.
  void go_on();
  void close();

  engine::Client& client() { return client_; }
  bool closed() const { return closed_; }
  bool flushed() const { return output_.empty(); }
  // Executes this session's part of a round.
  void run_part(const Round& round, const Round::Part& part);
  // Sends replies that waited in the thread's outbox.
  void send_held(std::string_view replies);
  // Its request is a script that is busy: until that ends nothing is read or executed here.
  void set_suspended(bool suspended) { suspended_ = suspended; }
  size_t& outbox_slot() { return outbox_slot_; }
  // Takes messages, to be sent later.
  void push(MessageBatch& messages);
  // Sends messages that waited for the thread to have nothing else to do.
  void flush_pushed();
  size_t& pushed_slot() { return pushed_slot_; }
  // Closes the connection if it has been idle for too long, or too slow to take its replies.
  void check_limits(int64_t now_ms);
  // Counts what the client takes, if `maxmemory-clients` limits it.
  void count_memory();

 private:
  void push(pubsub::PushKind kind, const SharedBytes& bytes, uint64_t number) override;
  void push_served(uint64_t ticket, const SharedBytes& reply);
  // Takes a message of the hub's, which begins as RESP2 or RESP3 has it.
  void take_message(const SharedBytes& bytes);
  // Takes bytes that are to be sent behind what came before: `head`, then those from `from` on.
  void take(std::string_view head, const SharedBytes& bytes, size_t from);
  void on_ready(bool readable, bool writable) override;
  // Reads into the thread's round; run_part() executes later.
  void on_readable();
  // Reads and executes until the socket is empty.
  void read_all();
  void count_received(size_t bytes);
  // Consumes whole requests of the input from `position` on; what is left goes to input_. `held`
  // says that the input is input_'s own content.
  void consume(std::string_view input, size_t position, bool held);
  ParsedRequests parse(std::string_view input, size_t position, resp::RequestBatch& batch);
  // Executes what was parsed and sends the replies. Returns how much of the input is consumed;
  // `go_on` is false if no more can be done now.
  size_t execute(const resp::RequestBatch& batch, std::span<const engine::PreparedRequest> prepared,
                 const ParsedRequests& parsed, bool& go_on);
  bool waiting() const { return client_.blocked != nullptr || postponed_; }
  // A client whose command waits for the end of a pause counts as blocked.
  void set_postponed(bool postponed);
  void check_query_buffer();
  void protocol_error();
  void send_replies();
  // Puts the replies into the thread's outbox, if they can wait there.
  bool hold_replies();
  void after_send(OutputQueue::Sent state, uint64_t sent);
  void flush_output();
  const config::OutputBufferLimit& output_limit() const;
  void close_over_limit();
  void finish_wait(bool with_error);

  IoThread& thread_;
  engine::Client client_;
  resp::RequestParser parser_;
  InputBuffer input_;
  OutputQueue output_;
  bool postponed_ = false;      // commands are paused: the first request in input_ waits
  bool reading_ended_ = false;  // after QUIT or a protocol error
  bool closed_ = false;
  bool suspended_ = false;
  bool unread_ = false;       // the socket was ready while the session was suspended
  bool socket_full_ = false;  // nothing can be sent until the reactor says so
  bool over_limit_ = false;   // messages were left out: the connection must be closed
  size_t outbox_slot_ = Outbox::kNoSlot;
  size_t pushed_slot_ = Outbox::kNoSlot;
  int64_t over_soft_limit_since_ms_ = 0;
  uint64_t counted_bytes_ = 0;  // in services.client_memory
};

}  // namespace scrubjay::net
