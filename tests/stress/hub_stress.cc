// Four threads on one hub: each publishes, subscribes and unsubscribes its clients, lets some die,
// and hands out what its inbox holds. Every delivery that PUBLISH counted arrives, each channel has
// one order for all who listen to it throughout, and under TSan no access may race.
//
//   stress_hub [SECONDS]
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "pubsub/hub.h"

namespace scrubjay::stress {
namespace {

using namespace pubsub;
using SteadyClock = std::chrono::steady_clock;

constexpr size_t kThreads = 4;
constexpr size_t kListeners = 8;  // of each thread
constexpr uint64_t kChannels = 6;
constexpr std::string_view kSteady = "steady";

std::atomic<int> violations{0};

void expect(bool holds, const char* what) {
  if (!holds && violations.fetch_add(1) < 20) std::fprintf(stderr, "VIOLATED: %s\n", what);
}

std::string channel_name(uint64_t number) {
  return fmt::format("channel:{}", number);
}

// Keeps what it is handed; a message ends in "<publisher>:<number>".
class Listener final : public PushSink {
 public:
  void push(PushKind, const SharedBytes& message, uint64_t) override {
    ++received;
    const std::string_view text = message.view();
    const size_t end = text.size() - 2;
    const size_t start = text.rfind('\n', end - 1) + 1;
    const std::string body(text.substr(start, end - start));
    const uint64_t number = std::strtoull(body.c_str() + 2, nullptr, 10);
    // Of one publisher, by one way (the channel or a pattern), numbers grow.
    uint64_t& last = last_[std::string(text.substr(0, start)) + body[0]];
    expect(number > last, "a publisher's messages come in their order");
    last = number;
    if (text.find(kSteady) != std::string_view::npos) steady.push_back(body);
  }
  void forget() { last_.clear(); }

  uint64_t received = 0;
  std::vector<std::string> steady;

 private:
  std::unordered_map<std::string, uint64_t> last_;
};

class Member {
 public:
  Member(Hub& hub, size_t number) : hub_(hub), number_(number), random_(number + 1) {
    for (size_t i = 0; i < kListeners; ++i) {
      clients_.push_back(std::make_unique<Client>());
      revive(*clients_.back());
    }
    hub_.subscribe(Space::kChannels, kSteady, *clients_[0]->peer);
  }

  Inbox& inbox() { return inbox_; }
  uint64_t counted() const { return counted_; }
  uint64_t handed_out() const { return handed_out_; }
  const std::vector<std::string>& steady() const { return clients_[0]->listener.steady; }

  void step() {
    switch (random_.below(8)) {
      case 0:
        toggle(*clients_[1 + random_.below(kListeners - 1)], random_.below(kChannels), false);
        break;
      case 1:
        toggle(*clients_[1 + random_.below(kListeners - 1)], random_.below(kChannels), true);
        break;
      case 2:
        if (random_.below(20) == 0) kill(*clients_[1 + random_.below(kListeners - 1)]);
        break;
      case 3:
        publish(std::string(kSteady));
        break;
      default:
        publish(channel_name(random_.below(kChannels)));
    }
    outgoing_.ring();
    if (random_.below(4) == 0) hand_out();
  }
  void hand_out() {
    outgoing_.own_collected();
    inbox_.bell().answer();
    for (const Push& push : inbox_.collect()) {
      for (const PeerPtr& peer : push.receivers->peers) {
        ++handed_out_;
        expect(&peer->inbox == &inbox_, "a message comes to the thread of its client");
        if (peer->alive.load(std::memory_order_relaxed))
          peer->sink.push(push.kind, push.bytes, push.number);
      }
    }
  }
  void leave() {
    hub_.unsubscribe(Space::kChannels, kSteady, *clients_[0]->peer);
    for (const auto& client : clients_) unsubscribe_all(*client);
  }

 private:
  struct Client {
    Listener listener;
    PeerPtr peer;
    bool channels[kChannels] = {};
    bool patterns[kChannels] = {};
  };

  void revive(Client& client) {
    client.listener.forget();
    client.peer = new Peer(1, inbox_, client.listener);
  }
  // Also patterns that match several channels, and several patterns that match one.
  static std::string pattern_name(uint64_t number) {
    return number % 2 == 0 ? fmt::format("channel:[{}-9]", number) : fmt::format("ch*{}", number);
  }
  void toggle(Client& client, uint64_t number, bool pattern) {
    bool& listens = pattern ? client.patterns[number] : client.channels[number];
    listens = !listens;
    if (pattern && listens) hub_.subscribe_pattern(pattern_name(number), *client.peer);
    if (pattern && !listens) hub_.unsubscribe_pattern(pattern_name(number), *client.peer);
    if (!pattern && listens) hub_.subscribe(Space::kChannels, channel_name(number), *client.peer);
    if (!pattern && !listens)
      hub_.unsubscribe(Space::kChannels, channel_name(number), *client.peer);
  }
  void unsubscribe_all(Client& client) {
    for (uint64_t i = 0; i < kChannels; ++i) {
      if (client.channels[i]) toggle(client, i, false);
      if (client.patterns[i]) toggle(client, i, true);
    }
  }
  void kill(Client& client) {
    unsubscribe_all(client);
    client.peer->alive.store(false, std::memory_order_relaxed);
    revive(client);
  }
  void publish(const std::string& channel) {
    counted_ +=
        hub_.publish(Space::kChannels, channel, fmt::format("{}:{}", number_, ++sent_), outgoing_);
  }

  Hub& hub_;
  const size_t number_;
  Random random_;
  Doorbell bell_;
  Inbox inbox_{bell_};
  Outgoing outgoing_{inbox_};
  std::vector<std::unique_ptr<Client>> clients_;
  uint64_t sent_ = 0;
  uint64_t counted_ = 0;
  uint64_t handed_out_ = 0;
};

int run(int seconds) {
  Hub hub;
  std::vector<std::unique_ptr<Member>> members;
  for (size_t i = 0; i < kThreads; ++i) members.push_back(std::make_unique<Member>(hub, i));
  const auto end = SteadyClock::now() + std::chrono::seconds(seconds);
  std::vector<std::thread> threads;
  for (const auto& member : members) {
    threads.emplace_back([&member, end] {
      while (SteadyClock::now() < end) {
        for (int i = 0; i < 100; ++i) member->step();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  uint64_t counted = 0;
  uint64_t handed_out = 0;
  for (const auto& member : members) {
    member->hand_out();
    member->leave();
    counted += member->counted();
    handed_out += member->handed_out();
    expect(member->steady() == members[0]->steady(), "a channel has one order for all");
  }
  expect(counted == handed_out, "what PUBLISH counts is what arrives");
  expect(counted > 0 && !members[0]->steady().empty(), "something was said");
  expect(!hub.has_listeners() && hub.count_patterns() == 0 &&
             hub.count_channels(Space::kChannels) == 0,
         "nobody is left");
  std::printf("%llu deliveries, %d violations\n", static_cast<unsigned long long>(counted),
              violations.load());
  return violations == 0 ? 0 : 1;
}

}  // namespace
}  // namespace scrubjay::stress

int main(int argc, char** argv) {
  return scrubjay::stress::run(argc > 1 ? std::atoi(argv[1]) : 10);
}
