// Strings as bits: single bits of small bitmaps, numbers within them, and a megabyte counted and
// combined.
#include <fmt/format.h>

#include "comparison.h"

namespace scrubjay::load {
namespace {

constexpr std::uint64_t kBitmaps = 100'000;
constexpr std::uint64_t kBits = 10'000;
constexpr std::uint64_t kMegabyteBits = 8u << 20;
constexpr std::size_t kShallow = 4;  // of what takes long

std::string bitmap_name(std::uint64_t i) {
  return fmt::format("bits:{}", i);
}

void fill_bitmaps(const ServerProcess& server) {
  CountedSource bitmaps(kBitmaps, [](std::string& out, std::uint64_t i) {
    append_request(out, {"SETBIT", bitmap_name(i), std::to_string(kBits - 1), "1"});
  });
  fill(server, bitmaps);
  constexpr std::uint64_t kOnes = 100'000;
  CountedSource large(2 * kOnes, [](std::string& out, std::uint64_t i) {
    const std::uint64_t bit = i < 2 ? kMegabyteBits - 1 : i * 7919 * 31 % kMegabyteBits;
    append_request(out, {"SETBIT", i % 2 == 0 ? "large:a" : "large:b", std::to_string(bit), "1"});
  });
  fill(server, large);
}

std::vector<Operation> operations() {
  return {
      {"SETBIT", 0.50,
       [](std::string& out, Random& random) {
         append_request(out, {"SETBIT", bitmap_name(draw(random, kBitmaps)),
                              std::to_string(draw(random, kBits)), "1"});
       }},
      {"GETBIT", 0.50,
       [](std::string& out, Random& random) {
         append_request(out, {"GETBIT", bitmap_name(draw(random, kBitmaps)),
                              std::to_string(draw(random, kBits))});
       }},
      {"BITFIELD INCRBY", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"BITFIELD", bitmap_name(draw(random, kBitmaps)), "INCRBY", "u16",
                              fmt::format("#{}", draw(random, kBits / 16)), "1"});
       }},
      {"BITCOUNT of 1 MB", 0.50,
       [](std::string& out, Random&) {
         append_request(out, {"BITCOUNT", "large:a"});
       },
       kShallow},
      {"BITOP AND of 1 MB", 1.00,  // both wait for memory
       [](std::string& out, Random&) {
         append_request(out, {"BITOP", "AND", "large:target", "large:a", "large:b"});
       },
       kShallow},
  };
}

}  // namespace

void measure_bitmaps(Bench& bench) {
  compare(bench, "bitmaps", fill_bitmaps, operations());
}

}  // namespace scrubjay::load
