// One I/O thread: its io_context, its connections, its share of the maintenance, its mailbox. All
// of it runs on the one thread; others reach it through the worker's mailbox alone.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/dispatcher.h"
#include "engine/maintenance.h"
#include "net/message_batch.h"
#include "net/outbox.h"
#include "net/reactor.h"
#include "net/round.h"
#include "resp/reply.h"

namespace scrubjay::net {

class Session;

class IoThread {
 public:
  // What sessions need of the configuration, copied while the gate is raised.
  struct Limits {
    uint64_t max_bulk = 512u << 20;
    uint64_t query_buffer = 1u << 30;
    int64_t timeout_ms = 0;
    config::OutputBufferLimit output;
    config::OutputBufferLimit pubsub_output;  // of clients that listen to channels
  };

  IoThread(engine::Services& services, engine::Worker& worker);
  ~IoThread();

  // Serves until a kStop letter has come and replies are flushed.
  void run();

  // The thread's own callers only, from here on.
  boost::asio::io_context& context() { return context_; }
  Reactor& reactor() { return reactor_; }
  engine::Services& services() { return services_; }
  engine::Worker& worker() { return worker_; }
  // Called while the gate is down.
  const Limits& limits() {
    if (limits_version_ != services_.config_version.load(std::memory_order_acquire))
      refresh_limits();
    return limits_;
  }
  // As of the last call of limits(); with the gate raised too.
  const Limits& known_limits() const { return limits_; }
  std::array<char, 16 * 1024>& read_buffer() { return bench_->read_buffer; }
  resp::RequestBatch& batch() { return bench_->batch; }
  std::vector<engine::PreparedRequest>& prepared() { return bench_->prepared; }
  resp::ReplyBuilder& reply() { return bench_->reply; }

  // What the ready sockets have sent in this round of events, and its execution.
  Round& round() { return bench_->round; }
  void run_round();
  // Whether replies are to wait in the outbox for the end of the round.
  bool in_round() const { return bench_->in_round; }
  Outbox& outbox() { return outbox_; }
  void send_outbox() { outbox_.send(); }
  // Hands the messages of the own inbox to their clients, which send them later.
  void deliver_pushes();
  // Has the session send its messages (of which so many bytes are new) when no socket has more to
  // be read: what is published meanwhile then goes with the same write.
  void flush_later(Session& session, size_t bytes);
  // The commands of a turn are executed; the gate is still raised, and no reply has left.
  void end_turn();
  // The session whose commands run now, with the gate raised: nothing is sent meanwhile, and what
  // is pushed to it goes right behind its reply.
  Session* executing() const { return bench_->executing; }
  void set_executing(Session* session) { bench_->executing = session; }

  // Makes room for what is about to be read. Gate down.
  void make_room(size_t bytes);
  void end_reservation();
  // Whether there is a limit on what all clients take together.
  bool limits_clients() const;
  // Holds it, as far as what they took when they were last weighed. Gate down.
  void evict_clients();
  void adopt(int socket);
  void drop(Session& session);
  // Looks at the client again at `when_ms` (0: only when asked to).
  void wake_at(int64_t when_ms, uint64_t client_id);
  void wake_when_unpaused(uint64_t client_id);
  void on_stop(std::function<void()> f) { on_stop_ = std::move(f); }

 private:
  // What the thread works with while it executes. While one of its own scripts is busy, it serves
  // its other clients at a second bench.
  struct Bench {
    Round round;
    size_t next_part = 0;  // of the round
    bool in_round = false;
    Session* executing = nullptr;
    std::array<char, 16 * 1024> read_buffer;
    resp::RequestBatch batch;
    std::vector<engine::PreparedRequest> prepared;
    resp::ReplyBuffer reply_buffer;
    resp::ReplyBuilder reply{reply_buffer};
  };

  void serve_visitors();
  void fetch_ahead(Round& round, size_t done);
  void run_parts(Bench& bench);
  void refresh_limits();
  // The end of whatever the thread was woken for: what is to be sent is sent. With `more` to do
  // right now, messages may wait a little.
  void settle(bool more);
  size_t deliver_messages(const std::vector<pubsub::Push>& pushes, size_t i);
  bool pushes_are_due() const;
  void flush_pushed();
  // Waits, within limits, until the other thread has collected what waits for its clients.
  void give_way(const pubsub::Inbox& inbox);
  void wait_mail();
  void read_mail();
  void maintain();
  void tick(int64_t now_ms);
  // Whether nothing has happened since the tick before; then the next one may take its time.
  bool was_quiet();
  void tick_soon();
  void arm(int64_t when_ms);
  void look_at_all();
  std::vector<Session*> all_sessions() const;
  void stop();

  engine::Services& services_;
  engine::Worker& worker_;
  boost::asio::io_context context_;
  Reactor reactor_;
  boost::asio::posix::stream_descriptor mail_;
  boost::asio::steady_timer timer_;
  engine::Maintenance maintenance_;
  Limits limits_;
  uint64_t limits_version_ = 0;
  std::unique_ptr<Bench> bench_;
  std::unique_ptr<Bench> second_bench_;  // made with the first busy script
  bool serving_visitors_ = false;
  Outbox outbox_;
  MessageBatch message_batch_;
  std::vector<Session*> pushed_;  // who has messages to send
  size_t pushed_bytes_ = 0;
  int64_t pushed_since_ns_ = 0;
  int64_t flush_took_ns_ = 0;
  std::unordered_map<uint64_t, std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<Session>> dropped_;  // closed in this round of events
  std::multimap<int64_t, uint64_t> wakes_;         // ms -> client
  int64_t next_tick_ms_ = 0;
  bool ticks_slowly_ = false;
  uint64_t received_at_tick_ = 0;
  uint64_t allocated_at_tick_ = 0;
  int64_t armed_for_ms_ = std::numeric_limits<int64_t>::max();
  std::function<void()> on_stop_;
  int64_t stop_at_ms_ = 0;
};

}  // namespace scrubjay::net
