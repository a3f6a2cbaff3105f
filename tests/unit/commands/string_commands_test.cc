#include "support/engine_fixture.h"

namespace scrubjay {
namespace {

using namespace std::chrono_literals;
using StringCommands = test::EngineFixture;

TEST_F(StringCommands, GetReturnsWhatSetStored) {
  EXPECT_EQ(run("SET k v"), "+OK\r\n");
  EXPECT_EQ(run("GET k"), "$1\r\nv\r\n");
  EXPECT_EQ(run("GET missing"), "$-1\r\n");
}

TEST_F(StringCommands, AKeyIsGoneOneMillisecondAfterItsDeadline) {
  run("SET k v PX 100");
  advance(100ms);
  EXPECT_EQ(run("GET k"), "$1\r\nv\r\n");
  advance(1ms);
  EXPECT_EQ(run("GET k"), "$-1\r\n");
}

TEST_F(StringCommands, MaintenanceRemovesDueKeysWithoutAccess) {
  for (int i = 0; i < 1000; ++i)
    run("SET k" + std::to_string(i) + " v PX " + std::to_string(100 + i));
  EXPECT_EQ(services().keyspace.size(0, false).keys, 1000u);
  advance(600ms);
  EXPECT_EQ(services().keyspace.size(0, false).keys, 500u);
  advance(10s);
  EXPECT_EQ(services().keyspace.size(0, false).keys, 0u);
}

TEST_F(StringCommands, LongValuesAreSharedWithRepliesAndCopiedOnWrite) {
  const std::string value(100'000, 'x');
  run_words({"SET", "k", value});
  EXPECT_EQ(run("GET k"), "$100000\r\n" + value + "\r\n");
  EXPECT_EQ(run("APPEND k y"), ":100001\r\n");
  EXPECT_EQ(run("GET k"), "$100001\r\n" + value + "y\r\n");
}

TEST_F(StringCommands, AnErrorRollsTheReplyBack) {
  run("SET k abc");
  EXPECT_EQ(run("INCR k"), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(run("SET k v EX 0"), "-ERR invalid expire time in 'set' command\r\n");
  EXPECT_EQ(run("GET k"), "$3\r\nabc\r\n");
}

}  // namespace
}  // namespace scrubjay
