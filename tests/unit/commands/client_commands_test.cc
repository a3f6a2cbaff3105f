#include "support/engine_fixture.h"

namespace scrubjay {
namespace {

using namespace std::chrono_literals;
using ClientCommands = test::EngineFixture;
using Outcome = engine::Dispatcher::Outcome;

TEST_F(ClientCommands, NamesAreGraphic) {
  EXPECT_EQ(run("CLIENT GETNAME"), "$-1\r\n");
  EXPECT_EQ(run("CLIENT SETNAME \"a b\""),
            "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
  EXPECT_EQ(run("CLIENT SETNAME me"), "+OK\r\n");
  EXPECT_EQ(run("CLIENT GETNAME"), "$2\r\nme\r\n");
  run_words({"CLIENT", "SETNAME", ""});
  EXPECT_EQ(run("CLIENT GETNAME"), "$-1\r\n");
  EXPECT_EQ(run("CLIENT SETINFO lib-name \"a b\""),
            "-ERR lib-name cannot contain spaces, newlines or special characters.\r\n");
  EXPECT_EQ(run("CLIENT SETINFO colour red"), "-ERR Unrecognized option 'colour'\r\n");
}

TEST_F(ClientCommands, TheLineTellsWhatTheClientDoes) {
  run("CLIENT SETNAME me");
  run("CLIENT SETINFO LIB-NAME lib");
  run("CLIENT NO-TOUCH ON");
  advance(5s);
  const std::string line = run("CLIENT LIST");
  EXPECT_NE(
      line.find(
          "id=1 addr=127.0.0.1:1000 laddr= fd=-1 name=me age=5 idle=0 flags=T db=0 sub=0 psub=0 "
          "ssub=0 multi=-1 watch=0 qbuf=26 qbuf-free=0 argv-mem=10 multi-mem=0 "),
      std::string::npos)
      << line;
  EXPECT_NE(
      line.find(" events=r cmd=client|list user=default redir=-1 resp=2 lib-name=lib lib-ver=\n"),
      std::string::npos)
      << line;
}

TEST_F(ClientCommands, ListChoosesByIdAndType) {
  client("b");
  client("c");
  const auto lines = [](const std::string& reply) {
    size_t count = 0;
    for (size_t at = 0; (at = reply.find("id=", at)) != std::string::npos; at += 3) {
      count += at == 0 || reply[at - 1] == '\n' ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(lines(run("CLIENT LIST")), 3u);
  EXPECT_EQ(lines(run("CLIENT LIST ID 2 3 99")), 2u);
  EXPECT_EQ(lines(run("CLIENT LIST TYPE normal")), 3u);
  EXPECT_EQ(run("CLIENT LIST TYPE pubsub"), "$0\r\n\r\n");
  EXPECT_EQ(run("CLIENT LIST TYPE x"), "-ERR Unknown client type 'x'\r\n");
  EXPECT_EQ(run("CLIENT LIST ID"), "-ERR syntax error\r\n");
  EXPECT_EQ(run("CLIENT LIST ID x"), "-ERR Invalid client ID\r\n");
  EXPECT_EQ(run("CLIENT LIST TYPE normal more"), "-ERR syntax error\r\n");
}

TEST_F(ClientCommands, KillSparesTheKillerUnlessTold) {
  client();
  client("b");
  EXPECT_EQ(run("CLIENT KILL 1.1.1.1:1"), "-ERR No such client\r\n");
  EXPECT_EQ(run("CLIENT KILL ID 0"), "-ERR client-id should be greater than 0\r\n");
  EXPECT_EQ(run("CLIENT KILL USER nobody"), "-ERR No such user 'nobody'\r\n");
  EXPECT_EQ(run("CLIENT KILL MAXAGE 0"), "-ERR maxage should be greater than 0\r\n");
  EXPECT_EQ(run("CLIENT KILL ID 1 TYPE"), "-ERR syntax error\r\n");
  EXPECT_EQ(run("CLIENT KILL MAXAGE 10"), ":0\r\n");
  EXPECT_EQ(run("CLIENT KILL TYPE normal"), ":1\r\n");
  EXPECT_TRUE(client("b").killed);
  EXPECT_FALSE(client().close_after_reply);
  EXPECT_EQ(run("CLIENT KILL ID 1 SKIPME no"), ":1\r\n");
  EXPECT_TRUE(client().close_after_reply);
  EXPECT_FALSE(client().killed);
}

TEST_F(ClientCommands, APauseForWritesLetsReadsThrough) {
  EXPECT_EQ(run("CLIENT PAUSE 100 WRITE"), "+OK\r\n");
  EXPECT_EQ(run("GET k"), "$-1\r\n");
  EXPECT_EQ(run("SET k v", "b"), "");
  EXPECT_EQ(last_outcome_, Outcome::kPostponed);
  EXPECT_EQ(run("SET k"), "-ERR wrong number of arguments for 'set' command\r\n");
  advance(100ms);
  EXPECT_EQ(run("SET k v", "b"), "+OK\r\n");
  EXPECT_FALSE(services().paused);
}

TEST_F(ClientCommands, NothingExpiresWhilePaused) {
  run("SET k v PX 50");
  run("CLIENT PAUSE 200 WRITE");
  advance(100ms);
  EXPECT_EQ(services().keyspace.size(0, false).keys, 1u);
  EXPECT_EQ(run("GET k"), "$-1\r\n");
  EXPECT_EQ(services().keyspace.size(0, false).keys, 1u);
  advance(101ms);
  EXPECT_EQ(services().keyspace.size(0, false).keys, 0u);
}

TEST_F(ClientCommands, ASecondPauseNeitherShortensNorWeakens) {
  run("CLIENT PAUSE 1000 WRITE");
  run("CLIENT PAUSE 10 WRITE");
  EXPECT_EQ(services().pause.until_ms, clock_.now_ms() + 1000);
  services().pause_commands(clock_.now_ms() + 500, false);
  services().pause_commands(clock_.now_ms() + 2000, true);
  EXPECT_EQ(services().pause.until_ms, clock_.now_ms() + 2000);
  EXPECT_EQ(run("PING"), "");
  EXPECT_EQ(last_outcome_, Outcome::kPostponed);
  advance(2s);
  EXPECT_EQ(run("PING"), "+PONG\r\n");
}

TEST_F(ClientCommands, UnpauseWakesEveryThread) {
  run("CLIENT PAUSE 1000 WRITE");
  worker().mailbox.collect();
  EXPECT_EQ(run("CLIENT UNPAUSE"), "+OK\r\n");
  const auto letters = worker().mailbox.collect();
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].kind, engine::Letter::Kind::kLookAtAll);
  EXPECT_EQ(run("SET k v"), "+OK\r\n");
}

TEST_F(ClientCommands, PauseChecksItsArguments) {
  EXPECT_EQ(run("CLIENT PAUSE x"), "-ERR timeout is not an integer or out of range\r\n");
  EXPECT_EQ(run("CLIENT PAUSE -1"), "-ERR timeout is negative\r\n");
  EXPECT_EQ(run("CLIENT PAUSE 9223372036854775807"), "-ERR timeout is out of range\r\n");
  EXPECT_EQ(run("CLIENT PAUSE 1 some"), "-ERR CLIENT PAUSE mode must be WRITE or ALL\r\n");
}

TEST_F(ClientCommands, UnblockFindsOnlyWhoWaits) {
  client();
  engine::Client& waiting = client("b");
  EXPECT_EQ(run("CLIENT UNBLOCK 2"), ":0\r\n");
  EXPECT_EQ(run("CLIENT UNBLOCK 2 now"),
            "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR\r\n");
  waiting.blocked = std::make_unique<engine::BlockedState>();
  EXPECT_EQ(run("CLIENT UNBLOCK 1"), ":0\r\n");
  EXPECT_EQ(run("CLIENT UNBLOCK 2 ERROR"), ":1\r\n");
  EXPECT_EQ(waiting.unblock, 2);
  EXPECT_EQ(run("CLIENT UNBLOCK 2"), ":0\r\n");
}

TEST_F(ClientCommands, RepliesCanBeTurnedOffAndSkipped) {
  EXPECT_EQ(run("CLIENT REPLY SKIP"), "");
  EXPECT_EQ(run("PING"), "");
  EXPECT_EQ(run("PING"), "+PONG\r\n");
  EXPECT_EQ(run("CLIENT REPLY OFF"), "");
  EXPECT_EQ(run("PING"), "");
  EXPECT_EQ(run("NOSUCH"), "");
  EXPECT_EQ(run("CLIENT REPLY ON"), "+OK\r\n");
  EXPECT_EQ(run("PING"), "+PONG\r\n");
  run("CLIENT REPLY SKIP");
  EXPECT_EQ(run("CLIENT REPLY ON"), "+OK\r\n");
  EXPECT_EQ(run("CLIENT REPLY maybe"), "-ERR syntax error\r\n");
}

}  // namespace
}  // namespace scrubjay
