// DEL of a set, a hash, a sorted set and a list of millions, while a probe sends a PING each 0.2
// ms.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "scenarios.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kProbeInterval = 200us;
constexpr auto kBeforeDelete = 4s;
constexpr auto kWatched = 8s;
constexpr double kLongestMs = 1.0;

struct Kind {
  std::string name;
  std::function<void(std::string&, std::uint64_t)> write;
};

std::vector<Kind> kinds() {
  return {
      {"set",
       [](std::string& out, std::uint64_t i) {
         append_request(out, {"SADD", "big", fmt::format("member:{:07}", i)});
       }},
      {"hash",
       [](std::string& out, std::uint64_t i) {
         append_request(out, {"HSET", "big", fmt::format("field:{:07}", i), "value"});
       }},
      {"sorted set",
       [](std::string& out, std::uint64_t i) {
         append_request(out, {"ZADD", "big", std::to_string(i), fmt::format("member:{:07}", i)});
       }},
      {"list",
       [](std::string& out, std::uint64_t i) {
         append_request(out, {"RPUSH", "big", fmt::format("element:{:07}", i * 7919 % 10'000'000)});
       }},
  };
}

// What a PING waits before the DEL, when nothing else happens, and from then on: on a virtual
// machine the longest wait at rest may be longer than what is looked for.
struct Waits {
  LatencyHistogram at_rest;
  LatencyHistogram meanwhile;
};

Waits measure_waits(const ServerCommand& command, const Kind& kind, std::uint64_t members) {
  const ServerProcess server(command);
  CountedSource source(members, kind.write);
  fill(server, source);
  LoadGenerator load(server.port(), 1, 1);
  Waits waits;
  bool sent = false;
  load.add_probe(
      {.interval = kProbeInterval,
       .request =
           [] {
             std::string out;
             append_request(out, {"PING"});
             return out;
           },
       .on_reply =
           [&](const ProbeReply& reply) {
             (sent ? waits.meanwhile : waits.at_rest).record(reply.received - reply.sent);
           }});
  const TimePoint start = now();
  load.add_probe({.interval = kProbeInterval,
                  .request =
                      [&] {
                        std::string out;
                        if (now() - start >= kBeforeDelete && !std::exchange(sent, true))
                          append_request(out, {"DEL", "big"});
                        return out;
                      },
                  .on_reply = [](const ProbeReply&) {}});
  load.run_probes([&] { return now() - start > kWatched; });
  return waits;
}

}  // namespace

void measure_big_delete(Bench& bench) {
  const std::uint64_t members = bench.quick ? 500'000 : 5'000'000;
  for (const Kind& kind : kinds()) {
    const Waits ours = measure_waits(bench.ours, kind, members);
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
        "longest wait", [](const Waits& w) { return w.meanwhile.max(); },
        Target{.limit = kLongestMs});
    add(
        "longest wait at rest", [](const Waits& w) { return w.at_rest.max(); }, std::nullopt);
    add(
        "p99.9", [](const Waits& w) { return w.meanwhile.quantile(0.999); }, std::nullopt);
    add(
        "p99.9 at rest", [](const Waits& w) { return w.at_rest.quantile(0.999); }, std::nullopt);
  }
}

}  // namespace scrubjay::load
