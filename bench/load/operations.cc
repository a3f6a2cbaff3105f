#include "operations.h"

namespace scrubjay::load {

using namespace std::chrono_literals;

void measure_operations(Bench& bench, const std::string& scenario,
                        const std::vector<Operation>& operations,
                        const std::function<void(const ServerProcess&)>& fill) {
  constexpr std::size_t kDepth = 16;
  constexpr std::size_t kTapeRequests = 400'000;
  constexpr auto kWarmUp = 150ms;
  std::vector<Cell> cells;
  for (const Operation& operation : operations)
    cells.push_back(
        {.name = operation.name, .depth = kDepth, .ratio_limit = operation.ratio_limit});
  const std::size_t rounds = bench.quick ? 1 : 4;
  const Nanoseconds time = bench.quick ? 200ms : 600ms;
  for (std::size_t round = 0; round < rounds; ++round) {
    const bool ours_first = round % 2 == 0;
    const ServerProcess first(ours_first ? bench.ours : bench.theirs);
    fill(first);
    const ServerProcess second(ours_first ? bench.theirs : bench.ours);
    fill(second);
    const ServerProcess& ours = ours_first ? first : second;
    const ServerProcess& theirs = ours_first ? second : first;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      Random random(round + 1);
      RequestTape tape(kTapeRequests, [&](std::string& out) { operations[i].write(out, random); });
      LoadGenerator load_ours(ours.port(), kConnections, kDepth);
      LoadGenerator load_theirs(theirs.port(), kConnections, kDepth);
      load_ours.run(tape, kWarmUp);
      load_theirs.run(tape, kWarmUp);
      cells[i].ours.push_back(measure(ours, load_ours, tape, time));
      cells[i].theirs.push_back(measure(theirs, load_theirs, tape, time));
    }
  }
  for (const Cell& cell : cells) add_figures(bench.report, scenario, cell);
}

}  // namespace scrubjay::load
