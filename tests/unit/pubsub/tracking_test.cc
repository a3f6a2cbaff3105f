#include "pubsub/tracking.h"

#include <gmock/gmock.h>

namespace scrubjay::pubsub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NoSink final : public PushSink {
 public:
  void push(PushKind, const SharedBytes&, uint64_t) override {}
};

class TrackingTest : public ::testing::Test {
 protected:
  PeerPtr peer(bool no_loop = false) {
    PeerPtr made(new Peer(next_id_++, inbox_, sink_));
    made->tracking.no_loop = no_loop;
    tracking_.start(*made);
    return made;
  }
  void read(const PeerPtr& reader, std::string_view key) {
    tracking_.remember(0, store::Key(key), *reader);
  }
  void change(std::string_view key, Peer* acting = nullptr) {
    tracking_.changed(0, store::Key(key), acting, acting, unsent_, outgoing_);
  }
  // What has been sent since: "id keys", the keys without their lengths.
  std::vector<std::string> sent() {
    std::vector<std::string> all;
    for (const Push& push : inbox_.collect()) {
      std::string text = std::to_string(push.only->id);
      if (push.kind == PushKind::kRedirectBroken) text += " broken";
      if (!push.bytes) text += " all";
      std::string_view rest = push.bytes && push.kind != PushKind::kRedirectBroken
                                  ? push.bytes.view()
                                  : std::string_view();
      while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\r'));
        if (line[0] != '*' && line[0] != '$') text += " " + std::string(line);
        rest.remove_prefix(line.size() + 2);
      }
      all.push_back(text);
    }
    return all;
  }

  Doorbell bell_;
  Inbox inbox_{bell_};
  Doorbell other_bell_;
  Inbox other_inbox_{other_bell_};
  Outgoing outgoing_{other_inbox_};
  NoSink sink_;
  uint64_t next_id_ = 1;
  Tracking tracking_{1, nullptr};
  Unsent unsent_;
};

TEST_F(TrackingTest, AnEntryFiresOnce) {
  const PeerPtr a = peer();
  read(a, "k");
  read(a, "k");
  EXPECT_EQ(tracking_.key_count(), 1U);
  EXPECT_EQ(tracking_.item_count(), 1U);
  change("other");
  EXPECT_THAT(sent(), IsEmpty());
  change("k");
  EXPECT_THAT(sent(), ElementsAre("1 k"));
  change("k");
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_EQ(tracking_.key_count(), 0U);
  EXPECT_EQ(tracking_.item_count(), 0U);
}

TEST_F(TrackingTest, ManyReadersOfOneKey) {
  std::vector<PeerPtr> readers;
  for (int i = 0; i < 100; ++i) readers.push_back(peer());
  for (int round = 0; round < 2; ++round)
    for (const PeerPtr& reader : readers) read(reader, "k");
  EXPECT_EQ(tracking_.item_count(), 100U);
  change("k");
  EXPECT_EQ(sent().size(), 100U);
  EXPECT_EQ(tracking_.item_count(), 0U);
}

TEST_F(TrackingTest, OnesOwnInvalidationWaits) {
  const PeerPtr a = peer();
  const PeerPtr b = peer();
  read(a, "k");
  read(b, "k");
  change("k", a.get());
  EXPECT_THAT(sent(), ElementsAre("2 k"));
  Tracking::send_to_self(*a, unsent_, outgoing_);
  EXPECT_THAT(sent(), ElementsAre("1 k"));
}

TEST_F(TrackingTest, NoLoopForgetsAllTheSame) {
  const PeerPtr a = peer(true);
  read(a, "k");
  change("k", a.get());
  EXPECT_TRUE(unsent_.to_self.empty());
  change("k");
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(TrackingTest, WhoStoppedIsNotToldAndMayStartAgain) {
  const PeerPtr a = peer();
  read(a, "k");
  read(a, "l");
  tracking_.stop(*a);
  EXPECT_TRUE(tracking_.in_use());
  change("k");
  EXPECT_THAT(sent(), IsEmpty());
  tracking_.start(*a);
  change("l");
  EXPECT_THAT(sent(), ElementsAre("1 l"));
  tracking_.stop(*a);
  EXPECT_FALSE(tracking_.in_use());
}

TEST_F(TrackingTest, Redirects) {
  const PeerPtr a = peer();
  const PeerPtr r = peer();
  a->tracking.redirect = r;
  a->tracking.redirect_id = r->id;
  read(a, "k");
  change("k");
  EXPECT_THAT(sent(), ElementsAre("2 k"));
  r->alive = false;
  read(a, "k");
  change("k");
  EXPECT_THAT(sent(), ElementsAre("1 broken"));
  EXPECT_TRUE(a->tracking.redirect_broken);
  tracking_.stop(*a);
}

TEST_F(TrackingTest, BroadcastsByPrefixAtTheEndOfTheTurn) {
  const PeerPtr a = peer();
  const PeerPtr b = peer(true);
  tracking_.add_prefix(*a, "user:");
  tracking_.add_prefix(*a, "obj:");
  tracking_.add_prefix(*b, "");
  a->tracking.broadcast = b->tracking.broadcast = true;
  EXPECT_EQ(tracking_.prefix_count(), 3U);
  change("user:2");
  change("other", b.get());
  change("obj:1");
  change("user:1", b.get());
  change("user:2", b.get());
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(unsent_.any_of_turn());
  tracking_.send_broadcast(unsent_, outgoing_);
  EXPECT_THAT(sent(), ElementsAre("2 obj:1", "1 obj:1", "1 user:1 user:2"));
  EXPECT_FALSE(unsent_.any_of_turn());
  // What only the listener itself has changed is no message at all.
  change("mine", b.get());
  tracking_.send_broadcast(unsent_, outgoing_);
  EXPECT_THAT(sent(), IsEmpty());
  tracking_.stop(*a);
  tracking_.stop(*b);
  EXPECT_EQ(tracking_.prefix_count(), 0U);
}

TEST_F(TrackingTest, DroppingTellsAsIfChanged) {
  const PeerPtr a = peer();
  for (int i = 0; i < 300; ++i) read(a, "key:" + std::to_string(i));
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(tracking_.drop_any(0, outgoing_));
  EXPECT_FALSE(tracking_.drop_any(0, outgoing_));
  EXPECT_EQ(sent().size(), 300U);
  EXPECT_EQ(tracking_.key_count(), 0U);
}

TEST_F(TrackingTest, ForgetsAll) {
  const PeerPtr a = peer();
  for (int i = 0; i < 1000; ++i) read(a, "key:" + std::to_string(i));
  EXPECT_EQ(tracking_.item_count(), 1000U);
  EXPECT_EQ(a->use_count(), 2U);  // one reference for all
  tracking_.forget_all();
  EXPECT_EQ(tracking_.key_count(), 0U);
  EXPECT_EQ(tracking_.item_count(), 0U);
  EXPECT_EQ(a->use_count(), 1U);
}

}  // namespace
}  // namespace scrubjay::pubsub
