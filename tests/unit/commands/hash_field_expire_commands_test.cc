#include <gtest/gtest.h>

#include "support/engine_fixture.h"

namespace scrubjay::test {
namespace {

using namespace std::chrono_literals;

using HashFieldExpireCommands = EngineFixture;

TEST_F(HashFieldExpireCommands, FieldsGoByThemselvesAndTakeTheHashAlong) {
  run("HSET h a 1 b 2");
  run("HPEXPIRE h 10 FIELDS 1 a");
  run("HPEXPIRE h 30 FIELDS 1 b");
  const auto keys = [&] { return services().keyspace.size(0, false).keys; };
  advance(11ms);
  EXPECT_EQ(services().keyspace.counters(false).expired_fields, 1u);
  EXPECT_EQ(keys(), 1u);
  advance(20ms);
  EXPECT_EQ(keys(), 0u);  // nobody has asked
}

TEST_F(HashFieldExpireCommands, AFieldIsGoneBeforeTheWheelTurns) {
  run("HSET h a 1 b 2");
  run("HPEXPIRE h 10 FIELDS 2 a b");
  clock_.advance(10ms);
  EXPECT_EQ(run("HLEN h"), ":2\r\n");  // they live through this very instant
  clock_.advance(1ms);
  EXPECT_EQ(run("HGET h a"), "$-1\r\n");
  EXPECT_EQ(run("EXISTS h"), ":0\r\n");
}

TEST_F(HashFieldExpireCommands, AFieldsDeathFailsAWatch) {
  run("HSET h a 1 b 2");
  run("HPEXPIRE h 10 FIELDS 1 a");
  run("WATCH h");
  clock_.advance(11ms);
  run("MULTI");
  EXPECT_EQ(run("EXEC"), "*-1\r\n");
}

TEST_F(HashFieldExpireCommands, DeadlinesSurviveWhateverMovesTheKey) {
  run("HSET h a 1 b 2");
  run("HPEXPIRE h 10 FIELDS 1 a");
  run("EXPIRE h 100");
  run("RENAME h g");
  run("MOVE g 1");
  run("PERSIST g");
  run("SELECT 1");
  run("PERSIST g");
  run("COPY g k");
  run("SWAPDB 0 1");
  run("SELECT 0");
  EXPECT_EQ(run("HLEN g"), ":2\r\n");
  advance(11ms);
  EXPECT_EQ(run("HLEN g"), ":1\r\n");
  EXPECT_EQ(run("HLEN k"), ":1\r\n");
  run("SET g x");
  run("DEL k");
  advance(1s);
}

TEST_F(HashFieldExpireCommands, ManyFieldsOfOneHashGoInSteps) {
  for (int i = 0; i < 5000; ++i) run("HSET h f" + std::to_string(i) + " v");
  run("HSET h stays v");
  for (int i = 0; i < 5000; ++i) run("HPEXPIRE h 10 FIELDS 1 f" + std::to_string(i));
  advance(11ms);
  EXPECT_EQ(run("HLEN h"), ":1\r\n");
  EXPECT_EQ(services().keyspace.counters(false).expired_fields, 5000u);
}

}  // namespace
}  // namespace scrubjay::test
