// Ours and theirs under the same load, one after the other: CPU time per request, rate and tail of
// each cell, and their report. Used by the throughput scenarios.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "scenarios.h"

namespace scrubjay::load {

struct Sample {
  double cpu_us;
  double per_second;
  double p99_ms;
};

// One line of the comparison: an operation at a pipeline depth, a sample of each server per round.
struct Cell {
  std::string name;
  std::size_t depth;
  std::optional<double> ratio_limit;  // ours / theirs, CPU time per request
  std::vector<Sample> ours{};
  std::vector<Sample> theirs{};
};

inline constexpr std::size_t kConnections = 50;

Sample measure(const ServerProcess& server, LoadGenerator& load, RequestTape& tape,
               Nanoseconds time);

// Medians over the rounds; the ratio is the median of the rounds' ratios.
void add_figures(Report& report, const std::string& scenario, const Cell& cell);

}  // namespace scrubjay::load
