// SCAN over a database that grows, splits and shrinks between the calls: what is there all the time
// comes at least once, the cursor fits a double, and the loop ends.
#include <random>
#include <set>

#include "model/bulk_strings.h"
#include "support/engine_fixture.h"

namespace scrubjay::test {
namespace {

class ScanGuaranteeTest : public EngineFixture {
 protected:
  static constexpr int kStayers = 3000;

  void set(const std::string& key) { run_words({"SET", key, "v"}); }
  uint64_t below(uint64_t limit) { return random_() % limit; }

  // Other keys come and go, `inserted` and `deleted` in a call.
  void churn(uint64_t inserted, uint64_t deleted) {
    for (uint64_t i = 0; i < inserted; ++i) {
      others_.push_back("other:" + std::to_string(next_++));
      set(others_.back());
    }
    for (uint64_t i = 0; i < deleted && !others_.empty(); ++i) {
      std::swap(others_[below(others_.size())], others_.back());
      run_words({"DEL", others_.back()});
      others_.pop_back();
    }
  }

  // A full loop; `between` runs after every call.
  template <class F>
  void loop(F between) {
    std::set<std::string> returned;
    std::string cursor = "0";
    size_t calls = 0;
    do {
      const uint64_t count = 1 + (below(20) == 0 ? below(1000) : below(20));
      const auto strings =
          bulk_strings(run_words({"SCAN", cursor, "COUNT", std::to_string(count)}));
      ASSERT_FALSE(strings.empty());
      cursor = strings[0];
      ASSERT_LT(std::stoull(cursor), 1ull << 53);
      returned.insert(strings.begin() + 1, strings.end());
      ASSERT_LT(++calls, 1'000'000u);
      between();
    } while (cursor != "0");
    for (int i = 0; i < kStayers; ++i) {
      const std::string key = "stayer:" + std::to_string(i);
      ASSERT_TRUE(returned.contains(key)) << key << " was missed after " << calls << " calls";
    }
  }

  void SetUp() override {
    for (int i = 0; i < kStayers; ++i) set("stayer:" + std::to_string(i));
  }

  std::mt19937_64 random_{7};
  std::vector<std::string> others_;
  uint64_t next_ = 0;
};

TEST_F(ScanGuaranteeTest, WhileTheDatabaseGrows) {
  loop([this] { churn(below(300), 0); });
  EXPECT_GT(others_.size(), 3000u);
}

TEST_F(ScanGuaranteeTest, WhileTheDatabaseShrinks) {
  churn(60'000, 0);
  check_invariants();
  loop([this] { churn(0, below(400)); });
}

TEST_F(ScanGuaranteeTest, WhileKeysComeAndGoInWaves) {
  for (int round = 0; round < 6; ++round) {
    int calls = 0;
    loop([&] {
      const bool flood = ++calls / 40 % 2 == 0;
      churn(below(flood ? 200 : 10), below(flood ? 10 : 200));
    });
    check_invariants();
  }
}

TEST_F(ScanGuaranteeTest, InOneCallOfAHugeCount) {
  churn(10'000, 0);
  const auto strings = bulk_strings(run_words({"SCAN", "0", "COUNT", "1000000000"}));
  ASSERT_EQ(strings.size(), 1 + kStayers + others_.size());
  EXPECT_EQ(strings[0], "0");
}

// Cursors that no SCAN gave do no harm.
TEST_F(ScanGuaranteeTest, FromAnyCursor) {
  for (int i = 0; i < 2000; ++i) {
    const uint64_t start = random_() >> below(64);
    std::string cursor = std::to_string(start);
    for (int calls = 0; calls < 3; ++calls) {
      const auto strings = bulk_strings(run_words({"SCAN", cursor, "COUNT", "5"}));
      ASSERT_FALSE(strings.empty()) << cursor;
      cursor = strings[0];
      ASSERT_LT(std::stoull(cursor), 1ull << 53) << start;
    }
  }
}

}  // namespace
}  // namespace scrubjay::test
