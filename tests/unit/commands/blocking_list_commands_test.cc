#include <gtest/gtest.h>

#include "engine/waiting.h"
#include "support/engine_fixture.h"

namespace scrubjay::test {
namespace {

class BlockingListCommands : public EngineFixture {
 protected:
  // The reply that has come for a waiting client, or "".
  std::string letter_to(const std::string& name) {
    for (auto& letter : worker().mailbox.collect()) letters_.push_back(std::move(letter));
    engine::Client& who = client(name);
    for (const auto& letter : letters_) {
      if (letter.kind != engine::Letter::Kind::kServed || letter.client_id != who.id) continue;
      if (!who.blocked || who.blocked->waiter->ticket != letter.number) continue;
      who.blocked.reset();
      return std::string(letter.bytes.view());
    }
    return "";
  }
  // Ends the wait as a time-out does.
  std::string give_up(const std::string& name, bool with_error = false) {
    resp::ReplyBuffer buffer;
    resp::ReplyBuilder reply(buffer, 2);
    services_.gates.enter(worker().gate);
    dispatcher_.finish_blocked(worker(), client(name), with_error, reply);
    services_.gates.leave(worker().gate);
    return text_of(buffer);
  }
  bool nobody_waits() {
    bool none = services().waiters.load() == 0;
    services().keyspace.each_stripe(false,
                                    [&](store::Stripe& stripe) { none &= stripe.waiting.empty(); });
    return none;
  }

  std::vector<engine::Letter> letters_;
};

TEST_F(BlockingListCommands, TheOldestWaiterIsServedFirst) {
  EXPECT_EQ(run("BLPOP l 0", "a"), "");
  EXPECT_EQ(run("BLPOP l 0", "b"), "");
  EXPECT_EQ(run("RPUSH l 1"), ":1\r\n");
  EXPECT_EQ(letter_to("b"), "");
  EXPECT_EQ(letter_to("a"), "*2\r\n$1\r\nl\r\n$1\r\n1\r\n");
  run("RPUSH l 2");
  EXPECT_EQ(letter_to("b"), "*2\r\n$1\r\nl\r\n$1\r\n2\r\n");
  EXPECT_TRUE(nobody_waits());
}

TEST_F(BlockingListCommands, TheWokenClientRunsItsWholeCommand) {
  run("BLPOP a b 0", "waits");
  run("MULTI");
  run("RPUSH b 1");
  run("RPUSH a 2");
  run("EXEC");
  EXPECT_EQ(letter_to("waits"), "*2\r\n$1\r\na\r\n$1\r\n2\r\n");
  EXPECT_EQ(run("LLEN b"), ":1\r\n");
}

TEST_F(BlockingListCommands, WhoGivesUpLeavesNothingBehind) {
  run("BLPOP a b c 1", "waits");
  EXPECT_EQ(give_up("waits"), "*-1\r\n");
  EXPECT_TRUE(nobody_waits());
  run("BLPOP a 0", "waits");
  EXPECT_EQ(give_up("waits", true), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
  run("RPUSH a 1");
  EXPECT_EQ(run("LLEN a"), ":1\r\n");
}

TEST_F(BlockingListCommands, ATimeOutThatComesTooLateSaysNothing) {
  run("BLPOP a 0", "waits");
  run("RPUSH a 1");
  EXPECT_EQ(give_up("waits"), "");
  EXPECT_EQ(letter_to("waits"), "*2\r\n$1\r\na\r\n$1\r\n1\r\n");
}

TEST_F(BlockingListCommands, SwapdbAndCopyToAnotherDatabaseServe) {
  run("SELECT 3", "waits");
  run("BLPOP l 0", "waits");
  run("RPUSH l 1 2");
  run("COPY l l DB 3");
  EXPECT_EQ(letter_to("waits"), "*2\r\n$1\r\nl\r\n$1\r\n1\r\n");
  run("SELECT 5", "waits");
  run("BLPOP l 0", "waits");
  run("SWAPDB 0 5");
  EXPECT_EQ(letter_to("waits"), "*2\r\n$1\r\nl\r\n$1\r\n1\r\n");
  EXPECT_TRUE(nobody_waits());
}

TEST_F(BlockingListCommands, AChainOfMovesIsResolvedInOneGo) {
  run("BLMOVE c d LEFT LEFT 0", "third");
  run("BLMOVE b c LEFT LEFT 0", "second");
  run("BLMOVE a b LEFT LEFT 0", "first");
  run("RPUSH a x");
  for (const char* name : {"first", "second", "third"}) EXPECT_EQ(letter_to(name), "$1\r\nx\r\n");
  EXPECT_EQ(run("LRANGE d 0 -1"), "*1\r\n$1\r\nx\r\n");
}

}  // namespace
}  // namespace scrubjay::test
