// What many threads cost one another: our server alone, with one to sixteen threads on the cores
// that there are, under loads that could make them wait. The server counts (INFO contention,
// docs/threads.md); figures are per thousand requests. With more threads than cores a thread may
// lose its core while it holds a lock, which is the worst that can happen to those who want it.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "comparison.h"
#include "listeners.h"
#include "socket.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kClients = 64;
constexpr std::size_t kDepth = 16;
constexpr std::size_t kTapeRequests = 403'200;
constexpr std::uint64_t kChannels = 16;
constexpr std::uint64_t kSubscribers = 64;
constexpr std::string_view kPayload = "user:000042 changed its name and its colour of choice";
constexpr std::string_view kReads = "return redis.call('get', KEYS[1])";
constexpr std::string_view kWrites = "return redis.call('set', KEYS[1], ARGV[1])";
constexpr std::string_view kDeclares = "#!lua flags=declared-keys\n";

// With four stripes for a thread and a fifth of its time under a lock, a thread finds one in 20
// taken by any of the others, however many they are.
constexpr double kMostWaits = 50;

using Writer = std::function<void(std::string&, Random&)>;

struct Load {
  std::string name;
  // Makes what writes one request, for a server that holds so many keys.
  std::function<Writer(const ServerProcess&, std::uint64_t keys)> prepare;
  bool spread = false;  // over all stripes: threads hardly meet
  bool subscribers = false;
};

struct Counts {
  double waits = 0;  // for a lock or for the world
  double wakes = 0;
};

double info_field(const std::string& info, std::string_view name) {
  const std::size_t at = info.find(fmt::format("\n{}:", name));
  if (at == std::string::npos) throw std::runtime_error(fmt::format("INFO has no {}", name));
  return std::stod(info.substr(at + name.size() + 2));
}

Counts counts_of(const ServerProcess& server) {
  const std::string info = Client(server.port()).ask({"INFO", "contention"});
  Counts counts;
  for (const char* name :
       {"contended_stripe_locks", "contended_channel_locks", "contended_inbox_locks",
        "contended_mailbox_locks", "contended_other_locks", "world_waits", "gate_waits"})
    counts.waits += info_field(info, name);
  counts.wakes = info_field(info, "sleeps") + info_field(info, "bell_rings");
  return counts;
}

std::string value() {
  return std::string(32, 'y');
}

void write_access(std::string& out, Random& random, std::string_view key) {
  if (draw(random, 5) == 0)
    append_request(out, {"SET", key, value()});
  else
    append_request(out, {"GET", key});
}

Writer uniform(const ServerProcess&, std::uint64_t keys) {
  return [keys](std::string& out, Random& random) {
    write_access(out, random, key_name(draw(random, keys)));
  };
}

Writer hot_key(const ServerProcess&, std::uint64_t keys) {
  return [keys](std::string& out, Random& random) {
    const bool hot = draw(random, 2) == 0;
    append_request(out, {"GET", key_name(hot ? 0 : draw(random, keys))});
  };
}

Writer one_counter(const ServerProcess&, std::uint64_t) {
  return [](std::string& out, Random&) { append_request(out, {"INCR", "counter"}); };
}

// The hash is seeded, so that nobody can aim at a stripe from outside. But SCAN goes through one
// stripe after the other: half of a stripe's share of the keys, from the start, is of the first.
Writer hot_stripe(const ServerProcess& server, std::uint64_t keys) {
  Client client(server.port());
  const double stripes = info_field(client.ask({"INFO", "server"}), "scrubjay_stripes");
  const auto count = static_cast<std::uint64_t>(static_cast<double>(keys) / stripes / 2);
  const std::string reply = client.ask({"SCAN", "0", "COUNT", std::to_string(count)});
  std::vector<std::string> names;
  const std::string prefix = key_name(0).substr(0, key_name(0).find(':') + 1);
  for (std::size_t at = 0; (at = reply.find(prefix, at)) != std::string::npos;) {
    const std::size_t end = reply.find('\r', at);
    names.push_back(reply.substr(at, end - at));
    at = end;
  }
  if (names.empty()) throw std::runtime_error("SCAN returns no keys");
  return [names = std::move(names)](std::string& out, Random& random) {
    write_access(out, random, names[draw(random, names.size())]);
  };
}

// One script in four of those that are run writes.
Writer scripts(const ServerProcess& server, std::uint64_t keys, std::string_view head) {
  Client client(server.port());
  const auto load = [&](std::string_view text) {
    const std::string reply = client.ask({"SCRIPT", "LOAD", std::string(head) + std::string(text)});
    return reply.substr(reply.find('\n') + 1, 40);
  };
  return [keys, reads = load(kReads), writes = load(kWrites)](std::string& out, Random& random) {
    const std::string key = key_name(draw(random, keys));
    if (draw(random, 2) == 0)
      append_request(out, {"GET", key});
    else if (draw(random, 4) == 0)
      append_request(out, {"EVALSHA", writes, "1", key, value()});
    else
      append_request(out, {"EVALSHA", reads, "1", key});
  };
}

