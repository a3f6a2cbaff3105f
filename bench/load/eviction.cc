// What a limit of memory costs: GET on a full cache beside GET on one without a limit (both ours),
// and SET of new keys into a full cache, where each evicts, beside redis-server's allkeys-lru.
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "comparison.h"
#include "scenarios.h"
#include "socket.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKeys = 1'000'000;
constexpr std::size_t kValueBytes = 32;
constexpr std::size_t kTapeRequests = 1'000'000;
constexpr std::size_t kDepth = 16;
constexpr double kGetLimit = 1.05;
constexpr double kSetLimit = 0.6;

// Filled by the policy's own rules, and then limited to what it has.
void fill_to_the_limit(const ServerProcess& server, const std::string& policy, std::uint64_t keys) {
  Client client(server.port());
  client.ask({"CONFIG", "SET", "maxmemory-policy", policy});
  client.ask({"CONFIG", "SET", "maxmemory", "8gb"});
  fill(server, {.keys = keys, .value_bytes = kValueBytes});
  client.ask({"CONFIG", "SET", "maxmemory", std::to_string(used_memory(server))});
}

RequestTape gets() {
  std::mt19937_64 random(1);
  return RequestTape(kTapeRequests, [&](std::string& out) {
    append_request(out, {"GET", key_name(draw(random, kKeys))});
  });
}

// Hardly any of these keys comes twice.
RequestTape sets_of_new_keys(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::string value(kValueBytes, 'y');
  return RequestTape(kTapeRequests, [&](std::string& out) {
    append_request(out,
                   {"SET", fmt::format("new:{:015}", draw(random, 1'000'000'000'000'000)), value});
  });
}

}  // namespace

void measure_eviction(Bench& bench) {
  const std::size_t rounds = bench.quick ? 2 : 6;
  const Nanoseconds time = bench.quick ? 250ms : 800ms;
  const std::vector<std::string> policies{"allkeys-adaptive", "allkeys-lru", "allkeys-lfu"};
  std::vector<Cell> gets_of;
  for (const std::string& policy : policies)
    gets_of.push_back({.name = "GET, full, " + policy + " (beside no limit)",
                       .depth = kDepth,
                       .ratio_limit = kGetLimit});
  Cell set{.name = "SET, each evicts", .depth = kDepth, .ratio_limit = kSetLimit};
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < policies.size(); ++i) {
      const ServerProcess limited(bench.ours);
      fill_to_the_limit(limited, policies[i], kKeys);
      const ServerProcess unlimited(bench.ours);
      fill(unlimited, {.keys = kKeys, .value_bytes = kValueBytes});
      RequestTape tape = gets();
      LoadGenerator load_limited(limited.port(), kConnections, kDepth);
      LoadGenerator load_unlimited(unlimited.port(), kConnections, kDepth);
      // Until each key was asked for a few times, as in a cache that is in use.
      load_limited.run(tape, 2s);
      load_unlimited.run(tape, 2s);
      // Turn by turn, so that what the machine does beside falls on both.
      for (int turn = 0; turn < 2; ++turn) {
        gets_of[i].ours.push_back(measure(limited, load_limited, tape, time / 2));
        gets_of[i].theirs.push_back(measure(unlimited, load_unlimited, tape, time / 2));
      }
    }
    const ServerProcess ours(bench.ours);
    fill_to_the_limit(ours, "allkeys-adaptive", kKeys);
    const ServerProcess theirs(bench.theirs);
    fill_to_the_limit(theirs, "allkeys-lru", kKeys);
    RequestTape tape = sets_of_new_keys(round);
    LoadGenerator load_ours(ours.port(), kConnections, kDepth);
    LoadGenerator load_theirs(theirs.port(), kConnections, kDepth);
    load_ours.run(tape, 150ms);
    load_theirs.run(tape, 150ms);
    set.ours.push_back(measure(ours, load_ours, tape, time));
    set.theirs.push_back(measure(theirs, load_theirs, tape, time));
  }
  for (const Cell& cell : gets_of) add_figures(bench.report, "eviction", cell);
  add_figures(bench.report, "eviction", set);
}

}  // namespace scrubjay::load
