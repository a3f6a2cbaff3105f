// Latency at half of what a server can do: clients that send by the clock, nine GETs to a SET among
// a million keys, while new keys with short deadlines come until the limit evicts, sets of a
// hundred thousand members are deleted, and a script reads five hundred keys ten times a second.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "comparison.h"
#include "socket.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKeys = 1'000'000;
constexpr std::size_t kTapeRequests = 400'000;
constexpr std::uint64_t kSets = 16;
constexpr std::uint64_t kMembers = 100'000;
constexpr auto kDeleteInterval = 500ms;
constexpr auto kScriptInterval = 100ms;
constexpr auto kNewKeyInterval = 250us;
constexpr auto kWatched = 8s;
constexpr std::uint64_t kRoom = 8 << 20;  // above what the fill takes: growth, then eviction
constexpr std::string_view kScript =
    "local n = 0 for i = 1, 500 do if redis.call('get', 'memtier-key:' .. (100000 + i * 7)) then "
    "n = n + 1 end end return n";

struct Tails {
  double capacity = 0;  // requests per second
  LatencyHistogram waits;
};

void write_some(std::string& out, Random& random) {
  static const std::string value(32, 'y');
  const std::string key = key_name(draw(random, kKeys));
  if (draw(random, 10) == 0)
    append_request(out, {"SET", key, value});
  else
    append_request(out, {"GET", key});
}

void prepare(const ServerProcess& server) {
  fill(server, {.keys = kKeys, .value_bytes = 32});
  CountedSource members(kSets * kMembers, [](std::string& out, std::uint64_t i) {
    append_request(out, {"SADD", fmt::format("big:{}", i % kSets), fmt::format("member:{}", i)});
  });
  fill(server, members);
  Client client(server.port());
  client.ask({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  client.ask({"CONFIG", "SET", "maxmemory", std::to_string(used_memory(server) + kRoom)});
}

Tails measure(const ServerCommand& command, std::uint64_t seed) {
  const ServerProcess server(command);
  prepare(server);
  Tails tails;
  Random random(seed);
  RequestTape tape(kTapeRequests, [&](std::string& out) { write_some(out, random); });
  {
    LoadGenerator all_out(server.port(), kConnections, 1);
    all_out.run(tape, 200ms);
    tails.capacity = all_out.run(tape, 1s).requests_per_second();
  }
  LoadGenerator load(server.port(), 0, 0);
  const double each = 2e9 * static_cast<double>(kConnections) / tails.capacity;
  for (std::size_t i = 0; i < kConnections; ++i) {
    // Not quite alike, so that they do not come all at once.
    const auto interval =
        Nanoseconds(static_cast<std::int64_t>(each) + 997 * (std::int64_t(i) - 25));
    load.add_probe(
        {.interval = interval,
         .request =
             [&random] {
               std::string out;
               write_some(out, random);
               return out;
             },
         .on_reply =
             [&](const ProbeReply& reply) { tails.waits.record(reply.received - reply.due); }});
  }
  const auto also = [&](Nanoseconds interval, std::function<std::string()> write) {
    load.add_probe(
        {.interval = interval, .request = std::move(write), .on_reply = [](const ProbeReply&) {}});
  };
  std::uint64_t new_keys = 0;
  also(kNewKeyInterval, [&new_keys] {
    return request({"SET", fmt::format("new:{}", new_keys++), "some value", "EX", "2"});
  });
  std::uint64_t deleted = 0;
  also(kDeleteInterval, [&deleted] { return request({"DEL", fmt::format("big:{}", deleted++)}); });
  also(kScriptInterval, [] { return request({"EVAL", kScript, "0"}); });
  const TimePoint start = now();
  load.run_probes([&] { return now() - start > kWatched; });
  return tails;
}

}  // namespace

void measure_tails(Bench& bench) {
  // The median of the rounds by p99.9.
  const auto typical = [&](const ServerCommand& command) {
    std::vector<Tails> rounds;
    for (std::uint64_t round = 0; round < (bench.quick ? 1 : 5); ++round)
      rounds.push_back(measure(command, round + 1));
    const auto p999 = [](const Tails& tails) { return tails.waits.quantile(0.999); };
    std::ranges::sort(rounds, {}, p999);
    return rounds[rounds.size() / 2];
  };
  const Tails ours = typical(bench.ours);
  const Tails theirs = typical(bench.theirs);
  const auto add = [&](const std::string& name, const std::string& unit, auto figure) -> Figure& {
    return bench.report.add({.scenario = "tails",
                             .name = name,
                             .unit = unit,
                             .ours = figure(ours),
                             .theirs = figure(theirs),
                             .ratio = {},
                             .target = {}});
  };
  const auto quantile = [](double share) {
    return [share](const Tails& tails) { return milliseconds(tails.waits.quantile(share)); };
  };
  add("half of the capacity", "requests/s", [](const Tails& tails) { return tails.capacity / 2; });
  add("p50", "ms", quantile(0.5));
  add("p99", "ms", quantile(0.99));
  add("p99.9", "ms", quantile(0.999)).target = Target{.of = Target::Of::kRatio, .limit = 1};
  add("longest", "ms", [](const Tails& tails) { return milliseconds(tails.waits.max()); });
}

}  // namespace scrubjay::load
