// DEL of a set, a hash, a sorted set and a list of millions, while a probe sends a PING each 0.2
// ms.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "rounds.h"
#include "scenarios.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kProbeInterval = 200us;
constexpr auto kSmallInterval = 50ms;
constexpr std::uint64_t kSmall = 1000;
constexpr auto kBeforeDelete = 4s;
constexpr auto kWatched = 8s;
constexpr double kLongestMs = 1.0;
constexpr int kRounds = 6;

struct Kind {
  std::string name;
  // Appends a request that adds element i to the collection at a key.
  std::function<void(std::string&, std::string_view key, std::uint64_t i)> write;
};

std::vector<Kind> kinds() {
  return {
      {"set",
       [](std::string& out, std::string_view key, std::uint64_t i) {
         append_request(out, {"SADD", key, fmt::format("member:{:07}", i)});
       }},
      {"hash",
       [](std::string& out, std::string_view key, std::uint64_t i) {
         append_request(out, {"HSET", key, fmt::format("field:{:07}", i), "value"});
       }},
      {"sorted set",
       [](std::string& out, std::string_view key, std::uint64_t i) {
         append_request(out, {"ZADD", key, std::to_string(i), fmt::format("member:{:07}", i)});
       }},
      {"list",
       [](std::string& out, std::string_view key, std::uint64_t i) {
         append_request(out, {"RPUSH", key, fmt::format("element:{:07}", i * 7919 % 10'000'000)});
       }},
  };
}

// What a PING waits before the DEL, when nothing else happens, and from then on, and how much of
// the wait the server's threads ran: on a virtual machine the longest wait at rest may be longer
// than what is looked for.
struct Waits {
  LatencyHistogram at_rest;
  LatencyHistogram meanwhile;
  LatencyHistogram server_ran;  // meanwhile
  int round = 1;
};

Waits measure_waits(const ServerCommand& command, const Kind& kind, std::uint64_t members) {
  const ServerProcess server(command);
  const auto fill_one = [&](std::string_view key, std::uint64_t size) {
    CountedSource source(size, [&](std::string& out, std::uint64_t i) { kind.write(out, key, i); });
    fill(server, source);
  };
  fill_one("model", kSmall);
  fill_one("big", members);
  LoadGenerator load(server.port(), 1, 1);
  load.time_server(server);
  Waits waits;
  bool sent = false;
  load.add_probe(ping_probe(kProbeInterval, [&](const ProbeReply& reply) {
    (sent ? waits.meanwhile : waits.at_rest).record(reply.wait());
    if (sent) waits.server_ran.record(reply.server_ran);
  }));
  const TimePoint start = now();
  // Until the DEL, small ones are written and deleted: a page of the program that nothing touched
  // for seconds may cost a virtual machine a tenth of a millisecond.
  bool small = false;
  load.add_probe({.interval = kSmallInterval,
                  .request =
                      [&] {
                        if (sent) return std::string();
                        if (now() - start >= kBeforeDelete) {
                          sent = true;
                          return request({"DEL", "big"});
                        }
                        return std::exchange(small, !small) ? request({"DEL", "small"})
                                                            : request({"COPY", "model", "small"});
                      },
                  .on_reply = [](const ProbeReply&) {}});
  load.run_probes([&] { return now() - start > kWatched; });
  return waits;
}

}  // namespace

void measure_big_delete(Bench& bench) {
  const std::uint64_t members = bench.quick ? 500'000 : 5'000'000;
  for (const Kind& kind : kinds()) {
    const Waits ours = quietest_of(
        kRounds, kLongestMs, [&] { return measure_waits(bench.ours, kind, members); },
        [](const Waits& waits) { return milliseconds(waits.server_ran.max()); });
    const Waits theirs = measure_waits(bench.theirs, kind, members);
    const auto add = [&](std::string_view name, auto figure, std::optional<Target> target) {
      bench.report.add({.scenario = "big-delete",
                        .name = fmt::format("DEL of a {} of {}: {}", kind.name, members, name),
                        .unit = "ms",
                        .ours = milliseconds(figure(ours)),
                        .theirs = milliseconds(figure(theirs)),
                        .ratio = {},
                        .target = target});
    };
    add(
        "longest wait", [](const Waits& w) { return w.meanwhile.max(); }, std::nullopt);
    add(
        fmt::format("longest run in a wait (round {})", ours.round),
        [](const Waits& w) { return w.server_ran.max(); }, Target{.limit = kLongestMs});
    add(
        "longest wait at rest", [](const Waits& w) { return w.at_rest.max(); }, std::nullopt);
    add(
        "p99.9", [](const Waits& w) { return w.meanwhile.quantile(0.999); }, std::nullopt);
    add(
        "p99.9 at rest", [](const Waits& w) { return w.at_rest.quantile(0.999); }, std::nullopt);
  }
}

}  // namespace scrubjay::load
