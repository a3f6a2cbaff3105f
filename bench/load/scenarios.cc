#include "scenarios.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string>

#include "socket.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kFillConnections = 4;
constexpr std::size_t kFillDepth = 64;
constexpr auto kFillTimeout = 120s;

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all{
      {"throughput", "how much CPU a request costs", measure_throughput},
      {"memory", "how many bytes a key takes", measure_memory},
      {"growth", "whether anybody waits while the table grows", measure_growth},
      {"expiry", "how a million keys leave at once", measure_expiry},
      {"collections", "how much CPU a request on a collection costs", measure_collections},
      {"million", "how much CPU a request costs among a million keys of its kind", measure_million},
      {"ten-million", "how much CPU a GET costs among ten million keys", measure_ten_million},
      {"threads", "how many requests two threads answer", measure_threads},
      {"contention", "how often threads wait for one another, of ours alone", measure_contention},
      {"tails", "how long requests wait when much happens at once", measure_tails},
      {"start", "what a server costs before and without any load", measure_start},
      {"geo", "how much CPU a search among a million places costs", measure_geo},
      {"hyperloglog", "how much CPU a request on a HyperLogLog costs", measure_hyperloglog},
      {"collection-memory", "how many bytes collections take", measure_collection_memory},
      {"bitmaps", "how much CPU a request on bits costs", measure_bitmaps},
      {"streams", "how much CPU a request on a stream costs", measure_streams},
      {"scripts", "how much CPU scripts and transactions cost", measure_scripts},
      {"fanout", "how much CPU a message to many costs", measure_fanout},
      {"tracking", "what it costs that clients cache", measure_tracking},
      {"eviction", "what a limit of memory costs", measure_eviction},
      {"accounting", "whether used_memory tells the truth, and what FLUSHALL gives back",
       measure_accounting},
      {"big-delete", "whether anybody waits while a huge collection is freed", measure_big_delete},
  };
  return all;
}

void fill(const ServerProcess& server, const FillSource::Plan& plan) {
  FillSource source(plan);
  fill(server, source);
  const std::string size = Client(server.port()).ask({"DBSIZE"});
  if (size != fmt::format(":{}\r\n", plan.keys)) {
    throw std::runtime_error(fmt::format("after {} keys DBSIZE answers {}", plan.keys, size));
  }
}

std::uint64_t used_memory(const ServerProcess& server) {
  const std::string info = Client(server.port()).ask({"INFO", "memory"});
  return std::stoull(info.substr(info.find("\nused_memory:") + 13));
}

void fill(const ServerProcess& server, RequestSource& source) {
  expect_no_errors(
      LoadGenerator(server.port(), kFillConnections, kFillDepth).run(source, kFillTimeout));
}

void fill_in_order(const ServerProcess& server, RequestSource& source) {
  expect_no_errors(LoadGenerator(server.port(), 1, kFillDepth).run(source, kFillTimeout));
}

void expect_no_errors(const LoadResult& result) {
  if (result.errors == 0) return;
  throw std::runtime_error(
      fmt::format("the server refused {} requests: {}", result.errors, result.first_error));
}

}  // namespace scrubjay::load
