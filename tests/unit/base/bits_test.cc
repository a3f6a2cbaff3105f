// Bits by the many against bits one by one.
#include "base/bits.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace scrubjay {
namespace {

bool bit_of(std::string_view bytes, uint64_t offset) {
  return offset / 8 < bytes.size() &&
         (static_cast<unsigned char>(bytes[offset / 8]) >> (7 - offset % 8) & 1) != 0;
}

// Random, or nearly all zeros or ones.
std::string draw_bytes(Random& random, size_t most) {
  std::string bytes(random.below(most + 1), random.below(2) == 0 ? '\0' : '\xff');
  const uint64_t changes = random.below(3) == 0 ? bytes.size() : random.below(3);
  for (uint64_t i = 0; i < changes && !bytes.empty(); ++i)
    bytes[random.below(bytes.size())] = static_cast<char>(random());
  return bytes;
}

TEST(Bits, AreCountedAndFoundAsOneByOne) {
  Random random(1);
  for (int round = 0; round < 4000; ++round) {
    // At any alignment.
    const std::string padded = std::string(random.below(8), 'x') + draw_bytes(random, 200);
    const std::string_view bytes = std::string_view(padded).substr(padded.find_last_of('x') + 1);
    uint64_t all = 0;
    for (uint64_t i = 0; i < bytes.size() * 8; ++i) all += bit_of(bytes, i);
    ASSERT_EQ(count_ones(bytes), all);
    if (bytes.empty()) continue;
    const uint64_t first = random.below(bytes.size() * 8);
    const uint64_t last = first + random.below(bytes.size() * 8 - first);
    uint64_t ones = 0;
    uint64_t first_one = last + 1;
    uint64_t first_zero = last + 1;
    for (uint64_t i = last + 1; i-- > first;) {
      ones += bit_of(bytes, i);
      (bit_of(bytes, i) ? first_one : first_zero) = i;
    }
    ASSERT_EQ(count_ones(bytes, first, last), ones);
    ASSERT_EQ(find_bit(bytes, true, first, last), first_one);
    ASSERT_EQ(find_bit(bytes, false, first, last), first_zero);
  }
}

bool combined(BitOperation operation, const std::vector<std::string_view>& sources, uint64_t at) {
  const bool first = bit_of(sources[0], at);
  size_t others = 0;
  for (size_t i = 1; i < sources.size(); ++i) others += bit_of(sources[i], at);
  const size_t set = others + first;
  switch (operation) {
    case BitOperation::kAnd:
      return set == sources.size();
    case BitOperation::kOr:
      return set > 0;
    case BitOperation::kXor:
      return set % 2 == 1;
    case BitOperation::kNot:
      return !first;
    case BitOperation::kDiff:
      return first && others == 0;
    case BitOperation::kDiff1:
      return !first && others > 0;
    case BitOperation::kAndOr:
      return first && others > 0;
    case BitOperation::kOne:
      return set == 1;
  }
  return false;
}

TEST(Bits, AreCombinedAsOneByOne) {
  Random random(2);
  for (int round = 0; round < 400; ++round) {
    const auto operation = static_cast<BitOperation>(random.below(8));
    std::vector<std::string> texts(operation == BitOperation::kNot ? 1 : 1 + random.below(5));
    size_t longest = 0;
    for (std::string& text : texts) {
      text = draw_bytes(random, random.below(4) == 0 ? 9000 : 40);
      longest = std::max(longest, text.size());
    }
    const std::vector<std::string_view> sources(texts.begin(), texts.end());
    std::string out(longest, 'x');
    combine_bits(operation, sources, out.data(), out.size());
    for (uint64_t i = 0; i < longest * 8; ++i)
      ASSERT_EQ(bit_of(out, i), combined(operation, sources, i)) << static_cast<int>(operation);
  }
}

}  // namespace
}  // namespace scrubjay
