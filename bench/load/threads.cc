// Two I/O threads beside redis-server with io-threads 2, on all cores that there are, with the load
// among them: GET and SET over a million keys at depth 1 and 16. What counts is the rate.
#include <string>
#include <vector>

#include "comparison.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKeys = 1'000'000;
constexpr std::size_t kTapeRequests = 400'000;

RequestTape make_tape(const std::string& name) {
  Random random(1);
  const std::string value(32, 'y');
  return RequestTape(kTapeRequests, [&](std::string& out) {
    const std::string key = key_name(draw(random, kKeys));
    if (name == "SET")
      append_request(out, {"SET", key, value});
    else
      append_request(out, {"GET", key});
  });
}

ServerCommand with(ServerCommand command, std::vector<std::string> arguments) {
  command.core = ServerCommand::kAnyCore;
  command.arguments = std::move(arguments);
  return command;
}

}  // namespace

void measure_threads(Bench& bench) {
  const ServerCommand our_command = with(bench.ours, {"--threads", "2"});
  const ServerCommand their_command = with(bench.theirs, {"--io-threads", "2"});
  std::vector<Cell> cells;
  for (const std::string name : {"GET", "SET"}) {
    for (const std::size_t depth : {1, 16}) cells.push_back({name, depth, {}});
  }
  const AllCores all_cores;
  for (std::size_t round = 0; round < (bench.quick ? 1 : 5); ++round) {
    const ServerProcess ours(our_command);
    const ServerProcess theirs(their_command);
    for (const ServerProcess* server : {&ours, &theirs})
      fill(*server, {.keys = kKeys, .value_bytes = 32});
    for (Cell& cell : cells) {
      RequestTape tape = make_tape(cell.name);
      LoadGenerator load_ours(ours.port(), kConnections, cell.depth);
      LoadGenerator load_theirs(theirs.port(), kConnections, cell.depth);
      load_ours.run(tape, 150ms);
      load_theirs.run(tape, 150ms);
      cell.ours.push_back(measure(ours, load_ours, tape, 600ms));
      cell.theirs.push_back(measure(theirs, load_theirs, tape, 600ms));
    }
  }
  for (const Cell& cell : cells) {
    bench.report.add(
        {.scenario = "threads",
         .name = cell.name + " x" + std::to_string(cell.depth) + " by two threads, rate",
         .unit = "requests/s",
         .ours = median_of(cell.ours, &Sample::per_second),
         .theirs = median_of(cell.theirs, &Sample::per_second),
         .ratio = {},
         .target = Target{.of = Target::Of::kRatio, .bound = Target::Bound::kAtLeast, .limit = 1}});
  }
}

}  // namespace scrubjay::load
