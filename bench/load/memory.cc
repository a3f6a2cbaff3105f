// Bytes per key: the growth of the resident set by a million keys in a fresh server, over the keys;
// the median of three servers.
#include <fmt/format.h>

#include <array>
#include <thread>
#include <utility>
#include <vector>

#include "rounds.h"
#include "scenarios.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kSettle = 1s;
constexpr int kRounds = 3;

struct Shape {
  std::size_t value_bytes;
  FillSource::Ttl ttl;
  double bytes_limit;
};
constexpr std::array kShapes{
    Shape{8, FillSource::Ttl::kNone, 62},
    Shape{32, FillSource::Ttl::kNone, 80},
    Shape{128, FillSource::Ttl::kNone, 176},
    Shape{8, FillSource::Ttl::kSpreadSeconds, 74},
    Shape{32, FillSource::Ttl::kSpreadSeconds, 104},
    Shape{128, FillSource::Ttl::kSpreadSeconds, 216},
};

double bytes_per_key(const ServerCommand& command, const FillSource::Plan& plan) {
  const ServerProcess server(command);
  std::this_thread::sleep_for(kSettle / 5);
  const auto empty = static_cast<double>(server.resident_bytes());
  fill(server, plan);
  std::this_thread::sleep_for(kSettle);
  const auto full = static_cast<double>(server.resident_bytes());
  return (full - empty) / static_cast<double>(plan.keys);
}

double median_bytes_per_key(const ServerCommand& command, const FillSource::Plan& plan) {
  std::vector<double> rounds;
  for (int i = 0; i < kRounds; ++i) rounds.push_back(bytes_per_key(command, plan));
  return median(std::move(rounds));
}

}  // namespace

void measure_memory(Bench& bench) {
  const std::uint64_t keys = bench.quick ? 250'000 : 1'000'000;
  for (const Shape& shape : kShapes) {
    const FillSource::Plan plan{.keys = keys, .value_bytes = shape.value_bytes, .ttl = shape.ttl};
    const bool has_ttl = shape.ttl != FillSource::Ttl::kNone;
    bench.report.add(
        {.scenario = "memory",
         .name = fmt::format("{} B values{}", shape.value_bytes, has_ttl ? " with a TTL" : ""),
         .unit = "bytes/key",
         .ours = median_bytes_per_key(bench.ours, plan),
         .theirs = median_bytes_per_key(bench.theirs, plan),
         .ratio = {},
         .target = Target{.limit = shape.bytes_limit}});
  }
}

}  // namespace scrubjay::load
