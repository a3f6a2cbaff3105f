// The large sorted set against std containers, and its edges.
#include "objects/sorted_set.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "base/random.h"

namespace scrubjay::objects {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string joined(const SortedSet& set) {
  std::string text;
  if (set.size() == 0) return text;
  for (auto it = set.at_rank(0); !it.at_end(); ++it) text += std::string((*it).member) + " ";
  return text;
}

TEST(SortedSet, OrdersByScoreThenByMember) {
  SortedSet set;
  EXPECT_EQ(set.put("b", 1), SortedSet::Put::kAdded);
  EXPECT_EQ(set.put("a", 1), SortedSet::Put::kAdded);
  EXPECT_EQ(set.put("last", kInfinity), SortedSet::Put::kAdded);
  EXPECT_EQ(set.put("first", -kInfinity), SortedSet::Put::kAdded);
  EXPECT_EQ(set.put("", 1), SortedSet::Put::kAdded);
  EXPECT_EQ(joined(set), "first  a b last ");
  EXPECT_EQ(set.put("b", 1), SortedSet::Put::kSame);
  EXPECT_EQ(set.put("b", 0.5), SortedSet::Put::kUpdated);
  EXPECT_EQ(joined(set), "first b  a last ");
  EXPECT_EQ(set.rank("last"), 4u);
  EXPECT_EQ(set.rank("nobody"), std::nullopt);
  set.check_invariants();
}

TEST(SortedSet, CountsByScoreAndByMember) {
  SortedSet set;
  for (int i = 0; i < 1000; ++i) set.put("m" + std::to_string(1000 + i), i / 10);
  EXPECT_EQ(set.count_below(5), 50u);
  EXPECT_EQ(set.count_not_above(5), 60u);
  EXPECT_EQ(set.count_below(-kInfinity), 0u);
  EXPECT_EQ(set.count_not_above(kInfinity), 1000u);
  SortedSet lex;
  for (int i = 0; i < 1000; ++i) lex.put(std::to_string(1000 + i), 0);
  EXPECT_EQ(lex.count_lex_below("1500"), 500u);
  EXPECT_EQ(lex.count_lex_not_above("1500"), 501u);
}

// As floats these scores are equal; the order is by the doubles.
TEST(SortedSet, TellsScoresApartThatAreEqualAsFloats) {
  SortedSet set;
  constexpr double kBase = 1'700'000'000'000;
  for (int i = 999; i >= 0; --i) set.put("m" + std::to_string(i), kBase + i);
  set.check_invariants();
  for (size_t i = 0; i < 1000; ++i) ASSERT_EQ(set.at(i).score, kBase + static_cast<double>(i));
  EXPECT_EQ(set.count_below(kBase + 500), 500u);
  EXPECT_EQ(set.count_not_above(kBase + 500), 501u);
  EXPECT_EQ(set.rank("m321"), 321u);
}

TEST(SortedSet, FindsTheFirstOfAScore) {
  SortedSet set;
  EXPECT_TRUE(set.at_score(0).at_end());
  for (int i = 0; i < 5000; ++i) set.put("m" + std::to_string(10000 + i), i / 7 * 2);
  for (int score = -1; score < 1428; ++score) {
    const auto found = set.at_score(score);
    const size_t rank = set.count_below(score);
    ASSERT_FALSE(found.at_end());
    ASSERT_EQ((*found).member, set.at(rank).member);
  }
  EXPECT_TRUE(set.at_score(1429).at_end());
  EXPECT_TRUE(set.at_score(kInfinity).at_end());
  EXPECT_EQ((*set.at_score(-kInfinity)).member, "m10000");
}

TEST(SortedSet, TakesLongMembers) {
  SortedSet set;
  const std::string megabyte(1 << 20, 'x');
  set.put(megabyte, 1);
  set.put(std::string(254, 'y'), 2);
  set.put(std::string(255, 'y'), 2);
  EXPECT_EQ(set.score(megabyte), 1);
  EXPECT_EQ(set.at(2).member.size(), 255u);
  EXPECT_GT(set.memory_bytes(), megabyte.size());
  set.check_invariants();
}

TEST(SortedSet, AscendingInsertsFillTheLeaves) {
  SortedSet set;
  constexpr int kMembers = 100'000;
  for (int i = 0; i < kMembers; ++i) set.put("member:" + std::to_string(1'000'000 + i), i);
  // 32 bytes of node, 11 of table, 13 of tree.
  EXPECT_LT(set.memory_bytes() / kMembers, 58u);
  set.check_invariants();
}

TEST(SortedSet, RandomInsertsStayDense) {
  SortedSet set;
  Random random(7);
  constexpr int kMembers = 200'000;
  for (int i = 0; i < kMembers; ++i)
    set.put("member:" + std::to_string(1'000'000 + i), static_cast<double>(random() >> 11));
  EXPECT_LE(set.memory_bytes() / kMembers, 60u);
  set.check_invariants();
}

// How scores are drawn.
enum class Scores { kFew, kUniform, kAscending, kDescending };

class SortedSetModel : public ::testing::TestWithParam<Scores> {
 protected:
  double draw(Random& random) {
    switch (GetParam()) {
      case Scores::kFew:
        return static_cast<double>(random.below(5));
      case Scores::kUniform:
        return static_cast<double>(random.below(1'000'000)) / 8;
      case Scores::kAscending:
        return ++ascending_;
      default:
        return --ascending_;
    }
  }
  double ascending_ = 0;
};

TEST_P(SortedSetModel, BehavesAsStdSet) {
  SortedSet set;
  std::map<std::string, double> scores;
  std::set<std::pair<double, std::string>> order;
  Random random(static_cast<uint64_t>(GetParam()) + 1);
  size_t members = 100;
  for (int step = 0; step < 120'000; ++step) {
    if (step % 20'000 == 0) members = 100 + random.below(8000);
    const std::string member = std::to_string(random.below(members));
    const auto known = scores.find(member);
    const uint64_t kind = random.below(100);
    if (kind < 60) {
      const double score = draw(random);
      const auto put = set.put(member, score);
      if (known == scores.end()) {
        ASSERT_EQ(put, SortedSet::Put::kAdded);
      } else {
        ASSERT_EQ(put, known->second == score ? SortedSet::Put::kSame : SortedSet::Put::kUpdated);
        order.erase({known->second, member});
      }
      scores[member] = score;
      order.emplace(score, member);
    } else if (kind < 90) {
      ASSERT_EQ(set.erase(member), known != scores.end());
      if (known != scores.end()) {
        order.erase({known->second, member});
        scores.erase(known);
      }
    } else if (kind < 91 && !order.empty()) {
      const size_t first = random.below(order.size());
      const size_t count = 1 + random.below(std::min<size_t>(order.size() - first, 300));
      set.erase_ranks(first, count);
      auto from = std::next(order.begin(), static_cast<ptrdiff_t>(first));
      for (size_t i = 0; i < count; ++i) {
        scores.erase(from->second);
        from = order.erase(from);
      }
    } else {
      ASSERT_EQ(set.score(member),
                known == scores.end() ? std::nullopt : std::optional(known->second));
    }
    ASSERT_EQ(set.size(), order.size());
    if (step % 4000 != 0) continue;
    set.check_invariants();
    size_t rank = 0;
    for (const auto& [score, name] : order) {
      ASSERT_EQ(set.rank(name), rank);
      ASSERT_EQ(set.at(rank).member, name);
      ASSERT_EQ(set.at(rank).score, score);
      ++rank;
    }
    if (order.empty()) continue;
    for (auto it = set.at_rank(order.size() - 1); !it.at_end(); --it) --rank;
    ASSERT_EQ(rank, 0u);
    const auto copy = set.clone();
    copy->check_invariants();
    ASSERT_EQ(joined(*copy), joined(set));
  }
}

INSTANTIATE_TEST_SUITE_P(Every, SortedSetModel,
                         ::testing::Values(Scores::kFew, Scores::kUniform, Scores::kAscending,
                                           Scores::kDescending));

}  // namespace
}  // namespace scrubjay::objects
