// What a server costs before and without any load: the time from its start to the first PONG, its
// resident set when it is empty, and the CPU that it uses while a million keys wait for deadlines
// that are far away.
#include <fmt/format.h>

#include <thread>
#include <utility>
#include <vector>

#include "rounds.h"
#include "scenarios.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kSettle = 2s;
constexpr auto kWatched = 10s;

struct Start {
  double until_pong_ms;
  double resident_mb;
  double idle_percent;
};

Start measure(const ServerCommand& command, bool quick) {
  Start start{};
  std::vector<double> starts;
  for (int i = 0; i < (quick ? 5 : 15); ++i) {
    const ServerProcess server(command);
    starts.push_back(milliseconds(server.started_after()));
    std::this_thread::sleep_for(200ms);
    start.resident_mb = static_cast<double>(server.resident_bytes()) / 1e6;
  }
  start.until_pong_ms = median(std::move(starts));

  const ServerProcess server(command);
  fill(server, {.keys = 1'000'000, .value_bytes = 32, .ttl = FillSource::Ttl::kSpreadSeconds});
  std::this_thread::sleep_for(kSettle);
  const CpuTime before = server.cpu_time();
  std::this_thread::sleep_for(kWatched);
  const Nanoseconds ran = server.cpu_time().running - before.running;
  start.idle_percent = 100 * seconds(ran) / seconds(kWatched);
  return start;
}

}  // namespace

void measure_start(Bench& bench) {
  const Start ours = measure(bench.ours, bench.quick);
  const Start theirs = measure(bench.theirs, bench.quick);
  const auto add = [&](std::string name, std::string unit, double Start::*field, double limit) {
    bench.report.add({.scenario = "start",
                      .name = std::move(name),
                      .unit = std::move(unit),
                      .ours = ours.*field,
                      .theirs = theirs.*field,
                      .ratio = {},
                      .target = Target{.limit = limit}});
  };
  add("from the start to the first PONG", "ms", &Start::until_pong_ms, 10);
  add("resident set without keys", "MB", &Start::resident_mb, 8);
  add("CPU at rest, a million keys with a TTL", "% of a core", &Start::idle_percent, 0.2);
}

}  // namespace scrubjay::load
