// bench_hit_ratio: what share of recorded traffic a cache of a given size serves; ours,
// redis-server and memcached on the same traces. See README.md.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "memcached_process.h"
#include "replay.h"
#include "server_process.h"

namespace {

using namespace scrubjay;
using namespace scrubjay::hit_ratio;

struct Options {
  std::string folder;
  std::string ours;
  std::string theirs = "redis-server";
  std::string memcached;
  std::string policy = "allkeys-adaptive";
  std::vector<std::string> traces{"scarab", "w106",  "orm_busy", "orm_night", "web12",
                                  "cdn",    "corda", "sprite",   "multi3",    "gli"};
  std::vector<double> percents{1, 5, 10, 20};
  std::size_t value_bytes = 200;
  std::size_t most_requests = 0;
  double pace = 0;
  bool equal_bytes = false;
};

std::uint64_t field(load::Client& client, const std::string& section, const std::string& name) {
  const std::string info = client.ask({"INFO", section});
  const std::size_t at = info.find("\n" + name + ":");
  return at == std::string::npos ? 0 : std::stoull(info.substr(at + name.size() + 2));
}

std::uint64_t used_memory(std::uint16_t port) {
  load::Client client(port);
  return field(client, "memory", "used_memory");
}

std::uint64_t keys_in(std::uint16_t port) {
  return std::stoull(load::Client(port).ask({"DBSIZE"}).substr(1));
}

load::ServerCommand command(const std::string& path, const std::string& policy, std::uint64_t limit,
                            bool ours) {
  load::ServerCommand result{.name = path, .path = path, .arguments = {}};
  result.arguments = {"--maxmemory-policy", policy, "--maxmemory", std::to_string(limit)};
  if (ours) {
    result.arguments.insert(result.arguments.end(), {"--threads", "1"});
  }
  return result;
}

struct Outcome {
  double hit_ratio = 0;
  std::uint64_t keys = 0;
};

Outcome run_server(const load::ServerCommand& server, const ReplayPlan& plan, const Trace& trace) {
  const load::ServerProcess process(server);
  CacheClient client(process.port(), plan);
  Outcome outcome;
  outcome.hit_ratio = client.replay(trace);
  outcome.keys = keys_in(process.port());
  return outcome;
}

// What a server without a limit uses when it holds so many keys.
std::uint64_t bytes_for(const std::string& path, bool ours, std::size_t keys,
                        const ReplayPlan& plan) {
  const load::ServerProcess process(command(path, "noeviction", 0, ours));
  CacheClient client(process.port(), plan);
  client.fill(keys);
  return used_memory(process.port());
}

// A small cache must not have a window of replies in flight that is as large as itself.
std::size_t window_for(std::size_t keys) {
  return std::clamp<std::size_t>(keys / 64, 1, 64);
}

// The first part of a trace that asks for twice as many keys as the cache is to hold: enough to see
// how many it holds.
Trace prefix_for(const Trace& trace, std::size_t keys) {
  std::vector<bool> seen(trace.unique);
  std::size_t unique = 0;
  std::size_t length = 0;
  while (length < trace.keys.size() && unique < 2 * keys) {
    const std::uint32_t key = trace.keys[length++];
    unique += seen[key] ? 0 : 1;
    seen[key] = true;
  }
  Trace prefix{.name = trace.name, .keys = {}, .unique = trace.unique};
  prefix.keys.assign(trace.keys.begin(), trace.keys.begin() + static_cast<std::ptrdiff_t>(length));
  return prefix;
}

// The limit is moved until the server holds the number of keys that is asked for.
Outcome run_equal_items(const Options& options, const Trace& trace, std::size_t keys) {
  // A few small values would be lost in what the server itself takes.
  const std::size_t value_bytes =
      std::max(options.value_bytes, std::min<std::size_t>(8000, 2'000'000 / keys));
  const ReplayPlan plan{.value_bytes = value_bytes, .window = window_for(keys)};
  const Trace prefix = prefix_for(trace, keys);
  const double per_key = static_cast<double>(value_bytes) + 60;
  std::uint64_t limit = bytes_for(options.ours, true, keys, plan);
  for (int attempt = 0; attempt < 5; ++attempt) {
    const Outcome outcome =
        run_server(command(options.ours, options.policy, limit, true), plan, prefix);
    const double missing = static_cast<double>(keys) - static_cast<double>(outcome.keys);
    if (std::abs(missing) <= std::max(1.0, 0.005 * static_cast<double>(keys))) break;
    limit = static_cast<std::uint64_t>(static_cast<double>(limit) + missing * per_key);
  }
  return run_server(command(options.ours, options.policy, limit, true), plan, trace);
}

void equal_items(const Options& options) {
  fmt::print("| trace | keys | held | {} |\n|-|-|-|-|\n", options.policy);
  double sum = 0;
  int points = 0;
  for (const std::string& name : options.traces) {
    const Trace trace = read_trace(options.folder, name, options.most_requests);
    for (const double percent : options.percents) {
      const auto keys = static_cast<std::size_t>(
          std::max(1.0, static_cast<double>(trace.unique) * percent / 100 + 0.5));
      const Outcome outcome = run_equal_items(options, trace, keys);
      fmt::print("| {} {} % | {} | {} | {:.1f} |\n", name, percent, keys, outcome.keys,
                 outcome.hit_ratio);
      std::fflush(stdout);
      sum += outcome.hit_ratio;
      ++points;
    }
  }
  fmt::print("mean of {} points: {:.2f}\n", points, sum / points);
}

// memcached does not start with less: its largest item would be more than half of the memory.
constexpr std::uint64_t kLeastMemcachedMegabytes = 2;

void equal_bytes(const Options& options) {
  fmt::print("| trace | MB | ours (keys) | redis lru | redis lfu | memcached |\n|-|-|-|-|-|-|\n");
  double ours_sum = 0;
  double redis_sum = 0;
  int points = 0;
  double memcached_lead = 0;
  int memcached_points = 0;
  for (const std::string& name : options.traces) {
    const Trace trace = read_trace(options.folder, name, options.most_requests);
    for (const double percent : options.percents) {
      const auto keys = static_cast<std::size_t>(static_cast<double>(trace.unique) * percent / 100);
      ReplayPlan plan{.value_bytes = options.value_bytes};
      const std::uint64_t limit = bytes_for(options.theirs, false, keys, plan);
      const Outcome ours =
          run_server(command(options.ours, options.policy, limit, true), plan, trace);
      const Outcome lfu =
          run_server(command(options.theirs, "allkeys-lfu", limit, false), plan, trace);
      std::optional<double> memcached;
      const auto megabytes =
          static_cast<std::uint64_t>(std::llround(static_cast<double>(limit) / 1e6));
      if (!options.memcached.empty() && megabytes >= kLeastMemcachedMegabytes) {
        const MemcachedProcess process(options.memcached, megabytes);
        ReplayPlan text = plan;
        text.protocol = Protocol::kMemcached;
        memcached = CacheClient(process.port(), text).replay(trace);
      }
      plan.requests_per_second = options.pace;
      const Outcome lru =
          run_server(command(options.theirs, "allkeys-lru", limit, false), plan, trace);
      fmt::print("| {} {} % | {:.1f} | {:.1f} ({}) | {:.1f} ({}) | {:.1f} ({}) | {} |\n", name,
                 percent, static_cast<double>(limit) / 1e6, ours.hit_ratio, ours.keys,
                 lru.hit_ratio, lru.keys, lfu.hit_ratio, lfu.keys,
                 memcached ? fmt::format("{:.1f}", *memcached) : "-");
      std::fflush(stdout);
      ours_sum += ours.hit_ratio;
      redis_sum += std::max(lru.hit_ratio, lfu.hit_ratio);
      ++points;
      if (!memcached) continue;
      memcached_lead += ours.hit_ratio - *memcached;
      ++memcached_points;
    }
  }
  fmt::print("means of {} points: ours {:.2f}, the better of redis {:.2f}\n", points,
             ours_sum / points, redis_sum / points);
  if (memcached_points > 0) {
    fmt::print("ours before memcached, mean of {} points: {:.2f}\n", memcached_points,
               memcached_lead / memcached_points);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Replays recorded traffic through caches of a given size");
  app.add_option("folder", options.folder, "folder of the traces, NAME.u32.zst")->required();
  app.add_option("--ours", options.ours, "our server")->required();
  app.add_option("--theirs", options.theirs, "redis-server")->capture_default_str();
  app.add_option("--memcached", options.memcached, "memcached; without it none is asked");
  app.add_option("--policy", options.policy, "of ours")->capture_default_str();
  app.add_option("--traces", options.traces, "names")->capture_default_str();
  app.add_option("--percents", options.percents, "sizes, in percent of the unique keys")
      ->capture_default_str();
  app.add_option("--value-bytes", options.value_bytes, "of each value")->capture_default_str();
  app.add_option("--requests", options.most_requests, "at most, of each trace");
  app.add_option("--pace", options.pace, "requests a second to redis-server's allkeys-lru");
  app.add_flag("--equal-bytes", options.equal_bytes,
               "the same memory for all, instead of the same number of keys");
  CLI11_PARSE(app, argc, argv);
  try {
    options.equal_bytes ? equal_bytes(options) : equal_items(options);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "bench_hit_ratio: {}\n", problem.what());
    return 1;
  }
  return 0;
}
