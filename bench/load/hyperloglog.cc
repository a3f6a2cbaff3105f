// HyperLogLogs at depth 16: additions to dense ones and to small sparse ones, counts of one key and
// of five, merges of five. Both servers hold the same data, filled anew for each round.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <random>

#include "comparison.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kDepth = 16;
constexpr std::size_t kTapeRequests = 400'000;
constexpr auto kWarmUp = 150ms;

constexpr std::uint64_t kDense = 1000;
constexpr std::uint64_t kDenseElements = 5000;
constexpr std::uint64_t kSparse = 100'000;
constexpr std::uint64_t kSparseElements = 8;
constexpr std::uint64_t kElements = 1'000'000'000;

using Random = std::mt19937_64;
using Write = std::function<void(std::string&, Random&)>;

struct Operation {
  std::string name;
  Write write;
  double ratio_limit = 0.60;
};

std::uint64_t draw(Random& random, std::uint64_t bound) {
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random);
}
std::string dense_name(std::uint64_t i) {
  return fmt::format("dense:{}", i);
}
std::string sparse_name(std::uint64_t i) {
  return fmt::format("sparse:{}", i);
}
std::string element(std::uint64_t i) {
  return fmt::format("element:{:09}", i);
}

// `count` elements to each of `keys` keys, a hundred at once at most.
void fill_with(const ServerProcess& server, std::string (*name)(std::uint64_t), std::uint64_t keys,
               std::uint64_t count) {
  const std::uint64_t at_once = std::min<std::uint64_t>(count, 100);
  CountedSource source(keys * count / at_once, [=](std::string& out, std::uint64_t i) {
    out += fmt::format("*{}\r\n$5\r\nPFADD\r\n", at_once + 2);
    const auto word = [&](const std::string& text) {
      out += fmt::format("${}\r\n{}\r\n", text.size(), text);
    };
    word(name(i % keys));
    for (std::uint64_t e = 0; e < at_once; ++e) word(element((i * at_once + e) * 7919 % kElements));
  });
  fill(server, source);
}

void fill_hyperloglogs(const ServerProcess& server) {
  fill_with(server, dense_name, kDense, kDenseElements);
  fill_with(server, sparse_name, kSparse, kSparseElements);
}

std::string random_dense(Random& random) {
  return dense_name(draw(random, kDense));
}

std::vector<Operation> operations() {
  return {
      {"PFCOUNT",
       [](std::string& out, Random& random) {
         append_request(out, {"PFCOUNT", random_dense(random)});
       }},
      {"PFADD to dense",
       [](std::string& out, Random& random) {
         append_request(out, {"PFADD", random_dense(random), element(draw(random, kElements))});
       }},
      {"PFADD to small sparse",
       [](std::string& out, Random& random) {
         append_request(out, {"PFADD", sparse_name(draw(random, kSparse)),
                              element(draw(random, kElements))});
       }},
      {"PFCOUNT of 5",
       [](std::string& out, Random& random) {
         append_request(out, {"PFCOUNT", random_dense(random), random_dense(random),
                              random_dense(random), random_dense(random), random_dense(random)});
       }},
      {"PFMERGE of 5",
       [](std::string& out, Random& random) {
         append_request(out, {"PFMERGE", fmt::format("merged:{}", draw(random, kDense)),
                              random_dense(random), random_dense(random), random_dense(random),
                              random_dense(random), random_dense(random)});
       }},
  };
}

}  // namespace

void measure_hyperloglog(Bench& bench) {
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
    fill_hyperloglogs(first);
    const ServerProcess second(ours_first ? bench.theirs : bench.ours);
    fill_hyperloglogs(second);
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
  for (const Cell& cell : cells) add_figures(bench.report, "hyperloglog", cell);
}

}  // namespace scrubjay::load
