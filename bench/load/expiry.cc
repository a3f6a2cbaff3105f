// A million keys with one deadline: when they are gone, what comes back of their memory, what the
// others wait meanwhile, and whether anybody still reads one of them.
#include <fmt/format.h>

#include <random>
#include <thread>

#include "scenarios.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;
using Milliseconds = std::int64_t;  // of Unix time

constexpr auto kPingInterval = 300us;
constexpr auto kSizeInterval = 2ms;
constexpr auto kReadInterval = 1ms;
constexpr Milliseconds kPingBefore = 200;
constexpr Milliseconds kPingAfter = 500;
constexpr Milliseconds kReadsFor = 1000;
constexpr Milliseconds kMemoryAfter = 3000;
constexpr Milliseconds kGoneLimit = 30'000;

struct Expiry {
  LatencyHistogram ping;
  std::optional<Milliseconds> gone;  // after the deadline
  std::uint64_t reads = 0;
  std::uint64_t late_values = 0;
  double server_wait_ms = 0;
  double own_wait_ms = 0;
  double empty = 0;
  double full = 0;
  double after = 0;
};

// Writes the keys and returns their deadline, at least a second away. A server too slow for the
// time it is given gets twice as much.
Milliseconds fill_with_deadline(const ServerProcess& server, std::uint64_t keys) {
  for (Milliseconds time = 4000; time <= 64'000; time *= 2) {
    const Milliseconds deadline = unix_milliseconds() + time;
    FillSource source({.keys = keys, .ttl = FillSource::Ttl::kDeadline, .deadline = deadline});
    expect_no_errors(
        LoadGenerator(server.port(), 4, 64).run(source, std::chrono::milliseconds(time)));
    if (source.written() == keys && deadline - unix_milliseconds() >= 1000) return deadline;
    Client(server.port()).ask({"FLUSHALL"});
  }
  throw std::runtime_error("the server is too slow to fill before the deadline");
}

Expiry expire(const ServerCommand& command, std::uint64_t keys) {
  Expiry expiry;
  const ServerProcess server(command);
  std::this_thread::sleep_for(200ms);
  expiry.empty = static_cast<double>(server.resident_bytes());
  const Milliseconds deadline = fill_with_deadline(server, keys);
  const std::string size = Client(server.port()).ask({"DBSIZE"});
  if (size != fmt::format(":{}\r\n", keys)) {
    throw std::runtime_error(fmt::format("before the deadline DBSIZE answers {}", size));
  }
  std::this_thread::sleep_for(400ms);
  expiry.full = static_cast<double>(server.resident_bytes());

  const auto since = [deadline] { return unix_milliseconds() - deadline; };
  std::mt19937_64 random(1);
  LoadGenerator probes(server.port(), 0, 0);
  probes.add_probe(
      {.interval = kPingInterval,
       .request =
           [&] {
             const Milliseconds time = since();
             const bool wanted = time >= -kPingBefore && time <= kPingAfter;
             return wanted ? request({"PING"}) : std::string();
           },
       .on_reply = [&](const ProbeReply& reply) { expiry.ping.record(reply.wait()); }});
  probes.add_probe({.interval = kSizeInterval,
                    .request =
                        [&] {
                          const bool wanted = !expiry.gone && since() >= 0;
                          return wanted ? request({"DBSIZE"}) : std::string();
                        },
                    .on_reply =
                        [&](const ProbeReply& reply) {
                          if (reply.bytes == ":0\r\n") expiry.gone = since();
                        }});
  probes.add_probe(
      {.interval = kReadInterval,
       .request =
           [&] {
             const Milliseconds time = since();
             const bool wanted = time > 1 && time <= kReadsFor;
             return wanted ? request({"GET", key_name(random() % keys)}) : std::string();
           },
       .on_reply =
           [&](const ProbeReply& reply) {
             ++expiry.reads;
             if (reply.bytes != "$-1\r\n") ++expiry.late_values;
           }});
  const CpuTime own_before = own_cpu_time();
  const CpuTime server_before = server.cpu_time();
  probes.run_probes([&] { return since() >= kReadsFor; });
  expiry.server_wait_ms = milliseconds(server.cpu_time().waiting - server_before.waiting);
  expiry.own_wait_ms = milliseconds(own_cpu_time().waiting - own_before.waiting);
  probes.run_probes([&] { return since() >= kMemoryAfter; });
  expiry.after = static_cast<double>(server.resident_bytes());
  probes.run_probes([&] { return expiry.gone || since() >= kGoneLimit; });
  return expiry;
}

double returned_share(const Expiry& expiry) {
  return (expiry.full - expiry.after) / (expiry.full - expiry.empty);
}

}  // namespace

void measure_expiry(Bench& bench) {
  const std::uint64_t keys = bench.quick ? 250'000 : 1'000'000;
  const Expiry ours = expire(bench.ours, keys);
  const Expiry theirs = expire(bench.theirs, keys);
  const auto add = [&](std::string name, std::string unit, auto get) -> Figure& {
    return bench.report.add({.scenario = "expiry",
                             .name = std::move(name),
                             .unit = std::move(unit),
                             .ours = get(ours),
                             .theirs = get(theirs),
                             .ratio = {},
                             .target = {}});
  };
  add(fmt::format("{} k keys gone after", keys / 1000), "ms", [](const Expiry& e) {
    return static_cast<double>(e.gone.value_or(kGoneLimit));
  }).target = Target{.limit = 300};
  add("memory returned 3 s after", "share", returned_share).target =
      Target{.bound = Target::Bound::kAtLeast, .limit = 0.75};
  add("PING p50", "ms", [](const Expiry& e) { return milliseconds(e.ping.quantile(0.5)); });
  add("PING p99", "ms", [](const Expiry& e) { return milliseconds(e.ping.quantile(0.99)); });
  add("PING p99.9", "ms", [](const Expiry& e) {
    return milliseconds(e.ping.quantile(0.999));
  }).target = Target{.limit = 2};
  add("PING max", "ms", [](const Expiry& e) { return milliseconds(e.ping.max()); });
  add("reads after the deadline", "requests",
      [](const Expiry& e) { return static_cast<double>(e.reads); });
  add("values they returned", "values", [](const Expiry& e) {
    return static_cast<double>(e.late_values);
  }).target = Target{.limit = 0};
  add("server waited for its core", "ms", [](const Expiry& e) { return e.server_wait_ms; });
  add("generator waited for its core", "ms", [](const Expiry& e) { return e.own_wait_ms; });
}

}  // namespace scrubjay::load
