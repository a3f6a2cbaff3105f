// The class of a keyspace event by its name, as `notify-keyspace-events` knows it.
#pragma once

#include <cstdint>
#include <string_view>

namespace scrubjay::engine {

// A config::KeyspaceEvent; 0 for no event.
uint32_t class_of_event(std::string_view event);

}  // namespace scrubjay::engine
