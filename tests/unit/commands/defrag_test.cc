// Entries move together without anybody noticing, and when that begins. (Built with a sanitizer
// every entry is moved; with jemalloc those that lie scattered. tests/system/memory_limit_test.py
// sees memory go back.)
#include "store/defrag.h"

#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include "engine/defragmenter.h"
#include "support/engine_fixture.h"

namespace scrubjay {
namespace {

using namespace std::chrono_literals;

class Defrag : public test::EngineFixture {
 protected:
  store::DefragCounts walk() {
    store::DefragCounts counts;
    for (uint32_t i = 0; i < services().keyspace.stripe_count(); ++i) {
      store::Stripe& stripe = services().keyspace.stripe(i);
      store::DefragPlace place;
      const std::lock_guard lock(stripe.mutex);
      while (store::defrag_some(stripe, place, 8, counts)) {
      }
    }
    return counts;
  }
  int64_t size() { return std::stoll(run("DBSIZE").substr(1)); }
};

TEST_F(Defrag, EveryKeyIsLookedAtAndKeepsItsValue) {
  constexpr int kKeys = 2000;
  for (int i = 0; i < kKeys; ++i) run("SET k" + std::to_string(i) + " v" + std::to_string(i));
  run("SELECT 3");
  run("SET other here");
  const store::DefragCounts counts = walk();
  EXPECT_EQ(counts.moved + counts.stayed, static_cast<uint64_t>(kKeys + 1));
  EXPECT_EQ(run("GET other"), "$4\r\nhere\r\n");
  run("SELECT 0");
  for (int i = 0; i < kKeys; ++i) {
    const std::string value = "v" + std::to_string(i);
    ASSERT_EQ(run("GET k" + std::to_string(i)),
              "$" + std::to_string(value.size()) + "\r\n" + value + "\r\n");
  }
}

TEST_F(Defrag, DeadlinesOfKeysAndFieldsStand) {
  for (int i = 0; i < 500; ++i) run("SET timed" + std::to_string(i) + " v PX 1000");
  run("HSET hash a 1 b 2");
  run("HPEXPIRE hash 1000 FIELDS 1 a");
  run("RPUSH list " + std::string(100, 'x') + " y");
  walk();
  check_invariants();
  advance(1001ms);
  EXPECT_EQ(size(), 2);
  EXPECT_EQ(run("HGETALL hash"), "*2\r\n$1\r\nb\r\n$1\r\n2\r\n");
  EXPECT_EQ(run("LLEN list"), ":2\r\n");
  walk();
  EXPECT_EQ(run("HGET hash b"), "$1\r\n2\r\n");
}

TEST_F(Defrag, LargeValuesAreLeftWhereTheyAre) {
  const std::string value(100'000, 'x');
  run("SET long " + value);
  std::string members;
  for (int i = 0; i < 1000; ++i) members += " member:" + std::to_string(i);
  run("SADD set" + members);
  walk();
  EXPECT_EQ(run("STRLEN long"), ":100000\r\n");
  EXPECT_EQ(run("SCARD set"), ":1000\r\n");
  EXPECT_EQ(run("SISMEMBER set member:999"), ":1\r\n");
}

// Blocks that a test frees in parts, so that holes are left.
class DefragBegins : public Defrag {
 protected:
  void SetUp() override {
    if (allocator_name() == "libc") GTEST_SKIP() << "the sanitizers' allocator does not tell";
    run("CONFIG SET active-defrag-ignore-bytes 1mb");
    constexpr size_t kBlocks = 200'000;
    constexpr size_t kBytes = 100;
    for (size_t i = 0; i < kBlocks; ++i) blocks_.push_back(std::make_unique<char[]>(kBytes));
    run("SET key value");
  }
  void free_where(auto&& condition) {
    for (size_t i = 0; i < blocks_.size(); ++i)
      if (condition(i)) blocks_[i].reset();
  }
  // A tenth of a second later.
  bool walks() {
    clock_.advance(100ms);
    const uint64_t before = worker().counters.defrag_moved + worker().counters.defrag_stayed;
    services().gates.enter(worker().gate);
    defragmenter_.run_slice(clock_.now_ns());
    services().gates.leave(worker().gate);
    return worker().counters.defrag_moved + worker().counters.defrag_stayed > before;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  engine::Defragmenter defragmenter_{services(), worker()};
};

TEST_F(DefragBegins, WhenWhatIsFreeHasBeenMeasuredAfterTheLastOfAMassDeletion) {
  memory_figures();
  EXPECT_FALSE(walks()) << "nothing is scattered";
  free_where([](size_t i) { return i % 2 == 0; });
  EXPECT_TRUE(scattered_bytes_are_stale());
  EXPECT_FALSE(walks()) << "half was freed just now";
  EXPECT_LE(defragmenter_.next_due(), clock_.now_ms() + 100) << "it looks again soon";
  free_where([](size_t i) { return i % 4 == 1; });
  memory_figures();  // in the middle of it
  EXPECT_FALSE(walks()) << "a quarter was freed just now";
  free_where([](size_t i) { return i % 4 == 3 && i % 64 != 63; });
  EXPECT_FALSE(walks());
  EXPECT_FALSE(walks()) << "not measured since";
  memory_figures();
  EXPECT_FALSE(scattered_bytes_are_stale());
  EXPECT_TRUE(walks());
}

TEST_F(DefragBegins, NeverWhenItIsSwitchedOff) {
  run("CONFIG SET activedefrag no");
  free_where([](size_t i) { return i % 8 != 0; });
  EXPECT_FALSE(walks());
  memory_figures();
  EXPECT_FALSE(walks());
  EXPECT_EQ(defragmenter_.next_due(), INT64_MAX);
  run("CONFIG SET activedefrag yes");
  EXPECT_TRUE(walks());
}

}  // namespace
}  // namespace scrubjay
