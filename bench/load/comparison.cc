#include "comparison.h"

#include <fmt/format.h>

#include "rounds.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTapeRequests = 403'200;  // a multiple of every depth, so that it ends whole
constexpr auto kWarmUp = 150ms;

double median_cpu_ratio(const Cell& cell) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < cell.ours.size(); ++i) {
    ratios.push_back(cell.ours[i].cpu_us / cell.theirs[i].cpu_us);
  }
  return median(std::move(ratios));
}

}  // namespace

double median_of(const std::vector<Sample>& samples, double Sample::*field) {
  std::vector<double> values;
  for (const Sample& sample : samples) values.push_back(sample.*field);
  return median(std::move(values));
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

void add_figures(Report& report, const std::string& scenario, const Cell& cell,
                 std::string_view what_is_done) {
  const auto add = [&](std::string_view what, std::string unit, double Sample::*field) -> Figure& {
    return report.add({.scenario = scenario,
                       .name = fmt::format("{} x{} {}", cell.name, cell.depth, what),
                       .unit = std::move(unit),
                       .ours = median_of(cell.ours, field),
                       .theirs = median_of(cell.theirs, field),
                       .ratio = {},
                       .target = {}});
  };
  Figure& cpu = add("server CPU", fmt::format("us/{}", what_is_done), &Sample::cpu_us);
  cpu.ratio = median_cpu_ratio(cell);
  if (cell.ratio_limit) cpu.target = Target{.of = Target::Of::kRatio, .limit = *cell.ratio_limit};
  add("rate", fmt::format("{}s/s", what_is_done), &Sample::per_second);
  add("batch p99", "ms", &Sample::p99_ms);
}

void compare(Bench& bench, const std::string& scenario,
             const std::function<void(const ServerProcess&)>& fill_server,
             const std::vector<Operation>& operations) {
  std::vector<Cell> cells;
  for (const Operation& operation : operations) {
    cells.push_back(
        {.name = operation.name, .depth = operation.depth, .ratio_limit = operation.ratio_limit});
  }
  const std::size_t rounds = bench.quick ? 1 : 4;
  const Nanoseconds time = bench.quick ? 200ms : 600ms;
  for (std::size_t round = 0; round < rounds; ++round) {
    const bool ours_first = round % 2 == 0;
    const ServerProcess first(ours_first ? bench.ours : bench.theirs);
    fill_server(first);
    const ServerProcess second(ours_first ? bench.theirs : bench.ours);
    fill_server(second);
    const ServerProcess& ours = ours_first ? first : second;
    const ServerProcess& theirs = ours_first ? second : first;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      Random random(round + 1);
      RequestTape tape(kTapeRequests, [&](std::string& out) { operations[i].write(out, random); });
      LoadGenerator load_ours(ours.port(), kConnections, operations[i].depth);
      LoadGenerator load_theirs(theirs.port(), kConnections, operations[i].depth);
      load_ours.run(tape, kWarmUp);
      load_theirs.run(tape, kWarmUp);
      cells[i].ours.push_back(measure(ours, load_ours, tape, time));
      cells[i].theirs.push_back(measure(theirs, load_theirs, tape, time));
    }
  }
  for (const Cell& cell : cells) add_figures(bench.report, scenario, cell);
}

}  // namespace scrubjay::load
