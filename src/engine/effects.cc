#include "engine/effects.h"

#include <fmt/format.h>

#include <iterator>

#include "config/keyspace_events.h"
#include "engine/event_class.h"
#include "engine/services.h"

namespace scrubjay::engine {

void Effects::changed(const store::Change& change) {
  if (services_.config.notify_keyspace_events != 0 && services_.hub.has_listeners())
    publish_event(change);
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
