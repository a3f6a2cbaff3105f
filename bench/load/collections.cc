// Commands on collections at depth 16: lists of a thousand elements and
// of sixty, hashes of ten fields
// (compact), sorted sets of a thousand members, and one of a million. Both servers hold the same
// data, filled anew for each round; members and keys are drawn at random.
#include <fmt/format.h>

#include <functional>
#include <random>

#include "comparison.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kDepth = 16;
constexpr std::size_t kTapeRequests = 400'000;
constexpr auto kWarmUp = 150ms;

constexpr std::uint64_t kLists = 10'000;
constexpr std::uint64_t kElements = 1000;
constexpr std::uint64_t kFeeds = 100'000;
constexpr std::uint64_t kFeedElements = 60;
constexpr std::uint64_t kHashes = 100'000;
constexpr std::uint64_t kFields = 10;
constexpr std::uint64_t kSets = 10'000;
constexpr std::uint64_t kSortedSets = 1000;
constexpr std::uint64_t kMembers = 1000;
constexpr std::uint64_t kMillion = 1'000'000;

using Random = std::mt19937_64;
using Write = std::function<void(std::string&, Random&)>;

struct Operation {
  std::string name;
  double ratio_limit;
  Write write;
};

std::uint64_t draw(Random& random, std::uint64_t bound) {
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random);
}
std::string list_name(std::uint64_t i) {
  return fmt::format("list:{}", i);
}
std::string feed_name(std::uint64_t i) {
  return fmt::format("feed:{}", i);
}
std::string element(std::uint64_t i) {
  return fmt::format("element:{:06}", i);
}
std::string hash_name(std::uint64_t i) {
  return fmt::format("hash:{}", i);
}
std::string member(std::uint64_t i) {
  return fmt::format("member:{:07}", i);
}
std::string sorted_set_name(std::uint64_t i) {
  return fmt::format("zset:{}", i);
}

void fill_collections(const ServerProcess& server) {
  constexpr std::uint64_t kAtOnce = 100;
  CountedSource lists(kLists * kElements / kAtOnce, [](std::string& out, std::uint64_t i) {
    out += fmt::format("*{}\r\n$5\r\nRPUSH\r\n", kAtOnce + 2);
    const auto word = [&](const std::string& text) {
      out += fmt::format("${}\r\n{}\r\n", text.size(), text);
    };
    word(list_name(i % kLists));
    for (std::uint64_t e = 0; e < kAtOnce; ++e) word(element(i / kLists * kAtOnce + e));
  });
  fill(server, lists);
  CountedSource feeds(kFeeds, [](std::string& out, std::uint64_t i) {
    out += fmt::format("*{}\r\n$5\r\nRPUSH\r\n", kFeedElements + 2);
    const auto word = [&](const std::string& text) {
      out += fmt::format("${}\r\n{}\r\n", text.size(), text);
    };
    word(feed_name(i));
    for (std::uint64_t e = 0; e < kFeedElements; ++e) word(element(i + e));
  });
  fill(server, feeds);
  CountedSource hashes(kHashes * kFields, [](std::string& out, std::uint64_t i) {
    append_request(out, {"HSET", hash_name(i / kFields), fmt::format("field:{}", i % kFields),
                         fmt::format("value:{:010}", i)});
  });
  fill(server, hashes);
  CountedSource sorted_sets(kSortedSets * kMembers, [](std::string& out, std::uint64_t i) {
    append_request(out, {"ZADD", sorted_set_name(i % kSortedSets), std::to_string(i / kSortedSets),
                         member(i / kSortedSets)});
  });
  fill(server, sorted_sets);
  CountedSource million(kMillion, [](std::string& out, std::uint64_t i) {
    append_request(out, {"ZADD", "million", std::to_string(i * 7919 % kMillion), member(i)});
  });
  fill(server, million);
}

