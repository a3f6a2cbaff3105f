#include "store/locked_keys.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace scrubjay::store {
namespace {

constexpr int64_t kStartMs = 1'700'000'000'000;

struct Recorder final : ChangeListener {
  void changed(const Change& change) override {
    seen.push_back(std::string(change.event) + " " + std::string(change.key.text) + " " +
                   std::to_string(change.database));
  }
  std::vector<std::string> seen;
};

class LockedKeysTest : public ::testing::Test {
 protected:
  LockedKeysTest() { keys_.set_listener(&recorder_); }

  // Runs f with the stripes of `names` locked.
  template <class F>
  void with(const std::vector<std::string>& names, F&& f) {
    std::vector<Key> list;
    for (const std::string& name : names) list.emplace_back(name);
    keys_.lock(list, clock_.now_ms());
    f();
    keys_.unlock();
  }
  void put(const std::string& name, std::string_view value, int64_t deadline = kNoDeadline) {
    with({name}, [&] { keys_.put_string(Key(name), value, deadline); });
  }
  std::string get(const std::string& name, Lookup lookup = Lookup::kRead) {
    std::string value = "(none)";
    with({name}, [&] {
      if (const Entry* entry = keys_.find(Key(name), lookup)) value = entry->string();
    });
    return value;
  }

  Clock clock_{Clock::kManual, kStartMs};
  Keyspace keyspace_{clock_, 8, 16};
  LockedKeys keys_{keyspace_};
  Recorder recorder_;
};

using LockedKeysDeathTest = LockedKeysTest;

TEST_F(LockedKeysTest, FindsWhatWasPutAndNothingElse) {
  put("a", "1");
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "(none)");
  with({"a"}, [&] { EXPECT_TRUE(keys_.erase(Key("a"))); });
  with({"a"}, [&] { EXPECT_FALSE(keys_.erase(Key("a"))); });
  EXPECT_EQ(get("a"), "(none)");
}

TEST_F(LockedKeysTest, LocksKeysOfOneStripeOnceAndInAnyOrder) {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("key:" + std::to_string(i));
  with(names, [&] {
    for (const std::string& name : names) keys_.put_string(Key(name), "v", kNoDeadline);
  });
  EXPECT_EQ(keyspace_.size(0, false).keys, 100u);
}

TEST_F(LockedKeysTest, AKeyLivesThroughTheMillisecondOfItsDeadline) {
  put("a", "1", kStartMs + 10);
  clock_.advance(std::chrono::milliseconds(10));
  EXPECT_EQ(get("a"), "1");
  clock_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(get("a"), "(none)");
  EXPECT_EQ(recorder_.seen, std::vector<std::string>{"expired a 0"});
  EXPECT_EQ(keyspace_.counters(false).expired, 1u);
  EXPECT_EQ(keyspace_.size(0, false).keys, 0u);
}

TEST_F(LockedKeysTest, FrozenKeysAreHiddenButNotRemoved) {
  put("a", "1", kStartMs + 10);
  clock_.advance(std::chrono::milliseconds(11));
  keyspace_.frozen = true;
  EXPECT_EQ(get("a"), "(none)");
  EXPECT_EQ(keyspace_.size(0, false).keys, 1u);
  keyspace_.frozen = false;
  EXPECT_EQ(get("a"), "(none)");
  EXPECT_EQ(keyspace_.size(0, false).keys, 0u);
}

// A command may be under way when CLIENT PAUSE comes.
TEST_F(LockedKeysTest, AWriteReplacesAHiddenKey) {
  for (const bool thawed : {false, true}) {
    put("a", "1", clock_.now_ms() + 10);
    clock_.advance(std::chrono::milliseconds(11));
    keyspace_.frozen = true;
    with({"a"}, [&] {
      EXPECT_EQ(keys_.find(Key("a")), nullptr);
      if (thawed) keyspace_.frozen = false;
      keys_.put_string(Key("a"), "2", kNoDeadline);
    });
    EXPECT_EQ(get("a"), "2");
    EXPECT_EQ(keyspace_.size(0, false).keys, 1u);
    keyspace_.frozen = false;
  }
}

TEST_F(LockedKeysTest, RenameReplacesAHiddenKey) {
  put("a", "1", kStartMs + 10);
  put("b", "2");
  clock_.advance(std::chrono::milliseconds(11));
  keyspace_.frozen = true;
  with({"a", "b"}, [&] { keys_.rename(Key("b"), Key("a")); });
  EXPECT_EQ(get("a"), "2");
  EXPECT_EQ(keyspace_.size(0, false).keys, 1u);
}

TEST_F(LockedKeysTest, DeadlinesComeAndGo) {
  put("a", "1");
  with({"a"}, [&] { keys_.set_deadline(Key("a"), kStartMs + 5); });
  EXPECT_EQ(keyspace_.size(0, false).with_deadline, 1u);
  with({"a"}, [&] { keys_.set_deadline(Key("a"), kStartMs + 9); });
  EXPECT_EQ(keyspace_.size(0, false).with_deadline, 1u);
  with({"a"}, [&] { keys_.clear_deadline(Key("a")); });
  EXPECT_EQ(keyspace_.size(0, false).with_deadline, 0u);
  clock_.advance(std::chrono::milliseconds(100));
  EXPECT_EQ(get("a"), "1");
}

