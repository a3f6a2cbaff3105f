#include "support/engine_fixture.h"

namespace scrubjay {
namespace {

using MemoryCommands = test::EngineFixture;

constexpr const char* kSyntax = "-ERR syntax error\r\n";

int64_t integer(const std::string& reply) {
  EXPECT_TRUE(reply.starts_with(":")) << reply;
  return std::stoll(reply.substr(1));
}

TEST_F(MemoryCommands, UsageIsTheEntryAndItsPlaces) {
  run("SET k v");
  const int64_t small = integer(run("MEMORY USAGE k"));
  EXPECT_GE(small, 10 + 11);
  EXPECT_LE(small, 64);
  EXPECT_EQ(integer(run("MEMORY USAGE k SAMPLES 0")), small);
  run("PEXPIRE k 1000");
  EXPECT_GT(integer(run("MEMORY USAGE k")), small);
  run_words({"SET", "k", std::string(100'000, 'x')});
  EXPECT_GE(integer(run("MEMORY USAGE k")), 100'000);
  EXPECT_EQ(run("MEMORY USAGE nosuch"), "$-1\r\n");
}

TEST_F(MemoryCommands, UsageRefusesWhatItDoesNotKnow) {
  run("SET k v");
  EXPECT_EQ(run("MEMORY USAGE k SAMPLES"), kSyntax);
  EXPECT_EQ(run("MEMORY USAGE k SAMPLES -1"), kSyntax);
  EXPECT_EQ(run("MEMORY USAGE k NOSUCH 3"), kSyntax);
  EXPECT_EQ(run("MEMORY USAGE k SAMPLES x"), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(run("MEMORY NOSUCH"), "-ERR unknown subcommand 'NOSUCH'. Try MEMORY HELP.\r\n");
}

TEST_F(MemoryCommands, StatsIsAMapOfAllDatabases) {
  run("SET k v");
  run("SELECT 3");
  run("SET k v");
  client().protocol = 3;
  const std::string stats = run("MEMORY STATS");
  EXPECT_TRUE(stats.starts_with("%33\r\n")) << stats.substr(0, 8);
  EXPECT_NE(stats.find("$4\r\ndb.0\r\n%2\r\n"), std::string::npos);
  EXPECT_NE(stats.find("$4\r\ndb.3\r\n%2\r\n"), std::string::npos);
  EXPECT_EQ(stats.find("$4\r\ndb.1\r\n"), std::string::npos);
  EXPECT_NE(stats.find("$10\r\nkeys.count\r\n:2\r\n"), std::string::npos);
  EXPECT_NE(stats.find("$19\r\nfragmentation.bytes\r\n"), std::string::npos);
}

TEST_F(MemoryCommands, ReportsAreVerbatimStrings) {
  EXPECT_EQ(run("MEMORY PURGE"), "+OK\r\n");
  EXPECT_TRUE(run("MEMORY DOCTOR").starts_with("$"));
  client().protocol = 3;
  EXPECT_EQ(run("MEMORY DOCTOR").substr(0, 1), "=");
  EXPECT_EQ(run("MEMORY MALLOC-STATS").substr(0, 1), "=");
}

}  // namespace
}  // namespace scrubjay