Writer messages(const ServerProcess&, std::uint64_t) {
  return [](std::string& out, Random& random) {
    append_request(out,
                   {"PUBLISH", fmt::format("channel:{:02}", draw(random, kChannels)), kPayload});
  };
}

std::vector<std::string> subscriptions() {
  std::vector<std::string> requests;
  for (std::uint64_t i = 0; i < kSubscribers; ++i)
    requests.push_back(request({"SUBSCRIBE", fmt::format("channel:{:02}", i % kChannels)}));
  return requests;
}

std::vector<Load> loads() {
  return {
      {.name = "uniform", .prepare = uniform, .spread = true},
      {.name = "hot key", .prepare = hot_key},
      {.name = "INCR of one key", .prepare = one_counter},
      {.name = "hot stripe", .prepare = hot_stripe},
      {.name = "EVALSHA",
       .prepare = [](const ServerProcess& server,
                     std::uint64_t keys) { return scripts(server, keys, ""); }},
      {.name = "EVALSHA, declared",
       .prepare = [](const ServerProcess& server,
                     std::uint64_t keys) { return scripts(server, keys, kDeclares); }},
      {.name = "PUBLISH", .prepare = messages, .subscribers = true},
  };
}

struct Costs {
  double waits;  // both per thousand requests
  double wakes;
  double cpu_us;
};

Costs measure(const ServerProcess& server, const Load& what, std::uint64_t keys, bool quick) {
  const Writer write = what.prepare(server, keys);
  Random random(1);
  RequestTape tape(kTapeRequests, [&](std::string& out) { write(out, random); });
  std::optional<Listeners> listeners;
  if (what.subscribers) listeners.emplace(server.port(), subscriptions());
  LoadGenerator load(server.port(), kClients, kDepth);
  std::uint64_t requests = 0;
  const auto run = [&](Nanoseconds time) {
    const LoadResult result = load.run(tape, time);
    expect_no_errors(result);
    requests += result.requests;
    if (!listeners) return;
    const std::size_t bytes = request({"message", "channel:00", kPayload}).size();
    listeners->expect(requests * bytes * (kSubscribers / kChannels));
  };
  run(100ms);
  const std::uint64_t warm_up = requests;
  const Counts before = counts_of(server);
  const CpuTime cpu_before = server.cpu_time();
  run(quick ? 200ms : 1500ms);
  const CpuTime cpu_after = server.cpu_time();
  const Counts after = counts_of(server);
  const auto done = static_cast<double>(requests - warm_up);
  return {
      .waits = (after.waits - before.waits) * 1000 / done,
      .wakes = (after.wakes - before.wakes) * 1000 / done,
      .cpu_us = static_cast<double>((cpu_after.running - cpu_before.running).count()) / 1e3 / done};
}

}  // namespace

void measure_contention(Bench& bench) {
  const std::uint64_t keys = bench.quick ? 100'000 : 1'000'000;
  const std::vector<std::size_t> thread_counts{1, 2, 4, 8, 16};
  const std::vector<Load> all = loads();
  const AllCores all_cores;
  std::vector<std::vector<Costs>> costs(all.size());
  for (const std::size_t threads : thread_counts) {
    ServerCommand command = bench.ours;
    command.core = ServerCommand::kAnyCore;
    command.arguments = {"--threads", std::to_string(threads)};
    const ServerProcess server(command);
    fill(server, {.keys = keys, .value_bytes = 32});
    for (std::size_t i = 0; i < all.size(); ++i)
      costs[i].push_back(measure(server, all[i], keys, bench.quick));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < thread_counts.size(); ++j) {
      const auto add = [&](std::string_view name, std::string_view unit, double figure) -> Figure& {
        return bench.report.add(
            {.scenario = "contention",
             .name = fmt::format("{} by {}: {}", all[i].name, thread_counts[j], name),
             .unit = std::string(unit),
             .ours = figure,
             .theirs = std::numeric_limits<double>::quiet_NaN(),
             .ratio = {},
             .target = {}});
      };
      Figure& waits = add("waits", "1/1000", costs[i][j].waits);
      if (all[i].spread) waits.target = Target{.limit = kMostWaits};
      Figure& wakes = add("wakes", "1/1000", costs[i][j].wakes);
      if (all[i].spread) wakes.target = Target{.limit = 1};
      add("CPU", "us", costs[i][j].cpu_us);
    }
  }
}

}  // namespace scrubjay::load
