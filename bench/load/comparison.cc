#include "comparison.h"

#include <fmt/format.h>

#include <algorithm>

namespace scrubjay::load {
namespace {

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

}  // namespace

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

void add_figures(Report& report, const std::string& scenario, const Cell& cell) {
  const auto add = [&](std::string_view what, std::string unit, double Sample::*field) -> Figure& {
    return report.add({.scenario = scenario,
                       .name = fmt::format("{} x{} {}", cell.name, cell.depth, what),
                       .unit = std::move(unit),
                       .ours = median_of(cell.ours, field),
                       .theirs = median_of(cell.theirs, field),
                       .ratio = {},
                       .target = {}});
  };
  Figure& cpu = add("server CPU", "us/request", &Sample::cpu_us);
  cpu.ratio = median_cpu_ratio(cell);
  if (cell.ratio_limit) cpu.target = Target{.of = Target::Of::kRatio, .limit = *cell.ratio_limit};
  add("rate", "requests/s", &Sample::per_second);
  add("batch p99", "ms", &Sample::p99_ms);
}

}  // namespace scrubjay::load