TEST_F(LockedKeysTest, OverwritingReplacesTheDeadline) {
  put("a", "1", kStartMs + 5);
  put("a", "2");
  EXPECT_EQ(keyspace_.size(0, false).with_deadline, 0u);
  put("a", "3", kStartMs + 5);
  put("a", "4", kStartMs + 50);
  clock_.advance(std::chrono::milliseconds(10));
  EXPECT_EQ(get("a"), "4");
}

TEST_F(LockedKeysTest, TheOwnerLearnsOfAnEarlierDeadline) {
  int64_t planned = std::numeric_limits<int64_t>::max();
  keyspace_.earlier_deadline = [&](Stripe&, int64_t deadline) { planned = deadline; };
  put("a", "1", kStartMs + 1000);
  EXPECT_LE(planned, kStartMs + 1000);
}

TEST_F(LockedKeysTest, RenameMovesValueAndDeadline) {
  put("a", "1", kStartMs + 10);
  put("b", "2");
  with({"a", "b"}, [&] { keys_.rename(Key("a"), Key("b")); });
  EXPECT_EQ(get("a"), "(none)");
  EXPECT_EQ(get("b"), "1");
  EXPECT_EQ(keyspace_.size(0, false).with_deadline, 1u);
}

TEST_F(LockedKeysTest, MoveAndCopyReachOtherDatabases) {
  put("a", "1", kStartMs + 10);
  with({"a"}, [&] { keys_.copy(Key("a"), 3, Key("a")); });
  EXPECT_EQ(keyspace_.size(3, false).with_deadline, 1u);
  with({"a"}, [&] { keys_.move(Key("a"), 5); });
  EXPECT_EQ(get("a"), "(none)");
  EXPECT_EQ(keyspace_.size(0, false).with_deadline, 0u);
  EXPECT_EQ(keyspace_.size(5, false).keys, 1u);
}

TEST_F(LockedKeysTest, LookupsCountOnlyWhereTheyShould) {
  put("a", "1");
  get("a", Lookup::kRead);
  get("a", Lookup::kExamine);
  get("b", Lookup::kRead);
  get("a", Lookup::kWrite);
  get("b", Lookup::kPeek);
  EXPECT_EQ(keyspace_.counters(false).hits, 2u);
  EXPECT_EQ(keyspace_.counters(false).misses, 1u);
}

TEST_F(LockedKeysTest, AnnouncementsGoToTheListenerWithTheirDatabase) {
  with({"a"}, [&] {
    keys_.select(2);
    keys_.announce("set", Key("a"));
    keys_.announce_in(4, "del", Key("a"));
    keys_.select(0);
  });
  EXPECT_EQ(recorder_.seen, (std::vector<std::string>{"set a 2", "del a 4"}));
}

TEST_F(LockedKeysTest, AWatchSeesWritesAndExpiry) {
  uint64_t version = 0;
  put("a", "1", kStartMs + 10);
  with({"a"}, [&] { version = keys_.watch(0, Key("a")); });
  with({"a"}, [&] { EXPECT_TRUE(keys_.unchanged(0, Key("a"), version)); });
  clock_.advance(std::chrono::milliseconds(11));
  with({"a"}, [&] { EXPECT_FALSE(keys_.unchanged(0, Key("a"), version)); });
  with({"a"}, [&] {
    keys_.unwatch(0, Key("a"));
    version = keys_.watch(0, Key("a"));
    keys_.announce_in(1, "set", Key("a"));  // of another database
    EXPECT_TRUE(keys_.unchanged(0, Key("a"), version));
    keys_.announce("set", Key("a"));
    EXPECT_FALSE(keys_.unchanged(0, Key("a"), version));
    keys_.unwatch(0, Key("a"));
  });
}

TEST_F(LockedKeysTest, TimeNeverRunsBackwardsInAStripe) {
  with({"a"}, [&] { EXPECT_EQ(keys_.now_ms(), kStartMs); });
  clock_.advance(std::chrono::milliseconds(-5));
  with({"a"}, [&] { EXPECT_EQ(keys_.now_ms(), kStartMs); });
}

TEST_F(LockedKeysTest, GrowingAStringKeepsItsDeadline) {
  put("a", "abc", kStartMs + 10);
  with({"a"}, [&] { keys_.resize_string(Key("a"), 30'000)[29'999] = 'z'; });
  EXPECT_EQ(get("a").substr(0, 3), "abc");
  EXPECT_EQ(get("a").back(), 'z');
  clock_.advance(std::chrono::milliseconds(11));
  EXPECT_EQ(get("a"), "(none)");
}

TEST_F(LockedKeysDeathTest, AKeyThatIsNotLockedAborts) {
  if (!kDebugChecks) GTEST_SKIP() << "checked in debug builds only";
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  std::string other = "b";
  while (keyspace_.stripe_number(Key(other).hash) == keyspace_.stripe_number(Key("a").hash)) {
    other += 'b';
  }
  const auto touch_other = [&] { with({"a"}, [&] { keys_.find(Key(other)); }); };
  EXPECT_DEATH(touch_other(), "is not locked");
}

TEST_F(LockedKeysTest, WhoHoldsTheWorldMayTouchAllKeys) {
  keys_.hold_world();
  for (int i = 0; i < 50; ++i) {
    const std::string name = "key:" + std::to_string(i);
    keys_.put_string(Key(name), "v", kNoDeadline);
  }
  keys_.unlock();
  EXPECT_FALSE(keys_.holds_world());
  EXPECT_EQ(keyspace_.size(0, false).keys, 50u);
}

}  // namespace
}  // namespace scrubjay::store
