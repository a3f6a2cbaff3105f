#include "schema/tips.h"

#include <array>

namespace scrubjay::schema {
namespace {

struct Row {
  std::string_view command;
  std::array<std::string_view, 3> tips;
};

constexpr std::string_view kVaries = "nondeterministic_output";
constexpr std::string_view kAnyOrder = "nondeterministic_output_order";
constexpr std::string_view kToShards = "request_policy:all_shards";
constexpr std::string_view kToNodes = "request_policy:all_nodes";
constexpr std::string_view kToSeveral = "request_policy:multi_shard";
constexpr std::string_view kAllSucceed = "response_policy:all_succeeded";
constexpr std::string_view kSum = "response_policy:agg_sum";
constexpr std::string_view kSpecial = "response_policy:special";

constexpr Row kRows[] = {
    {"client|info", {kVaries}},
    {"client|list", {kVaries}},
    {"command", {kAnyOrder}},
    {"command|docs", {kAnyOrder}},
    {"command|info", {kAnyOrder}},
    {"command|list", {kAnyOrder}},
    {"config|resetstat", {kToNodes, kAllSucceed}},
    {"config|rewrite", {kToNodes, kAllSucceed}},
    {"config|set", {kToNodes, kAllSucceed}},
    {"dbsize", {kToShards, kSum}},
    {"del", {kToSeveral, kSum}},
    {"dump", {kVaries}},
    {"exists", {kToSeveral, kSum}},
    {"flushall", {kToShards, kAllSucceed}},
    {"flushdb", {kToShards, kAllSucceed}},
    {"function|flush", {kToShards, kAllSucceed}},
    {"function|list", {kAnyOrder}},
    {"info", {kVaries, kToShards, kSpecial}},
    {"keys", {kToShards, kAnyOrder}},
    {"lastsave", {kVaries}},
    {"latency|doctor", {kVaries, kToNodes, kSpecial}},
    {"latency|graph", {kVaries, kToNodes, kSpecial}},
    {"latency|histogram", {kVaries, kToNodes, kSpecial}},
    {"latency|history", {kVaries, kToNodes, kSpecial}},
    {"latency|latest", {kVaries, kToNodes, kSpecial}},
    {"latency|reset", {kToNodes, kSum}},
    {"memory|doctor", {kVaries, kToShards, kSpecial}},
    {"memory|malloc-stats", {kVaries, kToShards, kSpecial}},
    {"memory|purge", {kToShards, kAllSucceed}},
    {"memory|stats", {kVaries, kToShards, kSpecial}},
    {"mget", {kToSeveral}},
    {"module|list", {kAnyOrder}},
    {"mset", {kToSeveral, kAllSucceed}},
    {"msetex", {kToSeveral, kAllSucceed}},
    {"msetnx", {kToSeveral, "response_policy:agg_min"}},
    {"object|encoding", {kVaries}},
    {"object|freq", {kVaries}},
    {"object|idletime", {kVaries}},
    {"object|refcount", {kVaries}},
    {"ping", {kToShards, kAllSucceed}},
    {"pttl", {kVaries}},
    {"randomkey", {kToShards, kSpecial, kVaries}},
    {"scan", {kVaries, "request_policy:special", kSpecial}},
    {"script|exists", {kToShards, "response_policy:agg_logical_and"}},
    {"script|flush", {kToNodes, kAllSucceed}},
    {"slowlog|get", {kToNodes, kVaries}},
    {"slowlog|len", {kToNodes, kSum, kVaries}},
    {"slowlog|reset", {kToNodes, kAllSucceed}},
    {"time", {kVaries}},
    {"touch", {kToSeveral, kSum}},
    {"ttl", {kVaries}},
    {"unlink", {kToSeveral, kSum}},
    {"wait", {kToShards, "response_policy:agg_min"}},
    {"waitaof", {kToShards, "response_policy:agg_min"}},
};

}  // namespace

std::span<const std::string_view> tips_of(std::string_view command) {
  for (const Row& row : kRows) {
    if (row.command != command) continue;
    size_t count = 0;
    while (count < row.tips.size() && !row.tips[count].empty()) ++count;
    return {row.tips.data(), count};
  }
  return {};
}

}  // namespace scrubjay::schema
