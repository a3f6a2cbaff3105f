// Messages to many: what the server's CPU time is for each message that a subscriber gets. Ten
// publishers send to one channel, or to channels that patterns match, and subscribers take all.
#include <fmt/format.h>

#include <algorithm>

#include "comparison.h"
#include "listeners.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPublishers = 10;
constexpr std::size_t kRooms = 100;
constexpr std::size_t kTape = 20'000;
constexpr std::string_view kPayload =
    "user:000042 changed its name, its age and its colour of choice: ";

std::string wire(std::initializer_list<std::string_view> words) {
  std::string out;
  append_request(out, words);
  return out;
}

struct FanOut {
  std::string name;
  std::size_t listeners;
  std::size_t depth;
  bool patterns;  // each listener has one of its own, and every message fits one of them
  std::optional<double> ratio_limit;
};

std::vector<std::string> subscriptions(const FanOut& test) {
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < test.listeners; ++i) {
    if (test.patterns)
      requests.push_back(wire({"PSUBSCRIBE", fmt::format("room:{:02}:*", i)}));
    else
      requests.push_back(wire({"SUBSCRIBE", "news"}));
  }
  return requests;
}

RequestTape messages(const FanOut& test) {
  Random random(1);
  return {kTape, [&](std::string& out) {
            const std::string channel =
                test.patterns ? fmt::format("room:{:02}:talk", draw(random, kRooms)) : "news";
            append_request(out, {"PUBLISH", channel, kPayload});
          }};
}

// What one subscriber gets of one message.
std::uint64_t message_bytes(const FanOut& test) {
  if (test.patterns) return wire({"pmessage", "room:00:*", "room:00:talk", kPayload}).size();
  return wire({"message", "news", kPayload}).size();
}

Sample measure(const ServerProcess& server, const FanOut& test, Nanoseconds time) {
  const Listeners listeners(server.port(), subscriptions(test));
  RequestTape tape = messages(test);
  LoadGenerator load(server.port(), kPublishers, test.depth);
  const std::uint64_t receivers = test.patterns ? 1 : test.listeners;
  const std::uint64_t bytes_each = receivers * message_bytes(test);

  const LoadResult warm_up = load.run(tape, time / 4);
  expect_no_errors(warm_up);
  listeners.expect(warm_up.requests * bytes_each);
  const CpuTime before = server.cpu_time();
  const LoadResult result = load.run(tape, time);
  expect_no_errors(result);
  listeners.expect((warm_up.requests + result.requests) * bytes_each);
  const CpuTime after = server.cpu_time();

  const double delivered = static_cast<double>(result.requests * receivers);
  const auto running = static_cast<double>((after.running - before.running).count());
  return {.cpu_us = running / 1e3 / delivered,
          .per_second = delivered / seconds(result.elapsed),
          .p99_ms = milliseconds(result.batches.quantile(0.99))};
}

}  // namespace

void measure_fanout(Bench& bench) {
  const std::vector<FanOut> tests{
      {"to 1 subscriber", 1, 1, false, {}},         {"to 1 subscriber", 1, 16, false, {}},
      {"to 100 subscribers", 100, 1, false, 0.5},   {"to 100 subscribers", 100, 16, false, 0.5},
      {"to 1000 subscribers", 1000, 1, false, {}},  {"to 1000 subscribers", 1000, 16, false, {}},
      {"one of 100 patterns", kRooms, 1, true, {}}, {"one of 100 patterns", kRooms, 16, true, {}}};
  std::vector<Cell> cells;
  for (const FanOut& test : tests)
    cells.push_back({.name = test.name, .depth = test.depth, .ratio_limit = test.ratio_limit});
  const std::size_t rounds = bench.quick ? 1 : 4;
  const Nanoseconds time = bench.quick ? 300ms : 800ms;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < tests.size(); ++i) {
      const ServerProcess ours(bench.ours);
      cells[i].ours.push_back(measure(ours, tests[i], time));
      const ServerProcess theirs(bench.theirs);
      cells[i].theirs.push_back(measure(theirs, tests[i], time));
    }
  }
  for (const Cell& cell : cells) add_figures(bench.report, "fanout", cell, "delivery");
}

}  // namespace scrubjay::load
