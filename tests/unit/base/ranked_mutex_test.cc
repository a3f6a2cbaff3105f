#include "base/ranked_mutex.h"

#include <gtest/gtest.h>

#include <mutex>

namespace scrubjay {
namespace {

using Stripe = RankedMutex<LockRank::kStripe>;
using Shard = RankedMutex<LockRank::kChannelShard>;

class RankedMutexDeathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kDebugChecks) GTEST_SKIP() << "ranks are checked in debug builds only";
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  }
};

TEST(RankedMutex, AscendingOrderIsFine) {
  Stripe first(1);
  Stripe second(2);
  Shard shard;
  {
    const std::scoped_lock a(first);
    const std::scoped_lock b(second);
    const std::scoped_lock c(shard);
    EXPECT_EQ(HeldRanks::count(), kDebugChecks ? 3u : 0u);
  }
  EXPECT_EQ(HeldRanks::count(), 0u);
}

TEST(RankedMutex, UnlockingInAnyOrderIsFine) {
  Stripe first(1);
  Stripe second(2);
  first.lock();
  second.lock();
  first.unlock();
  second.unlock();
  EXPECT_EQ(HeldRanks::count(), 0u);
  EXPECT_TRUE(first.try_lock());
  first.unlock();
}

TEST_F(RankedMutexDeathTest, DescendingStripesAbort) {
  Stripe first(1);
  Stripe second(2);
  EXPECT_DEATH(
      {
        second.lock();
        first.lock();
      },
      "lock order violated");
}

TEST_F(RankedMutexDeathTest, AStripeUnderAShardAborts) {
  Stripe stripe(1);
  Shard shard;
  EXPECT_DEATH(
      {
        shard.lock();
        stripe.lock();
      },
      "lock order violated");
}

TEST_F(RankedMutexDeathTest, LockingTwiceAborts) {
  Stripe stripe(1);
  EXPECT_DEATH(
      {
        stripe.lock();
        stripe.lock();
      },
      "lock order violated");
}

}  // namespace
}  // namespace scrubjay
