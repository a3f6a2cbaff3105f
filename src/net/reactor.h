// The sockets of one thread, watched edge-triggered by an epoll descriptor of our own that Asio
// waits on as one descriptor. Asio's own way costs an operation object, its queues and a
// speculative read for every request; with one request per packet that is a tenth of the whole
// (docs/reactor.md).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>

namespace scrubjay::net {

class Reactor {
 public:
  // Something that wants to know when its socket is ready. It must live until the round of events
  // in which it was removed is over (see after_round in run_round).
  class Handler {
   public:
    virtual void on_ready(bool readable, bool writable) = 0;

   protected:
    ~Handler() = default;
  };

  explicit Reactor(boost::asio::io_context& context);

  // Readiness is told once per change: a handler reads until a read falls short.
  bool add(int socket, Handler& handler);
  void remove(int socket);

  // Handles what is ready now; returns false when nothing was.
  bool run_round();

  // Waits for readiness on the io_context, for ever. `after_round` runs after each round of events;
  // it is told whether another one follows at once.
  template <class F>
  void start(F after_round) {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [this, after_round](const boost::system::error_code& error) {
                             if (error) return;
                             for (int round = 0; round < kMaxRounds; ++round) {
                               const bool more = run_round();
                               after_round(more && round + 1 < kMaxRounds);
                               if (!more) break;
                             }
                             start(after_round);
                           });
  }

 private:
  // After so many rounds timers and letters get their turn.
  static constexpr int kMaxRounds = 8;

  boost::asio::posix::stream_descriptor descriptor_;
};

}  // namespace scrubjay::net
