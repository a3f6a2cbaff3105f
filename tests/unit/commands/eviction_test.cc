// Eviction through the whole engine: every policy keeps its promise, and the limit.
#include <gmock/gmock.h>

#include "base/memory.h"
#include "engine/memory_limit.h"
#include "support/engine_fixture.h"

namespace scrubjay {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Eviction : public test::EngineFixture {
 protected:
  void set_limit_above_use(uint64_t bytes) {
    const uint64_t limit = engine::counted_memory(services()) + bytes;
    ASSERT_EQ(run("CONFIG SET maxmemory " + std::to_string(limit)), "+OK\r\n");
  }
  void choose(const std::string& policy) {
    ASSERT_EQ(run("CONFIG SET maxmemory-policy " + policy), "+OK\r\n");
  }
  bool over_limit() {
    const uint64_t limit = services().config.maxmemory;
    return engine::counted_memory(services()) > limit + limit / 100 + (1 << 16);
  }
  std::string fill(const std::string& prefix, int keys, const std::string& options = "") {
    const std::string value(400, 'x');
    std::string last;
    for (int i = 0; i < keys; ++i)
      last = run("SET " + prefix + std::to_string(i) + " " + value + options);
    return last;
  }
  int64_t size() { return std::stoll(run("DBSIZE").substr(1)); }
};

TEST_F(Eviction, EveryAllkeysPolicyHoldsTheLimit) {
  for (const std::string policy :
       {"allkeys-lru", "allkeys-lfu", "allkeys-random", "allkeys-adaptive"}) {
    run("FLUSHALL");
    choose(policy);
    set_limit_above_use(1 << 20);
    EXPECT_EQ(fill("k", 6000), "+OK\r\n") << policy;
    EXPECT_FALSE(over_limit()) << policy;
    EXPECT_GT(size(), 1000) << policy;
    EXPECT_LT(size(), 4000) << policy;
    run("CONFIG SET maxmemory 0");
  }
}

TEST_F(Eviction, VolatilePoliciesSpareKeysWithoutDeadline) {
  for (const std::string policy :
       {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "volatile-adaptive"}) {
    run("FLUSHALL");
    choose(policy);
    set_limit_above_use(1 << 20);
    EXPECT_EQ(fill("stay", 800), "+OK\r\n");
    EXPECT_EQ(fill("go", 3000, " EX 1000"), "+OK\r\n") << policy;
    EXPECT_FALSE(over_limit()) << policy;
    for (int i = 0; i < 800; ++i)
      ASSERT_EQ(run("EXISTS stay" + std::to_string(i)), ":1\r\n") << policy;
    EXPECT_LT(size(), 3800) << policy;
    EXPECT_THAT(fill("stay-too", 3000), StartsWith("-OOM")) << policy;
    run("CONFIG SET maxmemory 0");
  }
}

TEST_F(Eviction, NothingGoesUnderNoeviction) {
  set_limit_above_use(2 << 20);
  EXPECT_THAT(fill("k", 6000), StartsWith("-OOM command not allowed"));
  const int64_t before = size();
  // More than what the janitor may still be giving back of the table's former segments.
  EXPECT_THAT(run("SET more " + std::string(256 << 10, 'x')), StartsWith("-OOM"));
  EXPECT_EQ(run("DEL k0"), ":1\r\n");
  EXPECT_EQ(size(), before - 1);
  EXPECT_THAT(run("INFO stats"), HasSubstr("evicted_keys:0\r\n"));
  run("CONFIG SET maxmemory 1");
  EXPECT_THAT(run("INCR n"), StartsWith("-OOM"));
  EXPECT_EQ(run("GET k1").substr(0, 4), "$400");
}

TEST_F(Eviction, TheNearestDeadlineGoesFirst) {
  choose("volatile-ttl");
  set_limit_above_use(1 << 20);
  for (int i = 0; i < 1000; ++i)
    run("SET late" + std::to_string(i) + " " + std::string(400, 'x') + " EX 10000");
  for (int i = 0; i < 4000; ++i)
    run("SET soon" + std::to_string(i) + " " + std::string(400, 'x') + " EX 100");
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(run("EXISTS late" + std::to_string(i)), ":1\r\n") << i;
}

TEST_F(Eviction, WhatIsOutOfDateGoesBeforeWhatIsGood) {
  choose("allkeys-adaptive");
  set_limit_above_use(1 << 20);
  fill("dead", 900, " PX 1000");
  fill("good", 900);
  clock_.advance(2s);  // and nobody turned the wheels
  fill("more", 800);
  for (int i = 0; i < 900; ++i) EXPECT_EQ(run("EXISTS good" + std::to_string(i)), ":1\r\n") << i;
  EXPECT_THAT(run("INFO stats"), HasSubstr("evicted_keys:0\r\n"));
}

TEST_F(Eviction, AKeyInUseStaysUnderRecencyFrequencyAndAdaptive) {
  for (const std::string policy : {"allkeys-lru", "allkeys-lfu", "allkeys-adaptive"}) {
    run("FLUSHALL");
    choose(policy);
    set_limit_above_use(1 << 20);
    fill("used", 50);
    for (int round = 0; round < 60; ++round) {
      clock_.advance(2s);
      for (int i = 0; i < 50; ++i) run("GET used" + std::to_string(i));
      fill("once" + std::to_string(round) + ".", 100);
    }
    int left = 0;
    for (int i = 0; i < 50; ++i) left += run("EXISTS used" + std::to_string(i)) == ":1\r\n";
    EXPECT_GE(left, 48) << policy;
    run("CONFIG SET maxmemory 0");
  }
}

TEST_F(Eviction, PoliciesMayBeExchangedAtAnyTime) {
  set_limit_above_use(1 << 20);
  const std::vector<std::string> policies{"allkeys-adaptive", "allkeys-lru",  "volatile-adaptive",
                                          "allkeys-lfu",      "volatile-ttl", "allkeys-random"};
  for (int round = 0; round < 18; ++round) {
    choose(policies[static_cast<size_t>(round) % policies.size()]);
    fill("a" + std::to_string(round) + ".", 500, " EX 500");
    fill("b", 200);
    for (int i = 0; i < 200; ++i) run("GET b" + std::to_string(i));
    EXPECT_FALSE(over_limit()) << round;
  }
}

TEST_F(Eviction, ALimitFarBelowUseIsReachedInTheBackground) {
  choose("allkeys-adaptive");
  set_limit_above_use(64 << 20);
  fill("k", 20'000);
  const uint64_t full = engine::counted_memory(services());
  run("CONFIG SET maxmemory " + std::to_string(full - (7 << 20)));
  EXPECT_GT(services().keyspace.size(0, false).keys, 10'000u) << "CONFIG SET does not wait for it";
  engine::Maintenance maintenance(services(), worker());
  clock_.advance(1ms);
  engine::make_room_slowly(services(), worker(), 0);
  for (int i = 0; i < 100'000 && maintenance.next_due() <= clock_.now_ms(); ++i)
    maintenance.run_slice();
  EXPECT_LE(engine::counted_memory(services()), services().config.maxmemory);
  EXPECT_GT(size(), 1000);
}

TEST_F(Eviction, WhatAPolicyKeepsOfUseCanBeAskedFor) {
  choose("allkeys-adaptive");
  set_limit_above_use(1 << 20);
  run("SET k v");
  for (int i = 0; i < 3; ++i) run("GET k");
  EXPECT_EQ(run("OBJECT FREQ k"), ":4\r\n");
  EXPECT_THAT(run("OBJECT IDLETIME k"), StartsWith("-ERR An adaptive maxmemory policy"));
}

TEST_F(Eviction, ALargeValueFindsItsRoomBeforehand) {
  choose("allkeys-adaptive");
  set_limit_above_use(8 << 20);
  fill("k", 20'000);
  EXPECT_EQ(run("SET large " + std::string(1 << 20, 'x')), "+OK\r\n");
  EXPECT_FALSE(over_limit());
}

TEST_F(Eviction, AdviceIsGivenWhenItIsWanted) {
  EXPECT_THAT(run("CACHE.ADVISE"), StartsWith("-ERR nothing is watched"));
  choose("allkeys-lru");
  run("CONFIG SET cache-advise yes");
  set_limit_above_use(1 << 20);
  for (int i = 0; i < 3000; ++i) {
    const std::string key = "k" + std::to_string(i % 5000);
    run("GET " + key);
    run("SET " + key + " " + std::string(400, 'x'));
    if (i % 500 == 0) engine::plan_memory(services(), false);
  }
  const std::string advice = run("CACHE.ADVISE");
  EXPECT_THAT(advice, HasSubstr("allkeys-lru"));
  EXPECT_THAT(advice, HasSubstr("expected"));
}

}  // namespace
}  // namespace scrubjay
