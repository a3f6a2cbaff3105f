#include "support/engine_fixture.h"

namespace scrubjay {
namespace {

class ConfigCommands : public test::EngineFixture {};
using AclCommands = ConfigCommands;
using ClusterCommands = ConfigCommands;
using ScriptingCommands = ConfigCommands;

TEST_F(ConfigCommands, SetTellsTheEngine) {
  EXPECT_EQ(run("CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor 3"), "+OK\r\n");
  EXPECT_EQ(services().keyspace.policy.eviction, config::EvictionPolicy::kAllkeysLfu);
  EXPECT_EQ(services().keyspace.policy.lfu_log_factor, 3);
  EXPECT_EQ(run("CONFIG GET lfu-log-factor"), "*2\r\n$14\r\nlfu-log-factor\r\n$1\r\n3\r\n");
  EXPECT_EQ(run("CONFIG GET nosuch"), "*0\r\n");
}

TEST_F(ConfigCommands, WhatCannotBeAppliedIsTakenBack) {
  std::vector<std::string> told;
  services().apply_config = [&](const std::vector<std::string>& changed) {
    told = changed;
    return services().config.maxclients == 5 ? std::string("too few") : std::string();
  };
  EXPECT_EQ(run("CONFIG SET maxclients 5"),
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - too few\r\n");
  EXPECT_EQ(services().config.maxclients, 10000);
  EXPECT_EQ(told, std::vector<std::string>{"maxclients"});
  told.clear();
  EXPECT_EQ(run("CONFIG SET maxclients 10000"), "+OK\r\n");
  EXPECT_TRUE(told.empty());
}

TEST_F(ConfigCommands, ErrorsNameTheOption) {
  EXPECT_EQ(run("CONFIG SET nosuch 1"),
            "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'\r\n");
  EXPECT_EQ(run("CONFIG SET maxmemory 1 timeout"), "-ERR syntax error\r\n");
  EXPECT_EQ(run("CONFIG SET maxmemory"),
            "-ERR wrong number of arguments for 'config|set' command\r\n");
  EXPECT_EQ(run("CONFIG REWRITE"), "-ERR The server is running without a config file\r\n");
  EXPECT_EQ(run("CONFIG NOSUCH"), "-ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP.\r\n");
}

TEST_F(ConfigCommands, APasswordConcernsNewConnectionsOnly) {
  run("CONFIG SET requirepass secret");
  EXPECT_EQ(run("PING"), "+PONG\r\n");
  client("new").authenticated = false;
  EXPECT_EQ(run("PING", "new"), "-NOAUTH Authentication required.\r\n");
  run_words({"CONFIG", "SET", "requirepass", ""});
  EXPECT_EQ(run("PING", "new"), "+PONG\r\n");
}

TEST_F(ConfigCommands, ResetstatForgetsCounts) {
  run("SET k v");
  run("GET k");
  run("NOSUCH");
  EXPECT_EQ(run("CONFIG RESETSTAT"), "+OK\r\n");
  EXPECT_EQ(worker().counters.commands_processed, 1u);
  EXPECT_TRUE(worker().counters.errors.empty());
  EXPECT_EQ(worker().counters.commands[services().commands.find("get")->id].calls, 0u);
  EXPECT_EQ(services().keyspace.counters(false).hits, 0u);
}

TEST_F(AclCommands, TheDefaultUserMayDoAll) {
  EXPECT_EQ(run("ACL WHOAMI"), "$7\r\ndefault\r\n");
  EXPECT_EQ(run("ACL LIST"),
            "*1\r\n$51\r\nuser default on nopass sanitize-payload ~* &* +@all\r\n");
  run("CONFIG SET requirepass foo");
  EXPECT_NE(
      run("ACL LIST")
          .find("user default on sanitize-payload "
                "#2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae ~* &* +@all"),
      std::string::npos);
  EXPECT_EQ(run("ACL GETUSER nobody"), "$-1\r\n");
  EXPECT_EQ(run("ACL CAT nosuch"), "-ERR Unknown category 'nosuch'\r\n");
  EXPECT_NE(run("ACL CAT string").find("$6\r\ngetdel\r\n"), std::string::npos);
  EXPECT_EQ(run("ACL CAT a b"),
            "-ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP.\r\n");
}

TEST_F(ClusterCommands, ThisServerStandsAlone) {
  const std::string disabled = "-ERR This instance has cluster support disabled\r\n";
  EXPECT_EQ(run("CLUSTER INFO"), disabled);
  EXPECT_EQ(run("CLUSTER KEYSLOT a"), disabled);
  EXPECT_EQ(run("READONLY"), disabled);
  EXPECT_EQ(run("CLUSTER"), "-ERR wrong number of arguments for 'cluster' command\r\n");
  EXPECT_EQ(run("ROLE"), "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n");
  EXPECT_EQ(run("REPLICAOF no one"), "+OK\r\n");
  EXPECT_TRUE(run("REPLICAOF localhost 6379").starts_with("-ERR "));
  EXPECT_EQ(run("MODULE LIST"), "*0\r\n");
  EXPECT_TRUE(run("MODULE LOAD x").starts_with("-ERR MODULE command not allowed."));
}

TEST_F(ScriptingCommands, NoScriptIsKnown) {
  EXPECT_EQ(run("SCRIPT EXISTS a b"), "*2\r\n:0\r\n:0\r\n");
  EXPECT_EQ(run("SCRIPT FLUSH async"), "+OK\r\n");
  EXPECT_EQ(run("SCRIPT FLUSH SYNC x"), "-ERR SCRIPT FLUSH only support SYNC|ASYNC option\r\n");
  EXPECT_EQ(run("FUNCTION LIST LIBRARYNAME x WITHCODE"), "*0\r\n");
  EXPECT_EQ(run("FUNCTION LIST LIBRARYNAME"), "-ERR library name argument was not given\r\n");
  EXPECT_EQ(run("FUNCTION LIST x"), "-ERR Unknown argument x\r\n");
  EXPECT_EQ(run("FUNCTION FLUSH x"), "-ERR FUNCTION FLUSH only supports SYNC|ASYNC option\r\n");
}

}  // namespace
}  // namespace scrubjay
