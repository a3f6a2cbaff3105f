#include "engine/effects.h"

#include <fmt/format.h>

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
  constexpr auto kChannels = pubsub::Space::kChannels;
  if (wanted & config::kEventKeyspace) {
    services_.hub.publish(kChannels,
                          fmt::format("__keyspace@{}__:{}", change.database, change.key.text),
                          change.event, worker_.outgoing);
  }
  if (wanted & config::kEventKeyevent) {
    services_.hub.publish(kChannels,
                          fmt::format("__keyevent@{}__:{}", change.database, change.event),
                          change.key.text, worker_.outgoing);
  }
}

}  // namespace scrubjay::engine
