// Commands on collections at depth 16: lists of a thousand elements and of sixty, hashes of ten
// fields (compact), sorted sets of a thousand members, and one of a million. Both servers hold the
// same data, filled anew for each round; members and keys are drawn at random.
#include <fmt/format.h>

#include "comparison.h"

namespace scrubjay::load {
namespace {

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
  compare(bench, "collections", fill_collections, operations());
}

}  // namespace scrubjay::load
