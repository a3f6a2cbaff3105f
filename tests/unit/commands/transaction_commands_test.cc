#include <gtest/gtest.h>

#include "support/engine_fixture.h"

namespace scrubjay::test {
namespace {

using TransactionCommands = EngineFixture;

// A key past its deadline that nobody has removed yet.
TEST_F(TransactionCommands, ASwappedInDeadKeyIsNoChangeOfAWatchedOne) {
  run("SELECT 1", "other");
  run("SET a 1 PX 10", "other");
  clock_.advance(std::chrono::milliseconds(20));
  run("WATCH a");
  run("SWAPDB 0 1", "other");
  run("MULTI");
  EXPECT_EQ(run("EXEC"), "*0\r\n");
}

TEST_F(TransactionCommands, ASwappedInLiveKeyIsAChangeOfAWatchedOne) {
  run("SELECT 1", "other");
  run("SET a 1 PX 10", "other");
  run("WATCH a");
  run("SWAPDB 0 1", "other");
  run("MULTI");
  EXPECT_EQ(run("EXEC"), "*-1\r\n");
}

TEST_F(TransactionCommands, AWatchedKeyThatDiedBeforeTheSwapHasChanged) {
  run("SET a 1 PX 10");
  run("WATCH a");
  clock_.advance(std::chrono::milliseconds(20));
  run("SWAPDB 0 1", "other");
  run("MULTI");
  EXPECT_EQ(run("EXEC"), "*-1\r\n");
}

}  // namespace
}  // namespace scrubjay::test
