// Drives one server from one thread: N connections that each keep one batch of requests under way,
// and probes that send one request at a time by the clock. Used by the scenarios; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock.h"
#include "latency_histogram.h"
#include "reply_scanner.h"
#include "requests.h"
#include "server_timer.h"
#include "socket.h"

namespace scrubjay::load {

struct ProbeReply {
  TimePoint due;  // when it was to be sent
  TimePoint sent;
  TimePoint received;
  // How much of the wait the server can be blamed for (server_timer.h), at most what passed from
  // when the request left until the reply was there, as the kernel notes it; 0 unless the server is
  // timed.
  Nanoseconds server_ran{0};
  std::string_view bytes;

  Nanoseconds wait() const { return received - sent; }
};

struct Probe {
  Nanoseconds interval;
  // The next request; an empty one skips this turn.
  std::function<std::string()> request;
  std::function<void(const ProbeReply&)> on_reply;
};

// A PING each `interval`.
Probe ping_probe(Nanoseconds interval, std::function<void(const ProbeReply&)> on_reply);

struct LoadResult {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  std::string first_error;
  Nanoseconds elapsed{0};
  Nanoseconds longest_silence{0};  // between two arrivals of replies on the load's connections
  LatencyHistogram batches;        // from a batch's sending to its last reply

  double requests_per_second() const { return static_cast<double>(requests) / seconds(elapsed); }
};

class LoadGenerator {
 public:
  LoadGenerator(std::uint16_t port, std::size_t connections, std::size_t depth);

  // Sends these requests on each connection, and waits for the replies.
  void prepare(const std::function<void(std::string&)>& write, std::size_t requests);
  void add_probe(Probe probe);
  // Probes added from now on tell for each wait how much of it is the server's: on a virtual
  // machine a wait is often somebody else's.
  void time_server(const ServerProcess& server) { timer_.emplace(server.pid()); }

  // Loads the server until `limit` has passed or `source` is exhausted, then waits for what is
  // under way. Error replies are counted. Throws std::runtime_error when the server stops
  // answering.
  LoadResult run(RequestSource& source, Nanoseconds limit);

  // Runs the probes alone until `done` says so; it is asked several times a millisecond.
  void run_probes(const std::function<bool()>& done);

 private:
  struct Connection {
    FileDescriptor socket;
    ReplyScanner scanner;
    std::size_t under_way = 0;
    TimePoint sent{};
  };
  struct RunningProbe {
    Probe probe;
    Connection connection;
    std::string reply;
    TimePoint due{};
    TimePoint was_due{};  // the one that is under way
    ServerTimer::Reading when_sent{};
    TimePoint departed{};  // from the socket, by the kernel; till it tells, when it was sent
  };

  void watch(int fd, std::uint64_t id);
  bool send_batch(Connection& connection, RequestSource& source);
  std::string_view receive(const Connection& connection);
  void send_due_probes(TimePoint time);
  void take_probe_reply(RunningProbe& running, TimePoint time);
  TimePoint next_due() const;
  // Waits for events until `time` at most and takes the probes' replies; returns the connections
  // of the load that have something to read, and when the wait ended.
  TimePoint wait(TimePoint time, std::vector<std::size_t>& ready);

  std::uint16_t port_;
  FileDescriptor epoll_;
  std::size_t depth_;
  std::vector<Connection> connections_;
  std::vector<RunningProbe> probes_;
  std::vector<char> buffer_;
  std::optional<ServerTimer> timer_;
};

}  // namespace scrubjay::load
