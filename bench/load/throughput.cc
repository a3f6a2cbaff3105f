// Ours and theirs run at the same time on one core, and are loaded in turn, within seconds of each
// other, so that what the machine does beside cancels in the ratio. Several rounds, each with fresh
// processes started in the other order: the place of its memory in the machine makes one and the
// same server up to five per cent faster or slower for as long as it lives.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "scenarios.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKeys = 1'000'000;
constexpr std::uint64_t kCounters = 40'000;  // with kKeys below 2^20: no table grows meanwhile
constexpr std::size_t kTapeRequests = 1'000'000;
constexpr std::size_t kValueBytes = 32;
constexpr std::size_t kConnections = 50;
constexpr auto kWarmUp = 300ms;  // enough to make nearly every counter

struct Depth {
  std::size_t requests;
  double ratio_limit;  // ours / theirs, CPU time per request
};
constexpr std::array kDepths{Depth{64, 0.40}, Depth{16, 0.50}, Depth{1, 0.90}};

struct Sample {
  double cpu_us;
  double per_second;
  double p99_ms;
};

struct Cell {
  std::string operation;
  Depth depth;
  bool has_target;
  std::vector<Sample> ours{};
  std::vector<Sample> theirs{};
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

double median_of(const std::vector<Sample>& samples, double Sample::*field) {
  std::vector<double> values;
  for (const Sample& sample : samples) values.push_back(sample.*field);
  return median(std::move(values));
}

double median_cpu_ratio(const Cell& cell) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < cell.ours.size(); ++i) {
    ratios.push_back(cell.ours[i].cpu_us / cell.theirs[i].cpu_us);
  }
  return median(std::move(ratios));
}

// One at a time: a tape takes tens of megabytes.
RequestTape make_tape(std::string_view name) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::uint64_t> any_key(0, kKeys - 1);
  std::uniform_int_distribution<std::uint64_t> any_counter(0, kCounters - 1);
  const std::string value(kValueBytes, 'y');
  return RequestTape(kTapeRequests, [&](std::string& out) {
    if (name == "GET") {
      append_request(out, {"GET", key_name(any_key(random))});
    } else if (name == "SET") {
      append_request(out, {"SET", key_name(any_key(random)), value});
    } else if (name == "INCR") {
      append_request(out, {"INCR", fmt::format("counter:{}", any_counter(random))});
    } else {
      append_request(out, {"PING"});
    }
  });
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

void measure_round(std::vector<Cell>& cells, const ServerProcess& ours, const ServerProcess& theirs,
                   Nanoseconds time) {
  std::optional<RequestTape> tape;
  std::string_view operation;
  for (Cell& cell : cells) {
    const bool is_new = cell.operation != operation;
    operation = cell.operation;
    if (is_new) tape = make_tape(operation);
    LoadGenerator load_ours(ours.port(), kConnections, cell.depth.requests);
    LoadGenerator load_theirs(theirs.port(), kConnections, cell.depth.requests);
    load_ours.run(*tape, is_new ? kWarmUp : time / 10);
    load_theirs.run(*tape, is_new ? kWarmUp : time / 10);
    cell.ours.push_back(measure(ours, load_ours, *tape, time));
    cell.theirs.push_back(measure(theirs, load_theirs, *tape, time));
  }
}

void add_figures(Report& report, const Cell& cell) {
  const auto add = [&](std::string_view what, std::string unit, double Sample::*field) -> Figure& {
    return report.add({.scenario = "throughput",
                       .name = fmt::format("{} x{} {}", cell.operation, cell.depth.requests, what),
                       .unit = std::move(unit),
                       .ours = median_of(cell.ours, field),
                       .theirs = median_of(cell.theirs, field),
                       .ratio = {},
                       .target = {}});
  };
  Figure& cpu = add("server CPU", "us/request", &Sample::cpu_us);
  cpu.ratio = median_cpu_ratio(cell);
  if (cell.has_target) {
    cpu.target = Target{.of = Target::Of::kRatio, .limit = cell.depth.ratio_limit};
  }
  add("rate", "requests/s", &Sample::per_second);
  add("batch p99", "ms", &Sample::p99_ms);
}

}  // namespace

void measure_throughput(Bench& bench) {
  std::vector<Cell> cells;
  for (const std::string_view name : {"GET", "SET", "INCR", "PING"}) {
    for (const Depth& depth : kDepths) {
      cells.push_back({.operation = std::string(name),
                       .depth = depth,
                       .has_target = name == "GET" || name == "SET"});
    }
  }
  const std::size_t rounds = bench.quick ? 2 : 6;
  for (std::size_t round = 0; round < rounds; ++round) {
    const bool ours_first = round % 2 == 0;
    const ServerProcess first(ours_first ? bench.ours : bench.theirs);
    fill(first, {.keys = kKeys, .value_bytes = kValueBytes});
    const ServerProcess second(ours_first ? bench.theirs : bench.ours);
    fill(second, {.keys = kKeys, .value_bytes = kValueBytes});
    measure_round(cells, ours_first ? first : second, ours_first ? second : first,
                  bench.quick ? 250ms : 800ms);
  }
  for (const Cell& cell : cells) add_figures(bench.report, cell);
}

}  // namespace scrubjay::load
