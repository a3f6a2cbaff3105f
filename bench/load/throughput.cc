// Ours and theirs run at the same time on one core, and are loaded in turn: each round measures
// both within seconds of each other, so that what the machine does beside cancels in the ratio.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "scenarios.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKeys = 1'000'000;
constexpr std::uint64_t kCounters = 40'000;  // with kKeys below 2^20: no table grows meanwhile
constexpr std::size_t kTapeRequests = 1'000'000;
constexpr std::size_t kValueBytes = 32;
constexpr std::size_t kConnections = 50;
constexpr std::size_t kRounds = 3;
constexpr auto kWarmUp = 500ms;  // enough to make every counter

struct Depth {
  std::size_t requests;
  double ratio_limit;  // ours / theirs, CPU time per request
};
constexpr std::array kDepths{Depth{1, 0.90}, Depth{16, 0.50}, Depth{64, 0.40}};

struct Operation {
  std::string name;
  bool has_target;
  RequestTape tape;
};

struct Sample {
  double cpu_us;
  double per_second;
  double p99_ms;
};

double median(std::array<double, kRounds> values) {
  std::sort(values.begin(), values.end());
  return values[kRounds / 2];
}

template <typename Get>
double median_of(const std::array<Sample, kRounds>& samples, Get get) {
  std::array<double, kRounds> values;
  std::transform(samples.begin(), samples.end(), values.begin(), get);
  return median(values);
}

// One at a time: a tape takes tens of megabytes.
Operation make_operation(std::string_view name) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::uint64_t> any_key(0, kKeys - 1);
  std::uniform_int_distribution<std::uint64_t> any_counter(0, kCounters - 1);
  const std::string value(kValueBytes, 'y');
  return {std::string(name), name == "GET" || name == "SET",
          RequestTape(kTapeRequests, [&](std::string& out) {
            if (name == "GET") {
              append_request(out, {"GET", key_name(any_key(random))});
            } else if (name == "SET") {
              append_request(out, {"SET", key_name(any_key(random)), value});
            } else if (name == "INCR") {
              append_request(out, {"INCR", fmt::format("counter:{}", any_counter(random))});
            } else {
              append_request(out, {"PING"});
            }
          })};
}

Sample measure(const ServerProcess& server, LoadGenerator& load, RequestTape& tape,
               Nanoseconds time) {
  const CpuTime before = server.cpu_time();
  const LoadResult result = load.run(tape, time);
  const CpuTime after = server.cpu_time();
  expect_no_errors(result);
  const auto running = static_cast<double>((after.running - before.running).count());
  return {.cpu_us = running / 1e3 / static_cast<double>(result.requests),
          .per_second = result.requests_per_second(),
          .p99_ms = milliseconds(result.batches.quantile(0.99))};
}

void measure_cell(Bench& bench, const ServerProcess& ours, const ServerProcess& theirs,
                  Operation& operation, const Depth& depth) {
  const Nanoseconds time = bench.quick ? 300ms : 2s;
  LoadGenerator load_ours(ours.port(), kConnections, depth.requests);
  LoadGenerator load_theirs(theirs.port(), kConnections, depth.requests);
  load_ours.run(operation.tape, time / 10);
  load_theirs.run(operation.tape, time / 10);
  std::array<Sample, kRounds> samples_ours;
  std::array<Sample, kRounds> samples_theirs;
  std::array<double, kRounds> cpu_ratios;
  for (std::size_t round = 0; round < kRounds; ++round) {
    samples_ours[round] = measure(ours, load_ours, operation.tape, time);
    samples_theirs[round] = measure(theirs, load_theirs, operation.tape, time);
    cpu_ratios[round] = samples_ours[round].cpu_us / samples_theirs[round].cpu_us;
  }
  const auto add = [&](std::string_view what, std::string unit, auto get) -> Figure& {
    return bench.report.add({.scenario = "throughput",
                             .name = fmt::format("{} x{} {}", operation.name, depth.requests, what),
                             .unit = std::move(unit),
                             .ours = median_of(samples_ours, get),
                             .theirs = median_of(samples_theirs, get),
                             .ratio = {},
                             .target = {}});
  };
  Figure& cpu = add("server CPU", "us/request", [](const Sample& s) { return s.cpu_us; });
  cpu.ratio = median(cpu_ratios);
  if (operation.has_target)
    cpu.target = Target{.of = Target::Of::kRatio, .limit = depth.ratio_limit};
  add("rate", "requests/s", [](const Sample& s) { return s.per_second; });
  add("batch p99", "ms", [](const Sample& s) { return s.p99_ms; });
}

}  // namespace

void measure_throughput(Bench& bench) {
  const ServerProcess ours(bench.ours);
  const ServerProcess theirs(bench.theirs);
  for (const ServerProcess* server : {&ours, &theirs}) {
    fill(*server, {.keys = kKeys, .value_bytes = kValueBytes});
  }
  for (const std::string_view name : {"GET", "SET", "INCR", "PING"}) {
    Operation operation = make_operation(name);
    for (const ServerProcess* server : {&ours, &theirs}) {
      LoadGenerator(server->port(), kConnections, kDepths.back().requests)
          .run(operation.tape, kWarmUp);
    }
    for (const Depth& depth : kDepths) measure_cell(bench, ours, theirs, operation, depth);
  }
}

}  // namespace scrubjay::load
