#include "pubsub/hub.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace scrubjay::pubsub {
namespace {

// A client on a thread of its own, as the hub sees it.
class Listener final : public PushSink {
 public:
  Listener() { outgoing = std::make_unique<Outgoing>(inbox); }
  void push(PushKind, const SharedBytes& message, uint64_t) override {
    heard.emplace_back(message.view());
  }

  const std::vector<std::string>& collect() {
    for (const Push& push : inbox.collect()) {
      for (const PeerPtr& receiver : push.receivers->peers)
        receiver->sink.push(push.kind, push.bytes, push.number);
    }
    return heard;
  }

  Doorbell bell;
  Inbox inbox{bell};
  std::unique_ptr<Outgoing> outgoing;
  PeerPtr peer{new Peer(1, inbox, *this)};
  std::vector<std::string> heard;
};

TEST(Hub, CountsAClientForItsChannelAndForEachPattern) {
  Hub hub;
  Listener a;
  Listener b;
  EXPECT_FALSE(hub.has_listeners());
  hub.subscribe(Space::kChannels, "news", *a.peer);
  hub.subscribe_pattern("n*", *a.peer);
  hub.subscribe_pattern("*s", *a.peer);
  hub.subscribe(Space::kChannels, "news", *b.peer);
  EXPECT_EQ(hub.publish(Space::kChannels, "news", "hi", *b.outgoing), 4u);
  EXPECT_EQ(hub.publish(Space::kChannels, "new", "hi", *b.outgoing), 1u);
  EXPECT_EQ(hub.publish(Space::kShardChannels, "news", "hi", *b.outgoing), 0u);
  ASSERT_EQ(a.collect().size(), 4u);
  EXPECT_EQ(a.heard[0], "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n");
  EXPECT_EQ(a.heard[3], "*4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$3\r\nnew\r\n$2\r\nhi\r\n");
  EXPECT_EQ(b.collect().size(), 1u);
}

TEST(Hub, HandsAMessageToThoseWhoListenedWhenItWasSent) {
  Hub hub;
  Listener a;
  Listener late;
  hub.subscribe(Space::kChannels, "c", *a.peer);
  hub.publish(Space::kChannels, "c", "1", *a.outgoing);
  const PeerPtr other(new Peer(2, a.inbox, late));
  hub.subscribe(Space::kChannels, "c", *other);
  hub.unsubscribe(Space::kChannels, "c", *a.peer);
  hub.publish(Space::kChannels, "c", "2", *a.outgoing);
  a.collect();
  ASSERT_EQ(a.heard.size(), 1u);
  ASSERT_EQ(late.heard.size(), 1u);
  EXPECT_TRUE(a.heard[0].ends_with("1\r\n"));
  EXPECT_TRUE(late.heard[0].ends_with("2\r\n"));
}

TEST(Hub, SharesOneMessageAmongThreads) {
  Hub hub;
  Listener a;
  Listener b;
  hub.subscribe(Space::kChannels, "c", *a.peer);
  hub.subscribe(Space::kChannels, "c", *b.peer);
  hub.publish(Space::kChannels, "c", std::string(10'000, 'x'), *a.outgoing);
  const auto first = a.inbox.collect();
  const auto second = b.inbox.collect();
  ASSERT_EQ(first.size() + second.size(), 2u);
  EXPECT_EQ(first[0].bytes.view().data(), second[0].bytes.view().data());
}

TEST(Hub, AnInboxThatNobodyCollectsIsCrowded) {
  Hub hub;
  Listener a;
  Listener publisher;
  hub.subscribe(Space::kChannels, "c", *a.peer);
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 60; ++i) hub.publish(Space::kChannels, "c", megabyte, *publisher.outgoing);
  EXPECT_EQ(publisher.outgoing->take_crowded(), nullptr);
  for (int i = 0; i < 6; ++i) hub.publish(Space::kChannels, "c", megabyte, *publisher.outgoing);
  EXPECT_EQ(publisher.outgoing->take_crowded(), &a.inbox);
  EXPECT_EQ(publisher.outgoing->take_crowded(), nullptr);
  a.inbox.collect();
  EXPECT_EQ(a.inbox.bytes(), 0u);
  EXPECT_FALSE(a.inbox.crowded());
}

TEST(Hub, ForgetsChannelsThatNobodyListensTo) {
  Hub hub;
  Listener a;
  hub.subscribe(Space::kChannels, "c", *a.peer);
  hub.subscribe(Space::kShardChannels, "c", *a.peer);
  hub.subscribe_pattern("c*", *a.peer);
  EXPECT_EQ(hub.channels(Space::kChannels), std::vector<std::string>{"c"});
  EXPECT_EQ(hub.count_patterns(), 1u);
  hub.unsubscribe(Space::kChannels, "c", *a.peer);
  hub.unsubscribe(Space::kShardChannels, "c", *a.peer);
  hub.unsubscribe_pattern("c*", *a.peer);
  EXPECT_EQ(hub.count_channels(Space::kChannels), 0u);
  EXPECT_EQ(hub.count_channels(Space::kShardChannels), 0u);
  EXPECT_EQ(hub.count_patterns(), 0u);
  EXPECT_FALSE(hub.has_listeners());
}

std::vector<std::string> matches(const PatternIndex& index, std::string_view name) {
  std::vector<std::string> found;
  index.each_match(name,
                   [&](std::string_view pattern, const Channel&) { found.emplace_back(pattern); });
  std::sort(found.begin(), found.end());
  return found;
}

TEST(PatternIndex, FindsPatternsByWhatTheyBeginWith) {
  PatternIndex index;
  for (const char* pattern : {"", "*", "a*", "ab*", "ab?", "a[bc]d", "\\a*", "abc", "b*", "ab\\*"})
    index.get_or_add(pattern);
  EXPECT_EQ(index.size(), 10u);
  EXPECT_EQ(matches(index, "abc"),
            (std::vector<std::string>{"*", "\\a*", "a*", "ab*", "ab?", "abc"}));
  EXPECT_EQ(matches(index, "ab*"),
            (std::vector<std::string>{"*", "\\a*", "a*", "ab*", "ab?", "ab\\*"}));
  EXPECT_EQ(matches(index, "acd"), (std::vector<std::string>{"*", "\\a*", "a*", "a[bc]d"}));
  EXPECT_EQ(matches(index, ""), std::vector<std::string>{""});
  index.remove("ab*");
  index.remove("*");
  EXPECT_EQ(index.find("ab*"), nullptr);
  EXPECT_NE(index.find("ab?"), nullptr);
  EXPECT_EQ(matches(index, "abc"), (std::vector<std::string>{"\\a*", "a*", "ab?", "abc"}));
}

}  // namespace
}  // namespace scrubjay::pubsub
