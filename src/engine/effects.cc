#include "engine/effects.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "config/keyspace_events.h"
#include "engine/client_tracking.h"
#include "engine/event_class.h"
#include "engine/services.h"

namespace scrubjay::engine {

namespace {

enum class Order : uint8_t {
  kInvalidationFirst,  // then the event: the rule
  kEventFirst,
  kLast,  // behind all events of the command on this key
};

// The order in which Redis tells another client of a change, if it both caches and listens.
Order order_of(std::string_view event) {
  using namespace std::string_view_literals;
  if (event == "expired" || event == "zpopmin" || event == "zpopmax") return Order::kEventFirst;
  static constexpr std::array kLateOnes{"xadd"sv, "lpop"sv,  "rpop"sv, "spop"sv,
                                        "zrem"sv, "ltrim"sv, "xtrim"sv};
  return std::ranges::find(kLateOnes, event) != kLateOnes.end() ? Order::kLast
                                                                : Order::kInvalidationFirst;
}

}  // namespace

void Effects::changed(const store::Change& change) {
  const bool heard = services_.config.notify_keyspace_events != 0 && services_.hub.has_listeners();
  const bool cached =
      change.of_value && (services_.tracking.in_use() || services_.invalidation_log.is_on());
  if (!cached) [[likely]] {
    if (heard) publish_event(change);
    return;
  }
  const bool goes_on = late_ && late_->key == change.key.text && late_->database == change.database;
  if (late_ && !goes_on) tell_late();
  const bool ordered = heard && services_.tracking.in_use();
  const Order order = ordered ? order_of(change.event) : Order::kInvalidationFirst;
  if (order == Order::kInvalidationFirst && !goes_on) invalidate(services_, worker_, change);
  if (heard) publish_event(change);
  if (order == Order::kEventFirst) invalidate(services_, worker_, change);
  if (order == Order::kLast) late_ = {std::string(change.key.text), change.database};
}

void Effects::tell_late() {
  const Late late = *std::exchange(late_, std::nullopt);
  invalidate(services_, worker_, {"", store::Key(late.key), late.database});
}

// https://redis.io/docs/latest/develop/pubsub/keyspace-notifications
void Effects::publish_event(const store::Change& change) {
  const uint32_t wanted = services_.config.notify_keyspace_events;
  if ((wanted & class_of_event(change.event)) == 0) return;
  const auto publish = [&](std::string_view about, std::string_view name, std::string_view said) {
    channel_.clear();
    fmt::format_to(std::back_inserter(channel_), "__{}@{}__:{}", about, change.database, name);
    services_.hub.publish(pubsub::Space::kChannels, channel_, said, worker_.outgoing);
  };
  if (wanted & config::kEventKeyspace) publish("keyspace", change.key.text, change.event);
  if (wanted & config::kEventKeyevent) publish("keyevent", change.event, change.key.text);
}

}  // namespace scrubjay::engine
