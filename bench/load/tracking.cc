// Clients that cache: 100 connections over 100,000 keys. What a GET costs when its client tracks
// and when it does not, ours and theirs; and a mix of reads and writes, of which each write tells
// those who have read its key.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "comparison.h"
#include "rounds.h"
#include "scenarios.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kClients = 100;
constexpr std::uint64_t kKeys = 100'000;
constexpr std::size_t kTapeRequests = 400'000;
constexpr std::uint64_t kWritesOf = 20;  // one request in so many

struct Kind {
  std::string name;
  bool tracks;
  bool writes;
  std::size_t depth;
};

void speak_resp3(std::string& out, bool tracks) {
  append_request(out, {"HELLO", "3"});
  append_request(out, {"CLIENT", "TRACKING", tracks ? "ON" : "OFF"});
}

RequestTape make_tape(const Kind& kind) {
  Random random(1);
  return RequestTape(kTapeRequests, [&](std::string& out) {
    const std::string key = key_name(draw(random, kKeys));
    if (kind.writes && draw(random, kWritesOf) == 0)
      append_request(out, {"SET", key, "a value of about thirty bytes.."});
    else
      append_request(out, {"GET", key});
  });
}

// What tracking adds to a GET: for each server its own ratio.
void add_cost(Bench& bench, const Cell& plain, const Cell& tracked) {
  const auto cost = [](const std::vector<Sample>& without, const std::vector<Sample>& with) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < with.size(); ++i)
      ratios.push_back(with[i].cpu_us / without[i].cpu_us);
    return median(std::move(ratios));
  };
  bench.report.add({.scenario = "tracking",
                    .name = fmt::format("GET x{} tracked / not tracked", plain.depth),
                    .unit = "of CPU",
                    .ours = cost(plain.ours, tracked.ours),
                    .theirs = cost(plain.theirs, tracked.theirs),
                    .ratio = {},
                    .target = Target{.of = Target::Of::kOurs, .limit = 1.10}});
}

}  // namespace

void measure_tracking(Bench& bench) {
  const std::vector<Kind> kinds{{"GET, not tracked", false, false, 1},
                                {"GET, tracked", true, false, 1},
                                {"GET, not tracked", false, false, 16},
                                {"GET, tracked", true, false, 16},
                                {"GET and 5% SET, tracked", true, true, 16}};
  std::vector<Cell> cells;
  for (const Kind& kind : kinds)
    cells.push_back({.name = kind.name, .depth = kind.depth, .ratio_limit = {}});
  const std::size_t rounds = bench.quick ? 1 : 4;
  const Nanoseconds time = bench.quick ? 300ms : 700ms;
  for (std::size_t round = 0; round < rounds; ++round) {
    const bool ours_first = round % 2 == 0;
    const ServerProcess first(ours_first ? bench.ours : bench.theirs);
    const ServerProcess second(ours_first ? bench.theirs : bench.ours);
    for (const ServerProcess* server : {&first, &second})
      fill(*server, {.keys = kKeys, .value_bytes = 32});
    const ServerProcess& ours = ours_first ? first : second;
    const ServerProcess& theirs = ours_first ? second : first;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      RequestTape tape = make_tape(kinds[i]);
      LoadGenerator load_ours(ours.port(), kClients, kinds[i].depth);
      LoadGenerator load_theirs(theirs.port(), kClients, kinds[i].depth);
      for (LoadGenerator* load : {&load_ours, &load_theirs}) {
        load->prepare([&](std::string& out) { speak_resp3(out, kinds[i].tracks); }, 2);
        load->run(tape, time);
      }
      cells[i].ours.push_back(measure(ours, load_ours, tape, time));
      cells[i].theirs.push_back(measure(theirs, load_theirs, tape, time));
    }
  }
  for (const Cell& cell : cells) add_figures(bench.report, "tracking", cell);
  add_cost(bench, cells[0], cells[1]);
  add_cost(bench, cells[2], cells[3]);
}

}  // namespace scrubjay::load
