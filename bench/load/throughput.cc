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

#include "comparison.h"
#include "scenarios.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKeys = 1'000'000;
constexpr std::uint64_t kCounters = 40'000;  // with kKeys below 2^20: no table grows meanwhile
constexpr std::size_t kTapeRequests = 1'000'000;
constexpr std::size_t kValueBytes = 32;
constexpr auto kWarmUp = 300ms;  // enough to make nearly every counter

struct Depth {
  std::size_t requests;
  double ratio_limit;  // ours / theirs, CPU time per request
};
constexpr std::array kDepths{Depth{64, 0.40}, Depth{16, 0.50}, Depth{1, 0.90}};

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

void measure_round(std::vector<Cell>& cells, const ServerProcess& ours, const ServerProcess& theirs,
                   Nanoseconds time) {
  std::optional<RequestTape> tape;
  std::string_view operation;
  for (Cell& cell : cells) {
    const bool is_new = cell.name != operation;
    operation = cell.name;
    if (is_new) tape = make_tape(operation);
    LoadGenerator load_ours(ours.port(), kConnections, cell.depth);
    LoadGenerator load_theirs(theirs.port(), kConnections, cell.depth);
    load_ours.run(*tape, is_new ? kWarmUp : time / 10);
    load_theirs.run(*tape, is_new ? kWarmUp : time / 10);
    cell.ours.push_back(measure(ours, load_ours, *tape, time));
    cell.theirs.push_back(measure(theirs, load_theirs, *tape, time));
  }
}

}  // namespace

void measure_throughput(Bench& bench) {
  std::vector<Cell> cells;
  for (const std::string_view name : {"GET", "SET", "INCR", "PING"}) {
    for (const Depth& depth : kDepths) {
      const bool has_target = name == "GET" || name == "SET";
      cells.push_back(
          {.name = std::string(name),
           .depth = depth.requests,
           .ratio_limit = has_target ? std::optional(depth.ratio_limit) : std::nullopt});
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
  for (const Cell& cell : cells) add_figures(bench.report, "throughput", cell);
}

}  // namespace scrubjay::load
