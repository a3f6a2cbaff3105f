// Bytes of the resident set that collections take, beside the other server's.
#include <fmt/format.h>

#include <functional>
#include <thread>

#include "scenarios.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kSettle = 1s;

struct Shape {
  std::string name;
  double ratio_limit;
  std::uint64_t requests;
  double items;  // over which the bytes are divided
  std::string unit;
  std::function<void(std::string&, std::uint64_t)> write;
};

std::vector<Shape> shapes(std::uint64_t scale) {
  const std::uint64_t hashes = 100'000 * scale;
  const std::uint64_t keys = 1000 * scale;  // of the others
  constexpr std::uint64_t kEach = 1000;
  const std::uint64_t members = 100'000 * scale;
  const auto total = static_cast<double>(keys * kEach);
  return {
      {fmt::format("{} hashes of 5 fields", hashes), 0.8, hashes, static_cast<double>(hashes),
       "bytes/hash",
       [](std::string& out, std::uint64_t i) {
         append_request(
             out, {"HSET", fmt::format("user:{}", i), "name", fmt::format("name{}", i), "email",
                   fmt::format("u{}@example.com", i), "age", std::to_string(i % 90), "city",
                   "London", "visits", std::to_string(i % 1000)});
       }},
      {fmt::format("{} lists of 1000 short strings", keys), 0.8, keys * kEach, total,
       "bytes/element",
       [keys](std::string& out, std::uint64_t i) {
         append_request(out, {"RPUSH", fmt::format("list:{}", i % keys),
                              fmt::format("element:{:06}", i / keys)});
       }},
      {fmt::format("{} sets of 1000 integers", keys), 0.8, keys * kEach, total, "bytes/member",
       [keys](std::string& out, std::uint64_t i) {
         append_request(out, {"SADD", fmt::format("ints:{}", i % keys),
                              std::to_string(i / keys * 7919 % 1'000'000)});
       }},
      {fmt::format("{} sets of 1000 short strings", keys), 0.6, keys * kEach, total, "bytes/member",
       [keys](std::string& out, std::uint64_t i) {
         append_request(out, {"SADD", fmt::format("tags:{}", i % keys),
                              fmt::format("member:{:04}", i / keys)});
       }},
      {fmt::format("a sorted set of {} members", members), 0.6, members,
       static_cast<double>(members), "bytes/member",
       [members](std::string& out, std::uint64_t i) {
         append_request(out, {"ZADD", "board", std::to_string(i * 7919 % members),
                              fmt::format("member:{:07}", i)});
       }},
      {fmt::format("a stream of {} entries of 3 fields", members), 0.9, members,
       static_cast<double>(members), "bytes/entry",
       [](std::string& out, std::uint64_t i) {
         append_request(out,
                        {"XADD", "log", "*", "user", fmt::format("user:{}", i * 7919 % 1'000'000),
                         "action", i % 3 == 0 ? "click" : "view", "amount",
                         fmt::format("{}.{:02}", i * 31 % 1000, i % 100)});
       }},
  };
}

double bytes_per_item(const ServerCommand& command, const Shape& shape) {
  const ServerProcess server(command);
  std::this_thread::sleep_for(kSettle / 5);
  const auto empty = static_cast<double>(server.resident_bytes());
  CountedSource source(shape.requests, shape.write);
  fill(server, source);
  std::this_thread::sleep_for(kSettle);
  return (static_cast<double>(server.resident_bytes()) - empty) / shape.items;
}

}  // namespace

void measure_collection_memory(Bench& bench) {
  for (const Shape& shape : shapes(bench.quick ? 2 : 10)) {
    bench.report.add({.scenario = "collection-memory",
                      .name = shape.name,
                      .unit = shape.unit,
                      .ours = bytes_per_item(bench.ours, shape),
                      .theirs = bytes_per_item(bench.theirs, shape),
                      .ratio = {},
                      .target = Target{.of = Target::Of::kRatio, .limit = shape.ratio_limit}});
  }
}

}  // namespace scrubjay::load
