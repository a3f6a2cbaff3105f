// The hub: who listens to which channel or pattern, and messages on their way to them. A message is
// built once and shared by all who get it. Subscribers of a channel all see its messages in one
// order, that of the channel's lock; who publishes waits for nobody.
//
// Any thread, with its gate raised.
#pragma once

#include <array>
#include <atomic>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/ranked_mutex.h"
#include "pubsub/pattern_index.h"
#include "pubsub/peer.h"

namespace scrubjay::pubsub {

// Shard channels are apart from the others: names, counts, no patterns.
enum class Space : uint8_t { kChannels, kShardChannels };

class Hub {
 public:
  // The peer must not listen to it already, or must.
  void subscribe(Space space, std::string_view channel, Peer& peer);
  void unsubscribe(Space space, std::string_view channel, Peer& peer);
  void subscribe_pattern(std::string_view pattern, Peer& peer);
  void unsubscribe_pattern(std::string_view pattern, Peer& peer);

  // Returns how many times the message is delivered: a client that listens to the channel and to
  // patterns that match it gets it for each. First by the channel, then by patterns.
  size_t publish(Space space, std::string_view channel, std::string_view message,
                 Outgoing& outgoing);

  // Whether a message to any channel but a shard's could reach somebody.
  bool has_listeners() const { return listeners_.load(std::memory_order_relaxed) != 0; }

  size_t count_listeners(Space space, std::string_view channel) const;
  size_t count_patterns() const;
  size_t count_channels(Space space) const;
  // The names of channels that somebody listens to, in no order.
  std::vector<std::string> channels(Space space) const;

 private:
  static constexpr size_t kShards = 32;
  struct alignas(64) Shard {
    // Nobody holds two of them, so they need no order.
    mutable RankedMutex<LockRank::kChannelShard> mutex;
    NameMap<Channel> channels;
  };
  const Shard& shard_of(Space space, std::string_view channel) const;
  Shard& shard_of(Space space, std::string_view channel) {
    return const_cast<Shard&>(std::as_const(*this).shard_of(space, channel));
  }

  std::array<std::array<Shard, kShards>, 2> shards_;
  std::atomic<size_t> listeners_{0};
  std::atomic<size_t> pattern_count_{0};
  // A leaf. Publishers share it, and write to it, once there are patterns.
  alignas(64) mutable std::shared_mutex patterns_mutex_;
  PatternIndex patterns_;
};

}  // namespace scrubjay::pubsub
