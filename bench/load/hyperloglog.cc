// HyperLogLogs at depth 16: additions to dense ones and to small sparse ones, counts of one key and
// of five, merges of five. Both servers hold the same data, filled anew for each round.
#include <fmt/format.h>

#include <algorithm>

#include "comparison.h"

namespace scrubjay::load {
namespace {

constexpr std::uint64_t kDense = 1000;
constexpr std::uint64_t kDenseElements = 5000;
constexpr std::uint64_t kSparse = 100'000;
constexpr std::uint64_t kSparseElements = 8;
constexpr std::uint64_t kElements = 1'000'000'000;

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
      {"PFCOUNT", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"PFCOUNT", random_dense(random)});
       }},
      {"PFADD to dense", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"PFADD", random_dense(random), element(draw(random, kElements))});
       }},
      {"PFADD to small sparse", 0.60,
       [](std::string& out, Random& random) {
         append_request(
             out, {"PFADD", sparse_name(draw(random, kSparse)), element(draw(random, kElements))});
       }},
      {"PFCOUNT of 5", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"PFCOUNT", random_dense(random), random_dense(random),
                              random_dense(random), random_dense(random), random_dense(random)});
       }},
      {"PFMERGE of 5", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"PFMERGE", fmt::format("merged:{}", draw(random, kDense)),
                              random_dense(random), random_dense(random), random_dense(random),
                              random_dense(random), random_dense(random)});
       }},
  };
}

}  // namespace

void measure_hyperloglog(Bench& bench) {
  compare(bench, "hyperloglog", fill_hyperloglogs, operations());
}

}  // namespace scrubjay::load
