#include "support/engine_fixture.h"

namespace scrubjay {
namespace {

class ConnectionCommands : public test::EngineFixture {
 protected:
  // As a connection that comes when a password is set.
  void require_password() {
    services().config.requirepass = "secret";
    client().authenticated = false;
  }
};

TEST_F(ConnectionCommands, PingTakesAtMostOneArgument) {
  EXPECT_EQ(run("PING"), "+PONG\r\n");
  EXPECT_EQ(run("PING hi"), "$2\r\nhi\r\n");
  EXPECT_EQ(run("PING a b"), "-ERR wrong number of arguments for 'ping' command\r\n");
}

TEST_F(ConnectionCommands, SelectChecksItsRange) {
  EXPECT_EQ(run("SELECT 3"), "+OK\r\n");
  EXPECT_EQ(client().database, 3);
  EXPECT_EQ(run("SELECT 16"), "-ERR DB index is out of range\r\n");
  EXPECT_EQ(run("SELECT x"), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(run("SELECT 99999999999"),
            "-ERR value is out of range, value must between -2147483648 and 2147483647\r\n");
  EXPECT_EQ(client().database, 3);
}

TEST_F(ConnectionCommands, ArityComesBeforeAuthentication) {
  require_password();
  EXPECT_EQ(run("GET"), "-ERR wrong number of arguments for 'get' command\r\n");
  EXPECT_EQ(run("GET a"), "-NOAUTH Authentication required.\r\n");
  EXPECT_EQ(run("PING"), "-NOAUTH Authentication required.\r\n");
}

TEST_F(ConnectionCommands, AuthComparesTheWholePassword) {
  EXPECT_TRUE(
      run("AUTH x").starts_with("-ERR AUTH <password> called without any password configured"));
  EXPECT_EQ(run("AUTH default anything"), "+OK\r\n");
  require_password();
  const std::string refusal = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
  for (const char* wrong :
       {"AUTH secre", "AUTH secrets", "AUTH secretsecret", "AUTH \"\"", "AUTH other secret"}) {
    EXPECT_EQ(run(wrong), refusal) << wrong;
    EXPECT_FALSE(client().authenticated);
  }
  EXPECT_EQ(run("AUTH a b c"), "-ERR syntax error\r\n");
  EXPECT_EQ(run("AUTH default secret"), "+OK\r\n");
  EXPECT_EQ(run("PING"), "+PONG\r\n");
  EXPECT_EQ(run("AUTH bad"), refusal);
  EXPECT_EQ(run("PING"), "+PONG\r\n");
}

TEST_F(ConnectionCommands, HelloWithoutAuthenticationChangesNothing) {
  require_password();
  EXPECT_TRUE(run("HELLO 3 SETNAME me").starts_with("-NOAUTH HELLO must be called"));
  EXPECT_EQ(client().protocol, 2);
  EXPECT_EQ(client().name, "");
  EXPECT_TRUE(run("HELLO 3 AUTH default secret SETNAME me")
                  .starts_with("%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n"));
  EXPECT_EQ(client().name, "me");
}

TEST_F(ConnectionCommands, HelloRefusesWhatItDoesNotKnow) {
  EXPECT_EQ(run("HELLO 4"), "-NOPROTO unsupported protocol version\r\n");
  EXPECT_EQ(run("HELLO x"), "-ERR Protocol version is not an integer or out of range\r\n");
  EXPECT_EQ(run("HELLO 3 AUTH a"), "-ERR Syntax error in HELLO option 'AUTH'\r\n");
  EXPECT_EQ(run("HELLO 3 NAME a"), "-ERR Syntax error in HELLO option 'NAME'\r\n");
  EXPECT_EQ(run("HELLO 3 SETNAME \"a b\""),
            "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
  EXPECT_EQ(client().protocol, 2);
  EXPECT_TRUE(run("HELLO").starts_with("*14\r\n"));
}

TEST_F(ConnectionCommands, ResetForgetsAllButTheLibrary) {
  run("HELLO 3 SETNAME me");
  client().library_name = "lib";
  run("SELECT 2");
  client().transaction.open = true;
  EXPECT_EQ(run("RESET"), "+RESET\r\n");
  EXPECT_EQ(client().protocol, 2);
  EXPECT_EQ(client().database, 0);
  EXPECT_EQ(client().name, "");
  EXPECT_EQ(client().library_name, "lib");
  EXPECT_FALSE(client().transaction.open);
  EXPECT_TRUE(client().authenticated);
  services().config.requirepass = "secret";
  run("RESET");
  EXPECT_FALSE(client().authenticated);
}

TEST_F(ConnectionCommands, QuitIsHeardInsideATransaction) {
  client().transaction.open = true;
  EXPECT_EQ(run("QUIT"), "+OK\r\n");
  EXPECT_TRUE(client().close_after_reply);
}

}  // namespace
}  // namespace scrubjay
