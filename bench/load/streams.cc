// Commands on streams: appending to a thousand streams, to one that is kept at a length, reading
// ranges, and a consumer group's round of reading and acknowledging.
#include <fmt/format.h>

#include "comparison.h"

namespace scrubjay::load {
namespace {

constexpr std::uint64_t kStreams = 1000;
constexpr std::uint64_t kEntries = 1000;
constexpr std::uint64_t kLogEntries = 1'000'000;

std::string stream_name(std::uint64_t i) {
  return fmt::format("stream:{}", i);
}

void append_entry(std::string& out, const std::string& key, const std::string& id,
                  std::uint64_t i) {
  append_request(
      out, {"XADD", key, id, "user", fmt::format("user:{:06}", i * 7919 % 1'000'000), "action",
            i % 3 == 0 ? "click" : "view", "amount", std::to_string(i * 31 % 10'000)});
}

void fill_streams(const ServerProcess& server) {
  CountedSource streams(kStreams * kEntries, [](std::string& out, std::uint64_t i) {
    append_entry(out, stream_name(i % kStreams), fmt::format("{}-0", 1 + i / kStreams), i);
  });
  fill_in_order(server, streams);
  CountedSource log(kLogEntries, [](std::string& out, std::uint64_t i) {
    append_entry(out, "log", fmt::format("{}-0", 1 + i), i);
  });
  fill_in_order(server, log);
  CountedSource group(1, [](std::string& out, std::uint64_t) {
    append_request(out, {"XGROUP", "CREATE", "log", "workers", "0"});
  });
  fill_in_order(server, group);
}

std::vector<Operation> operations() {
  return {
      {"XADD", 0.70,
       [](std::string& out, Random& random) {
         append_entry(out, stream_name(draw(random, kStreams)), "*", draw(random, 1'000'000));
       }},
      {"XADD MAXLEN ~ 1000", 0.70,
       [](std::string& out, Random& random) {
         append_request(out, {"XADD", "capped", "MAXLEN", "~", "1000", "*", "temperature",
                              std::to_string(draw(random, 40)), "humidity",
                              std::to_string(draw(random, 100))});
       }},
      {"XRANGE of 10", 0.70,
       [](std::string& out, Random& random) {
         append_request(out, {"XRANGE", stream_name(draw(random, kStreams)),
                              fmt::format("{}", 1 + draw(random, kEntries)), "+", "COUNT", "10"});
       }},
      {"XREAD of 10", 0.70,
       [](std::string& out, Random& random) {
         append_request(out,
                        {"XREAD", "COUNT", "10", "STREAMS", stream_name(draw(random, kStreams)),
                         fmt::format("{}", 1 + draw(random, kEntries))});
       }},
      {"XREADGROUP of 1 and XACK", 0.70,
       [](std::string& out, Random& random) {
         // The entries come in order; which are acknowledged does not matter, if they are recent.
         if (draw(random, 2) == 0)
           append_request(
               out, {"XREADGROUP", "GROUP", "workers", "w", "COUNT", "1", "STREAMS", "log", ">"});
         else
           append_request(
               out, {"XACK", "log", "workers", fmt::format("{}-0", 1 + draw(random, kLogEntries))});
       }},
  };
}

}  // namespace

void measure_streams(Bench& bench) {
  compare(bench, "streams", fill_streams, operations());
}

}  // namespace scrubjay::load
