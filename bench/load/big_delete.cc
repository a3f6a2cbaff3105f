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

// The longest wait of a PING in ms before the DEL, when nothing else happens, and from then on.
struct Waits {
  double at_rest = 0;
  double meanwhile = 0;
};

Waits longest_waits(const ServerCommand& command, const Kind& kind, std::uint64_t members) {
  const ServerProcess server(command);
  CountedSource source(members, kind.write);
  fill(server, source);
  LoadGenerator load(server.port(), 1, 1);
  Nanoseconds longest[2]{};
  bool sent = false;
  load.add_probe({.interval = kProbeInterval,
                  .request =
                      [] {
                        std::string out;
                        append_request(out, {"PING"});
                        return out;
                      },
                  .on_reply =
                      [&](const ProbeReply& reply) {
                        Nanoseconds& place = longest[sent ? 1 : 0];
                        place = std::max<Nanoseconds>(place, reply.received - reply.sent);
                      }});
  load.add_probe({.interval = kBeforeDelete,
                  .request =
                      [&] {
                        std::string out;
                        if (!std::exchange(sent, true)) append_request(out, {"DEL", "big"});
                        return out;
                      },
                  .on_reply = [](const ProbeReply&) {}});
  const TimePoint start = now();
  load.run_probes([&] { return now() - start > kWatched; });
  return {milliseconds(longest[0]), milliseconds(longest[1])};
}

}  // namespace

void measure_big_delete(Bench& bench) {
  const std::uint64_t members = bench.quick ? 500'000 : 5'000'000;
  for (const Kind& kind : kinds()) {
    const Waits ours = longest_waits(bench.ours, kind, members);
    const Waits theirs = longest_waits(bench.theirs, kind, members);
    const auto add = [&](std::string name, double Waits::*wait, std::optional<Target> target) {
      bench.report.add({.scenario = "big-delete",
                        .name = std::move(name),
                        .unit = "ms",
                        .ours = ours.*wait,
                        .theirs = theirs.*wait,
                        .ratio = {},
                        .target = target});
    };
    add(fmt::format("DEL of a {} of {}: longest wait", kind.name, members), &Waits::meanwhile,
        Target{.limit = kLongestMs});
    add("  at rest", &Waits::at_rest, std::nullopt);
  }
}

}  // namespace scrubjay::load
