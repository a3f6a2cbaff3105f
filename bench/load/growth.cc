// What growing costs those who wait: few fillers with short pipelines, so that a probe hardly ever
// queues behind them, and a request of the probe each millisecond.
#include <fmt/format.h>

#include <random>
#include <regex>
#include <thread>

#include "rounds.h"
#include "scenarios.h"
#include "socket.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kFillers = 4;
constexpr std::size_t kFillerDepth = 16;
constexpr auto kProbeInterval = 1ms;
constexpr auto kFillTimeout = 180s;
constexpr auto kSettle = 1s;
constexpr double kLongestMs = 2;
constexpr int kRounds = 4;

struct Growth {
  LoadResult load;
  LatencyHistogram probe;
  LatencyHistogram server_ran;  // in a wait of the probe
  // The same load once more, over keys that are there: what the machine does to a table at rest.
  LoadResult rest_load;
  LatencyHistogram rest_probe;
  double server_wait_ms = 0;
  double own_wait_ms = 0;
  double peak = 0;
  double settled = 0;
  double slowest_ms = 0;  // the longest command that the server saw itself, 0 if none was slow
  int round = 1;

  double longest_run_ms() const { return std::max(milliseconds(server_ran.max()), slowest_ms); }
};

// The longest entry of the slow log.
double slowest_command_ms(const ServerProcess& server) {
  const std::string reply = Client(server.port()).ask({"SLOWLOG", "GET", "-1"});
  // An entry: *6, its number, its time, how many microseconds it took, and what it was.
  static const std::regex entry(R"(\*6\r\n:\d+\r\n:\d+\r\n:(\d+)\r\n)");
  double slowest = 0;
  for (std::sregex_iterator it(reply.begin(), reply.end(), entry), end; it != end; ++it)
    slowest = std::max(slowest, std::stod((*it)[1].str()) / 1e3);
  return slowest;
}

// Writes all keys once, with a probe that reads some key now and then.
LoadResult fill(const ServerProcess& server, std::uint64_t keys, LatencyHistogram& probe,
                LatencyHistogram& server_ran) {
  FillSource source({.keys = keys});
  std::mt19937_64 random(1);
  LoadGenerator load(server.port(), kFillers, kFillerDepth);
  load.time_server(server);
  load.add_probe({.interval = kProbeInterval,
                  .request =
                      [&] {
                        return request({"GET", key_name(random() % source.written())});
                      },
                  .on_reply =
                      [&](const ProbeReply& reply) {
                        probe.record(reply.wait());
                        server_ran.record(reply.server_ran);
                      }});
  LoadResult result = load.run(source, kFillTimeout);
  expect_no_errors(result);
  if (source.written() < keys) throw std::runtime_error("the fill took too long");
  return result;
}

Growth grow(const ServerCommand& command, std::uint64_t keys) {
  Growth growth;
  ServerCommand logging = command;
  for (const char* argument : {"--slowlog-log-slower-than", "200", "--slowlog-max-len", "100000"})
    logging.arguments.emplace_back(argument);
  const ServerProcess server(logging);
  const CpuTime own_before = own_cpu_time();
  const CpuTime server_before = server.cpu_time();
  growth.load = fill(server, keys, growth.probe, growth.server_ran);
  growth.server_wait_ms = milliseconds(server.cpu_time().waiting - server_before.waiting);
  growth.own_wait_ms = milliseconds(own_cpu_time().waiting - own_before.waiting);
  growth.slowest_ms = slowest_command_ms(server);
  std::this_thread::sleep_for(kSettle);
  growth.settled = static_cast<double>(server.resident_bytes());
  growth.peak = static_cast<double>(server.peak_resident_bytes());
  LatencyHistogram rest_ran;
  growth.rest_load = fill(server, keys, growth.rest_probe, rest_ran);
  return growth;
}

}  // namespace

void measure_growth(Bench& bench) {
  const std::uint64_t keys = bench.quick ? 1'000'000 : 10'000'000;
  const Growth ours = quietest_of(
      kRounds, kLongestMs, [&] { return grow(bench.ours, keys); },
      [](const Growth& growth) { return growth.longest_run_ms(); });
  const Growth theirs = grow(bench.theirs, keys);
  const auto add = [&](const std::string& name, const std::string& unit, auto get) -> Figure& {
    return bench.report.add({.scenario = "growth",
                             .name = name,
                             .unit = unit,
                             .ours = get(ours),
                             .theirs = get(theirs),
                             .ratio = {},
                             .target = {}});
  };
  add(fmt::format("{} M keys at", keys / 1'000'000), "keys/s",
      [](const Growth& g) { return g.load.requests_per_second(); });
  add("probe p50", "ms", [](const Growth& g) { return milliseconds(g.probe.quantile(0.5)); });
  add("probe p99", "ms", [](const Growth& g) { return milliseconds(g.probe.quantile(0.99)); });
  add("probe p99.9", "ms", [](const Growth& g) { return milliseconds(g.probe.quantile(0.999)); });
  add("probe max", "ms", [](const Growth& g) { return milliseconds(g.probe.max()); });
  add(fmt::format("server's longest run in a wait of the probe (round {})", ours.round), "ms",
      [](const Growth& g) { return milliseconds(g.server_ran.max()); })
      .target = Target{.limit = kLongestMs};
  add("fillers' batch max", "ms",
      [](const Growth& g) { return milliseconds(g.load.batches.max()); });
  add("longest silence", "ms",
      [](const Growth& g) { return milliseconds(g.load.longest_silence); });
  add("longest command by the server's slow log", "ms", [](const Growth& g) {
    return g.slowest_ms;
  }).target = Target{.limit = kLongestMs};
  add("probe p99.9, table at rest", "ms",
      [](const Growth& g) { return milliseconds(g.rest_probe.quantile(0.999)); });
  add("probe max, table at rest", "ms",
      [](const Growth& g) { return milliseconds(g.rest_probe.max()); });
  add("longest silence, table at rest", "ms",
      [](const Growth& g) { return milliseconds(g.rest_load.longest_silence); });
  add("server waited for its core", "ms", [](const Growth& g) { return g.server_wait_ms; });
  add("generator waited for its core", "ms", [](const Growth& g) { return g.own_wait_ms; });
  add("settled RSS", "MB", [](const Growth& g) { return g.settled / 1e6; });
  add("peak RSS / settled RSS", "times", [](const Growth& g) {
    return g.peak / g.settled;
  }).target = Target{.limit = 1.1};
}

}  // namespace scrubjay::load
