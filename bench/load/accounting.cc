// Whether used_memory tells the truth: its growth beside the growth of the resident set, after a
// million strings, after a million hashes, and when nine tenths of the strings are deleted. And how
// soon a large FLUSHALL gives the memory back, while others go on.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "rounds.h"
#include "scenarios.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr double kLongestMs = 1.0;
constexpr int kFlushRounds = 3;

struct Memory {
  double used;
  double resident;
};
Memory memory_of(const ServerProcess& server) {
  return {static_cast<double>(used_memory(server)), static_cast<double>(server.resident_bytes())};
}

// In percent: how far the growth of used_memory is from the growth of the resident set.
double error_of(const Memory& before, const Memory& after) {
  const double resident = after.resident - before.resident;
  return 100 * std::abs(after.used - before.used - resident) / resident;
}

// What a server takes once, at its first requests: code, buffers.
void warm_up(const ServerProcess& server,
             const std::function<void(std::string&, std::uint64_t)>& write) {
  constexpr std::uint64_t kKeys = 1000;
  CountedSource writes(kKeys, write);
  fill(server, writes);
  CountedSource deletions(kKeys, [](std::string& out, std::uint64_t number) {
    append_request(out, {"DEL", key_name(number)});
  });
  fill(server, deletions);
  used_memory(server);
  std::this_thread::sleep_for(500ms);
}

struct Errors {
  double strings;
  double deleted;
  double hashes;
};

Errors accounting_errors(const ServerCommand& command, std::uint64_t keys) {
  Errors errors{};
  {
    const ServerProcess server(command);
    warm_up(server, [](std::string& out, std::uint64_t number) {
      append_request(out, {"SET", key_name(number), std::string(32, 'x')});
    });
    const Memory empty = memory_of(server);
    fill(server, {.keys = keys, .value_bytes = 32});
    std::this_thread::sleep_for(1s);
    errors.strings = error_of(empty, memory_of(server));
    CountedSource deletions(keys, [](std::string& out, std::uint64_t number) {
      append_request(out, {number % 10 == 0 ? "EXISTS" : "DEL", key_name(number)});
    });
    fill(server, deletions);
    std::this_thread::sleep_for(2s);
    errors.deleted = error_of(empty, memory_of(server));
  }
  const ServerProcess server(command);
  const auto write_hash = [](std::string& out, std::uint64_t number) {
    append_request(out,
                   {"HSET", key_name(number), "name", "Scrub Jay", "seeds", "4711", "age", "7"});
  };
  warm_up(server, write_hash);
  const Memory empty = memory_of(server);
  CountedSource hashes(keys, write_hash);
  fill(server, hashes);
  std::this_thread::sleep_for(1s);
  errors.hashes = error_of(empty, memory_of(server));
  return errors;
}

struct Flush {
  double gigabytes = 0;
  Nanoseconds until_back{0};  // until 95 % of the memory is back with the system
  LatencyHistogram waits;
  LatencyHistogram server_ran;  // in a wait
  int round = 1;
};

// Fills with about 5 GB, flushes, and asks a small question every 200 us meanwhile.
Flush flush(const ServerCommand& command, std::uint64_t keys) {
  Flush flush;
  const ServerProcess server(command);
  std::this_thread::sleep_for(200ms);
  const auto empty = static_cast<double>(server.resident_bytes());
  fill(server, {.keys = keys, .value_bytes = 230});
  const auto full = static_cast<double>(server.resident_bytes());
  flush.gigabytes = (full - empty) / 1e9;
  LoadGenerator load(server.port(), 1, 1);
  load.time_server(server);
  load.add_probe(ping_probe(200us, [&](const ProbeReply& reply) {
    flush.waits.record(reply.wait());
    flush.server_ran.record(reply.server_ran);
  }));
  bool sent = false;
  load.add_probe(
      {.interval = 300ms,
       .request = [&] { return std::exchange(sent, true) ? std::string() : request({"FLUSHALL"}); },
       .on_reply = [](const ProbeReply&) {}});
  const TimePoint start = now();
  TimePoint looked = start;
  load.run_probes([&] {
    if (now() - looked < 500ms) return false;
    looked = now();
    const auto resident = static_cast<double>(server.roughly_resident_bytes());
    return resident < empty + (full - empty) / 20 || now() - start > 30s;
  });
  flush.until_back = looked - start;
  return flush;
}

void measure_flush(Bench& bench) {
  const std::uint64_t keys = bench.quick ? 1'000'000 : 17'000'000;
  const Flush quietest = quietest_of(
      kFlushRounds, kLongestMs, [&] { return flush(bench.ours, keys); },
      [](const Flush& flush) { return milliseconds(flush.server_ran.max()); });
  const auto add = [&](const std::string& name, const std::string& unit, double value,
                       std::optional<Target> target) {
    bench.report.add({.scenario = "accounting",
                      .name = fmt::format("FLUSHALL of {:.1f} GB: {}", quietest.gigabytes, name),
                      .unit = unit,
                      .ours = value,
                      .theirs = 0,
                      .ratio = {},
                      .target = target});
  };
  add("until 95 % is back", "s", seconds(quietest.until_back), Target{.limit = 10});
  add("longest wait of a PING", "ms", milliseconds(quietest.waits.max()), std::nullopt);
  add("p99.9 of a PING", "ms", milliseconds(quietest.waits.quantile(0.999)), std::nullopt);
  add(fmt::format("longest run in a wait (round {})", quietest.round), "ms",
      milliseconds(quietest.server_ran.max()), Target{.limit = kLongestMs});
}

}  // namespace

void measure_accounting(Bench& bench) {
  const std::uint64_t keys = bench.quick ? 250'000 : 1'000'000;
  const Errors ours = accounting_errors(bench.ours, keys);
  const Errors theirs = accounting_errors(bench.theirs, keys);
  const auto add = [&](const std::string& name, double Errors::*field) {
    bench.report.add({.scenario = "accounting",
                      .name = "used_memory beside RSS, " + name,
                      .unit = "% off",
                      .ours = ours.*field,
                      .theirs = theirs.*field,
                      .ratio = {},
                      .target = Target{.limit = 5}});
  };
  add("strings", &Errors::strings);
  add("hashes", &Errors::hashes);
  add("nine tenths deleted", &Errors::deleted);
  measure_flush(bench);
}

}  // namespace scrubjay::load
