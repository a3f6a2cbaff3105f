// Commands over a million keys of each kind at depth 16: strings of 32 bytes, counters, hashes of
// five fields, sets and lists of a few elements. Every request takes a key at random, so that on
// both servers it finds nothing in the processor's caches.
#include <fmt/format.h>

#include "comparison.h"

namespace scrubjay::load {
namespace {

constexpr std::uint64_t kKeys = 1'000'000;
constexpr std::uint64_t kFields = 5;
constexpr std::size_t kMany = 10;
constexpr double kLimit = 0.45;
constexpr double kLimitOfMany = 0.40;

std::string name(std::string_view kind, std::uint64_t i) {
  return fmt::format("{}:{:07}", kind, i);
}

std::string value(std::uint64_t i) {
  return fmt::format("value:{:026}", i);
}

void fill_million(const ServerProcess& server) {
  fill(server, {.keys = kKeys, .value_bytes = 32});
  CountedSource others(4 * kKeys, [](std::string& out, std::uint64_t number) {
    const std::uint64_t i = number / 4;
    if (number % 4 == 0)
      append_request(out, {"HSET", name("hash", i), "field:0", value(i), "field:1", "a", "field:2",
                           "bb", "field:3", "ccc", "field:4", "dddd"});
    else if (number % 4 == 1)
      append_request(out, {"SADD", name("set", i), "ant", "bee", "cat"});
    else if (number % 4 == 2)
      append_request(out, {"RPUSH", name("list", i), value(i), "two", "three", "four", "five"});
    else
      append_request(out, {"SET", name("counter", i), std::to_string(i)});
  });
  fill(server, others);
}

// A command on one key of a kind, drawn at random.
Operation on_one(const std::string& command, const std::string& kind,
                 const std::vector<std::string>& arguments) {
  return {command, kLimit, [=](std::string& out, Random& random) {
            std::vector<std::string> words{command, name(kind, draw(random, kKeys))};
            words.insert(words.end(), arguments.begin(), arguments.end());
            append_request(out, words);
          }};
}

std::vector<Operation> operations() {
  const std::string some(32, 'y');
  return {
      {"GET", kLimitOfMany,
       [](std::string& out, Random& random) {
         append_request(out, {"GET", key_name(draw(random, kKeys))});
       }},
      on_one("INCR", "counter", {}),
      on_one("HGET", "hash", {"field:3"}),
      {"HSET", kLimit,
       [](std::string& out, Random& random) {
         append_request(out, {"HSET", name("hash", draw(random, kKeys)),
                              fmt::format("field:{}", draw(random, kFields)),
                              std::to_string(draw(random, 1000))});
       }},
      {"SADD", kLimit,
       [](std::string& out, Random& random) {
         append_request(out, {"SADD", name("set", draw(random, kKeys)),
                              fmt::format("member:{}", draw(random, 100))});
       }},
      on_one("LPUSH", "list", {"zero"}),
      on_one("RPOP", "list", {}),
      {"SETEX", kLimit,
       [=](std::string& out, Random& random) {
         append_request(out, {"SETEX", key_name(draw(random, kKeys)), "3600", some});
       }},
      {"MGET of 10", kLimitOfMany,
       [](std::string& out, Random& random) {
         std::vector<std::string> words{"MGET"};
         for (std::size_t i = 0; i < kMany; ++i) words.push_back(key_name(draw(random, kKeys)));
         append_request(out, words);
       }},
      {"MSET of 10", kLimitOfMany,
       [=](std::string& out, Random& random) {
         std::vector<std::string> words{"MSET"};
         for (std::size_t i = 0; i < kMany; ++i) {
           words.push_back(key_name(draw(random, kKeys)));
           words.push_back(some);
         }
         append_request(out, words);
       }},
  };
}

}  // namespace

void measure_million(Bench& bench) {
  compare(bench, "million", fill_million, operations());
}

void measure_ten_million(Bench& bench) {
  const std::uint64_t keys = bench.quick ? 2'000'000 : 10'000'000;
  compare(bench, "ten-million",
          [&](const ServerProcess& server) { fill(server, {.keys = keys, .value_bytes = 32}); },
          {{"GET", kLimitOfMany, [&](std::string& out, Random& random) {
              append_request(out, {"GET", key_name(draw(random, keys))});
            }}});
}

}  // namespace scrubjay::load
