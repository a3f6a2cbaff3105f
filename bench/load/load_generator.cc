#include "load_generator.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr std::uint64_t kProbeId = std::uint64_t{1} << 32;  // ids of probes start here
constexpr Nanoseconds kTurn = 200us;                        // how long run_probes waits at most
constexpr Nanoseconds kNoAnswer = 20s;                      // a server silent for longer has failed

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

timespec timespec_of(Nanoseconds time) {
  const std::int64_t count = std::max<std::int64_t>(time.count(), 0);
  return {.tv_sec = count / 1'000'000'000, .tv_nsec = count % 1'000'000'000};
}

}  // namespace

Probe ping_probe(Nanoseconds interval, std::function<void(const ProbeReply&)> on_reply) {
  return {.interval = interval,
          .request = [] { return request({"PING"}); },
          .on_reply = std::move(on_reply)};
}

LoadGenerator::LoadGenerator(std::uint16_t port, std::size_t connections, std::size_t depth)
    : port_(port), epoll_(::epoll_create1(EPOLL_CLOEXEC)), depth_(depth), buffer_(kBufferBytes) {
  if (epoll_.get() < 0) throw_errno("epoll_create1");
  for (std::size_t i = 0; i < connections; ++i) {
    connections_.push_back({.socket = connect_to(port), .scanner = {}});
    watch(connections_.back().socket.get(), i);
  }
}

void LoadGenerator::watch(int fd, std::uint64_t id) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = id}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw_errno("epoll_ctl");
}

void LoadGenerator::prepare(const std::function<void(std::string&)>& write, std::size_t requests) {
  std::string bytes;
  write(bytes);
  for (Connection& connection : connections_) {
    send_all(connection.socket.get(), bytes);
    std::size_t replies = 0;
    while (replies < requests) replies += connection.scanner.consume(receive(connection));
  }
}

void LoadGenerator::add_probe(Probe probe) {
  probes_.push_back({.probe = std::move(probe),
                     .connection = {.socket = connect_to(port_), .scanner = {}},
                     .reply = {},
                     .due = now()});
  const int fd = probes_.back().connection.socket.get();
  if (timer_) stamp_traffic(fd);
  watch(fd, kProbeId + probes_.size() - 1);
}

bool LoadGenerator::send_batch(Connection& connection, RequestSource& source) {
  const Batch batch = source.next(depth_);
  if (batch.requests == 0) return false;
  connection.under_way = batch.requests;
  connection.sent = now();
  send_all(connection.socket.get(), batch.bytes);
  return true;
}

std::string_view LoadGenerator::receive(const Connection& connection) {
  const ssize_t size =
      ::recv(connection.socket.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (size < 0 && errno != EAGAIN && errno != EINTR) throw_errno("recv");
  if (size == 0) throw std::runtime_error("the server closed a connection");
  return {buffer_.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

void LoadGenerator::send_due_probes(TimePoint time) {
  for (RunningProbe& running : probes_) {
    if (running.connection.under_way > 0 || running.due > time) continue;
    running.was_due = running.due == TimePoint{} ? time : running.due;
    running.due = std::max(running.due + running.probe.interval, time);
    const std::string request = running.probe.request();
    if (request.empty()) continue;
    running.connection.under_way = 1;
    if (timer_) running.when_sent = timer_->read();
    running.connection.sent = now();
    running.departed = running.connection.sent;
    send_all(running.connection.socket.get(), request);
  }
}

void LoadGenerator::take_probe_reply(RunningProbe& running, TimePoint time) {
  const int fd = running.connection.socket.get();
  if (timer_) {
    if (const auto departed = take_departure(fd))
      running.departed = std::max(running.departed, *departed);
  }
  const Arrival arrival = receive_stamped(fd, buffer_);
  running.reply += arrival.bytes;
  if (running.connection.scanner.consume(arrival.bytes) == 0) return;
  running.connection.under_way = 0;
  ProbeReply reply{.due = running.was_due,
                   .sent = running.connection.sent,
                   .received = time,
                   .bytes = running.reply};
  if (timer_) {
    const Nanoseconds ran = timer_->served(running.when_sent, timer_->read());
    reply.server_ran = std::clamp(arrival.when - running.departed, Nanoseconds(0), ran);
  }
  running.probe.on_reply(reply);
  running.reply.clear();
}

TimePoint LoadGenerator::next_due() const {
  TimePoint due = TimePoint::max();
  for (const RunningProbe& running : probes_) {
    if (running.connection.under_way == 0) due = std::min(due, running.due);
  }
  return due;
}

TimePoint LoadGenerator::wait(TimePoint time, std::vector<std::size_t>& ready) {
  std::array<epoll_event, 128> events;
  const timespec timeout = timespec_of(std::min(time, next_due()) - now());
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw_errno("epoll_pwait2");
  const TimePoint woken = now();
  ready.clear();
  for (int i = 0; i < count; ++i) {
    const std::uint64_t id = events[static_cast<std::size_t>(i)].data.u64;
    if (id >= kProbeId) {
      take_probe_reply(probes_[id - kProbeId], woken);
    } else {
      ready.push_back(id);
    }
  }
  send_due_probes(now());
  return woken;
}

LoadResult LoadGenerator::run(RequestSource& source, Nanoseconds limit) {
  LoadResult result;
  const TimePoint start = now();
  const TimePoint end = start + limit;
  std::size_t busy = 0;
  for (Connection& connection : connections_) busy += send_batch(connection, source) ? 1 : 0;
  TimePoint last_arrival = now();
  TimePoint woken = last_arrival;
  std::vector<std::size_t> ready;
  while (busy > 0) {
    woken = wait(woken + 1s, ready);
    if (ready.empty()) {
      if (woken - last_arrival > kNoAnswer)
        throw std::runtime_error("the server stopped answering");
      continue;
    }
    result.longest_silence = std::max(result.longest_silence, Nanoseconds(woken - last_arrival));
    last_arrival = woken;
    for (const std::size_t id : ready) {
      Connection& connection = connections_[id];
      const bool done = connection.under_way == 0;  // what comes now are pushes
      const std::size_t replies = connection.scanner.consume(receive(connection));
      if (done) continue;
      connection.under_way -= std::min(replies, connection.under_way);
      result.requests += replies;
      if (connection.under_way > 0) continue;
      result.batches.record(woken - connection.sent);
      if (woken >= end || !send_batch(connection, source)) --busy;
    }
  }
  result.elapsed = woken - start;
  for (const Connection& connection : connections_) {
    result.errors += connection.scanner.errors();
    if (result.first_error.empty()) result.first_error = connection.scanner.first_error();
  }
  return result;
}

void LoadGenerator::run_probes(const std::function<bool()>& done) {
  std::vector<std::size_t> ready;
  while (!done()) {
    const TimePoint time = wait(now() + kTurn, ready);
    for (const RunningProbe& running : probes_) {
      if (running.connection.under_way > 0 && time - running.connection.sent > kNoAnswer) {
        throw std::runtime_error("the server stopped answering");
      }
    }
  }
}

}  // namespace scrubjay::load
