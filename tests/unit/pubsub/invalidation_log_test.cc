#include "pubsub/invalidation_log.h"

#include <gmock/gmock.h>

#include <thread>

namespace scrubjay::pubsub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class InvalidationLogTest : public ::testing::Test {
 protected:
  InvalidationLogTest() { log_.set_limit(1 << 20); }
  void change(const std::string& key, size_t thread = 0, bool unsent = false) {
    if (log_.is_on()) log_.append(key, thread, unsent);
  }

  InvalidationLog log_{1000, 2};
};

TEST_F(InvalidationLogTest, RecordsNothingBeforeSomebodyAsks) {
  EXPECT_FALSE(log_.is_on());
  change("early");
  const uint64_t seen = log_.now();
  EXPECT_TRUE(log_.is_on());
  EXPECT_THAT(*log_.since(seen, "").keys, IsEmpty());
  EXPECT_FALSE(log_.since(seen - 1, "").keys);
}

TEST_F(InvalidationLogTest, TellsEachKeyOnceInOrder) {
  const uint64_t seen = log_.now();
  for (const char* key : {"b", "a", "b", "c"}) change(key);
  const auto answer = log_.since(seen, "");
  EXPECT_EQ(answer.now, seen + 4);
  EXPECT_THAT(*answer.keys, ElementsAre("b", "a", "c"));
  EXPECT_THAT(*log_.since(seen + 1, "").keys, ElementsAre("a", "b", "c"));
  EXPECT_THAT(*log_.since(answer.now, "").keys, IsEmpty());
}

TEST_F(InvalidationLogTest, TellsKeysOfAPrefix) {
  const uint64_t seen = log_.now();
  for (const char* key : {"user:1", "order:1", "user:2", "use"}) change(key);
  const auto answer = log_.since(seen, "user:");
  EXPECT_EQ(answer.now, seen + 4);
  EXPECT_THAT(*answer.keys, ElementsAre("user:1", "user:2"));
}

TEST_F(InvalidationLogTest, KnowsWhatIsMissing) {
  log_.set_limit(100 * sizeof(std::string));
  const uint64_t seen = log_.now();
  for (int i = 0; i < 250; ++i) change("key:" + std::to_string(i));
  EXPECT_LE(log_.bytes(), 100 * sizeof(std::string));
  EXPECT_FALSE(log_.since(seen, "").keys);
  EXPECT_FALSE(log_.since(seen + 149, "").keys);
  EXPECT_EQ(log_.since(seen + 150, "").keys->size(), 100U);
  EXPECT_EQ(log_.since(seen + 249, "").keys->front(), "key:249");
  // Numbers that nobody was told are from another life of the server.
  EXPECT_FALSE(log_.since(seen + 251, "").keys);
  EXPECT_FALSE(log_.since(0, "").keys);
}

TEST_F(InvalidationLogTest, LongKeysCountWithTheirBytes) {
  log_.set_limit(10'000);
  const uint64_t seen = log_.now();
  change(std::string(4000, 'a'));
  change(std::string(4000, 'b'));
  EXPECT_EQ(log_.since(seen, "").keys->size(), 2U);
  change(std::string(4000, 'c'));
  EXPECT_FALSE(log_.since(seen, "").keys);
  EXPECT_EQ(log_.since(seen + 1, "").keys->size(), 2U);
  change(std::string(20'000, 'd'));
  EXPECT_EQ(log_.bytes(), 0U);
  EXPECT_FALSE(log_.since(seen + 3, "").keys);
  EXPECT_THAT(*log_.since(seen + 4, "").keys, IsEmpty());
}

TEST_F(InvalidationLogTest, AfterAFlushEverybodyStartsAnew) {
  const uint64_t seen = log_.now();
  change("a");
  log_.all_changed();
  EXPECT_FALSE(log_.since(seen, "").keys);
  EXPECT_FALSE(log_.since(seen + 1, "").keys);
  const uint64_t later = log_.now();
  change("b");
  EXPECT_THAT(*log_.since(later, "").keys, ElementsAre("b"));
}

TEST_F(InvalidationLogTest, WhileItIsOffNothingIsKnown) {
  const uint64_t seen = log_.now();
  log_.set_limit(0);
  EXPECT_FALSE(log_.is_on());
  change("lost");
  EXPECT_FALSE(log_.since(seen, "").keys);
  log_.set_limit(1 << 20);
  EXPECT_TRUE(log_.is_on());
  EXPECT_FALSE(log_.since(seen, "").keys);
  const uint64_t later = log_.now();
  change("a");
  EXPECT_THAT(*log_.since(later, "").keys, ElementsAre("a"));
}

TEST_F(InvalidationLogTest, NumbersStayBelowWhatIsNotBroadcastYet) {
  const uint64_t seen = log_.now();
  change("a", 0, true);
  change("b", 1, false);
  change("c", 1, true);
  EXPECT_EQ(log_.now(), seen);
  const auto answer = log_.since(seen, "");
  EXPECT_EQ(answer.now, seen);
  EXPECT_THAT(*answer.keys, ElementsAre("a", "b", "c"));
  log_.all_sent(0);
  EXPECT_EQ(log_.now(), seen + 2);
  log_.all_sent(1);
  EXPECT_EQ(log_.now(), seen + 3);
}

// Two threads append while one reads on from where it was: nothing is passed over.
TEST_F(InvalidationLogTest, ReadersMissNothing) {
  constexpr int kEach = 20'000;
  uint64_t seen = log_.now();
  log_.set_limit(1 << 30);
  std::vector<std::thread> writers;
  for (size_t thread = 0; thread < 2; ++thread) {
    writers.emplace_back([this, thread] {
      for (int i = 0; i < kEach; ++i)
        change(std::to_string(thread) + ":" + std::to_string(i), thread, false);
    });
  }
  std::vector<int> next(2, 0);
  while (next[0] < kEach || next[1] < kEach) {
    const auto answer = log_.since(seen, "");
    ASSERT_TRUE(answer.keys);
    ASSERT_EQ(answer.now - seen, answer.keys->size());
    for (const std::string& key : *answer.keys) {
      const auto thread = static_cast<size_t>(key[0] - '0');
      ASSERT_EQ(key.substr(2), std::to_string(next[thread]++));
    }
    seen = answer.now;
  }
  for (std::thread& writer : writers) writer.join();
}

}  // namespace
}  // namespace scrubjay::pubsub