std::vector<Operation> operations() {
  return {
      {"LPUSH", 0.60,
       [](std::string& out, Random& random) {
         append_request(
             out, {"LPUSH", list_name(draw(random, kLists)), element(draw(random, 1'000'000))});
       }},
      {"RPUSH", 0.60,
       [](std::string& out, Random& random) {
         append_request(
             out, {"RPUSH", list_name(draw(random, kLists)), element(draw(random, 1'000'000))});
       }},
      {"LPOP", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"LPOP", list_name(draw(random, kLists))});
       }},
      {"LPUSH to a feed of 60", 0.60,
       [](std::string& out, Random& random) {
         append_request(
             out, {"LPUSH", feed_name(draw(random, kFeeds)), element(draw(random, 1'000'000))});
       }},
      {"RPUSH to a feed of 60", 0.60,
       [](std::string& out, Random& random) {
         append_request(
             out, {"RPUSH", feed_name(draw(random, kFeeds)), element(draw(random, 1'000'000))});
       }},
      {"LPOP from a feed of 60", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"LPOP", feed_name(draw(random, kFeeds))});
       }},
      {"LRANGE of 100", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"LRANGE", list_name(draw(random, kLists)), "0", "99"});
       }},
      {"SADD", 0.60,
       [](std::string& out, Random& random) {
         append_request(
             out, {"SADD", fmt::format("set:{}", draw(random, kSets)), member(draw(random, 1000))});
       }},
      {"HSET", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"HSET", hash_name(draw(random, kHashes)),
                              fmt::format("field:{}", draw(random, kFields)),
                              fmt::format("value:{:010}", draw(random, 1'000'000))});
       }},
      {"HGET", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"HGET", hash_name(draw(random, kHashes)),
                              fmt::format("field:{}", draw(random, kFields))});
       }},
      {"ZADD", 0.60,
       [](std::string& out, Random& random) {
         append_request(out,
                        {"ZADD", sorted_set_name(draw(random, kSortedSets)),
                         std::to_string(draw(random, kMembers)), member(draw(random, kMembers))});
       }},
      {"ZSCORE", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"ZSCORE", sorted_set_name(draw(random, kSortedSets)),
                              member(draw(random, kMembers))});
       }},
      {"ZRANGEBYSCORE of 10", 0.60,
       [](std::string& out, Random& random) {
         const std::uint64_t low = draw(random, kMembers - 10);
         append_request(out, {"ZRANGEBYSCORE", sorted_set_name(draw(random, kSortedSets)),
                              std::to_string(low), "+inf", "LIMIT", "0", "10"});
       }},
      {"ZADD to a million", 0.50,
       [](std::string& out, Random& random) {
         append_request(out, {"ZADD", "million", std::to_string(draw(random, kMillion)),
                              member(draw(random, kMillion))});
       }},
  };
}

}  // namespace

void measure_collections(Bench& bench) {
  const std::vector<Operation> all = operations();
  std::vector<Cell> cells;
  for (const Operation& operation : all)
    cells.push_back(
        {.name = operation.name, .depth = kDepth, .ratio_limit = operation.ratio_limit});
  const std::size_t rounds = bench.quick ? 1 : 4;
  const Nanoseconds time = bench.quick ? 200ms : 600ms;
  for (std::size_t round = 0; round < rounds; ++round) {
    const bool ours_first = round % 2 == 0;
    const ServerProcess first(ours_first ? bench.ours : bench.theirs);
    fill_collections(first);
    const ServerProcess second(ours_first ? bench.theirs : bench.ours);
    fill_collections(second);
    const ServerProcess& ours = ours_first ? first : second;
    const ServerProcess& theirs = ours_first ? second : first;
    for (std::size_t i = 0; i < all.size(); ++i) {
      Random random(round + 1);
      RequestTape tape(kTapeRequests, [&](std::string& out) { all[i].write(out, random); });
      LoadGenerator load_ours(ours.port(), kConnections, kDepth);
      LoadGenerator load_theirs(theirs.port(), kConnections, kDepth);
      load_ours.run(tape, kWarmUp);
      load_theirs.run(tape, kWarmUp);
      cells[i].ours.push_back(measure(ours, load_ours, tape, time));
      cells[i].theirs.push_back(measure(theirs, load_theirs, tape, time));
    }
  }
  for (const Cell& cell : cells) add_figures(bench.report, "collections", cell);
}

}  // namespace scrubjay::load
