#include "pubsub/hub.h"

#include <mutex>

#include "pubsub/message.h"

namespace scrubjay::pubsub {

const Hub::Shard& Hub::shard_of(Space space, std::string_view channel) const {
  // The map takes the lower bits of the same hash.
  return shards_[static_cast<size_t>(space)][hash_of(channel) >> 32 & (kShards - 1)];
}

void Hub::subscribe(Space space, std::string_view channel, Peer& peer) {
  Shard& shard = shard_of(space, channel);
  const std::lock_guard lock(shard.mutex);
  shard.channels.try_emplace(std::string(channel)).first->second.add(peer);
  if (space == Space::kChannels) listeners_.fetch_add(1, std::memory_order_relaxed);
}

void Hub::unsubscribe(Space space, std::string_view channel, Peer& peer) {
  Shard& shard = shard_of(space, channel);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.channels.find(channel);
  found->second.remove(peer);
  if (found->second.size() == 0) shard.channels.erase(found);
  if (space == Space::kChannels) listeners_.fetch_sub(1, std::memory_order_relaxed);
}

void Hub::subscribe_pattern(std::string_view pattern, Peer& peer) {
  const std::lock_guard lock(patterns_mutex_);
  patterns_.get_or_add(pattern).add(peer);
  pattern_count_.store(patterns_.size(), std::memory_order_relaxed);
  listeners_.fetch_add(1, std::memory_order_relaxed);
}

void Hub::unsubscribe_pattern(std::string_view pattern, Peer& peer) {
  const std::lock_guard lock(patterns_mutex_);
  Channel& channel = *patterns_.find(pattern);
  channel.remove(peer);
  if (channel.size() == 0) patterns_.remove(pattern);
  pattern_count_.store(patterns_.size(), std::memory_order_relaxed);
  listeners_.fetch_sub(1, std::memory_order_relaxed);
}

size_t Hub::publish(Space space, std::string_view channel, std::string_view message,
                    Outgoing& outgoing) {
  Shard& shard = shard_of(space, channel);
  const std::lock_guard lock(shard.mutex);
  size_t count = 0;
  const auto found = shard.channels.find(channel);
  if (found != shard.channels.end()) {
    const std::string_view kind = space == Space::kChannels ? "message" : "smessage";
    count += found->second.send(make_message({kind, channel, message}), outgoing);
  }
  if (space == Space::kShardChannels || pattern_count_.load(std::memory_order_relaxed) == 0)
    return count;
  std::shared_lock patterns_lock(patterns_mutex_, std::try_to_lock);
  if (!patterns_lock) {
    ContentionCounters::add(Contention::kChannelLock);
    patterns_lock.lock();
  }
  patterns_.each_match(channel, [&](std::string_view pattern, const Channel& listeners) {
    count += listeners.send(make_message({"pmessage", pattern, channel, message}), outgoing);
  });
  return count;
}

size_t Hub::count_listeners(Space space, std::string_view channel) const {
  const Shard& shard = shard_of(space, channel);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.channels.find(channel);
  return found == shard.channels.end() ? 0 : found->second.size();
}

size_t Hub::count_patterns() const {
  return pattern_count_.load(std::memory_order_relaxed);
}

size_t Hub::count_channels(Space space) const {
  size_t count = 0;
  for (const Shard& shard : shards_[static_cast<size_t>(space)]) {
    const std::lock_guard lock(shard.mutex);
    count += shard.channels.size();
  }
  return count;
}

std::vector<std::string> Hub::channels(Space space) const {
  std::vector<std::string> names;
  for (const Shard& shard : shards_[static_cast<size_t>(space)]) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [name, channel] : shard.channels) names.push_back(name);
  }
  return names;
}

}  // namespace scrubjay::pubsub
