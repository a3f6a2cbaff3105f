// What applications build on: a script that reads one key, a script that moves a job, and a
// transaction of ten writes.
#include <fmt/format.h>

#include "comparison.h"

namespace scrubjay::load {
namespace {

constexpr std::uint64_t kKeys = 100'000;
constexpr std::uint64_t kWrites = 10;
constexpr std::size_t kTransactions = 16;  // in flight on each connection

constexpr std::string_view kGet = "return redis.call('get', KEYS[1])";
constexpr std::string_view kGetSha = "4e6d8fc8bb01276962cce5371fa795a7763657ae";
constexpr std::string_view kMove =
    "local job = redis.call('rpop', KEYS[1]) "
    "if job then redis.call('lpush', KEYS[1], job) "
    "redis.call('hset', KEYS[2], 'job', job, 'at', ARGV[1]) end return job";

void fill_keys(const ServerProcess& server) {
  CountedSource keys(kKeys, [](std::string& out, std::uint64_t i) {
    append_request(out, {"SET", key_name(i), "a value of some thirty-two bytes"});
  });
  fill(server, keys);
  CountedSource lists(kKeys, [](std::string& out, std::uint64_t i) {
    append_request(out, {"RPUSH", fmt::format("jobs:{}", i % (kKeys / 10)), fmt::format("{}", i)});
  });
  fill(server, lists);
  Client client(server.port());
  client.ask({"SCRIPT", "LOAD", std::string(kGet)});
}

// One request of an endless row of transactions.
void write_transaction(std::string& out, Random& random, std::uint64_t& place) {
  const std::uint64_t at = place++ % (kWrites + 2);
  if (at == 0) return append_request(out, {"MULTI"});
  if (at == kWrites + 1) return append_request(out, {"EXEC"});
  append_request(out, {"SET", key_name(draw(random, kKeys)), "a value of some thirty-two bytes"});
}

std::vector<Operation> operations() {
  return {
      {"EVALSHA of GET", 0.90,
       [](std::string& out, Random& random) {
         append_request(out, {"EVALSHA", kGetSha, "1", key_name(draw(random, kKeys))});
       }},
      {"EVAL of three commands", 0.95,
       [](std::string& out, Random& random) {
         const std::uint64_t job = draw(random, kKeys / 10);
         append_request(out, {"EVAL", kMove, "2", fmt::format("jobs:{}", job),
                              fmt::format("state:{}", job), "1700000000"});
       }},
      {"MULTI, 10 SET, EXEC", 0.55,
       [place = std::uint64_t{0}](std::string& out, Random& random) mutable {
         write_transaction(out, random, place);
       },
       kTransactions * (kWrites + 2)},
  };
}

}  // namespace

void measure_scripts(Bench& bench) {
  compare(bench, "scripts", fill_keys, operations());
}

}  // namespace scrubjay::load
