// Ours and theirs under the same load, one after the other: CPU time per request, rate and tail of
// each cell, and their report. Used by the throughput scenarios.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
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

double median_of(const std::vector<Sample>& samples, double Sample::*field);

// Medians over the rounds; the ratio is the median of the rounds' ratios.
void add_figures(Report& report, const std::string& scenario, const Cell& cell,
                 std::string_view what_is_done = "request");

using Random = std::mt19937_64;
inline std::uint64_t draw(Random& random, std::uint64_t bound) {
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random);
}

// A kind of request, of which many are drawn at random.
struct Operation {
  std::string name;
  double ratio_limit;
  std::function<void(std::string&, Random&)> write;
  std::size_t depth = 16;
};

// Measures each operation on both servers, which hold what `fill_server` puts in, filled anew for
// each round; who goes first alternates.
void compare(Bench& bench, const std::string& scenario,
             const std::function<void(const ServerProcess&)>& fill_server,
             const std::vector<Operation>& operations);

}  // namespace scrubjay::load
