#include "engine/event_class.h"

#include <unordered_map>

#include "config/keyspace_events.h"

namespace scrubjay::engine {
namespace {

using namespace config;

// Those of hashes, sorted sets and streams are told by their first letter.
const std::unordered_map<std::string_view, uint32_t> kClasses{
    {"del", kEventGeneric},
    {"expire", kEventGeneric},
    {"persist", kEventGeneric},
    {"rename_from", kEventGeneric},
    {"rename_to", kEventGeneric},
    {"move_from", kEventGeneric},
    {"move_to", kEventGeneric},
    {"copy_to", kEventGeneric},
    {"restore", kEventGeneric},
    {"set", kEventString},
    {"setrange", kEventString},
    {"append", kEventString},
    {"incrby", kEventString},
    {"incrbyfloat", kEventString},
    {"setbit", kEventString},
    {"pfadd", kEventString},
    {"lpush", kEventList},
    {"rpush", kEventList},
    {"lpop", kEventList},
    {"rpop", kEventList},
    {"linsert", kEventList},
    {"lrem", kEventList},
    {"lset", kEventList},
    {"ltrim", kEventList},
    {"sortstore", kEventList},
    {"sadd", kEventSet},
    {"srem", kEventSet},
    {"spop", kEventSet},
    {"sinterstore", kEventSet},
    {"sunionstore", kEventSet},
    {"sdiffstore", kEventSet},
    {"georadiusstore", kEventSortedSet},
    {"geosearchstore", kEventSortedSet},
    {"expired", kEventExpired},
    {"evicted", kEventEvicted},
    {"keymiss", kEventKeyMiss},
    {"new", kEventNew},
};

}  // namespace

uint32_t class_of_event(std::string_view event) {
  if (event.empty()) return 0;
  const auto found = kClasses.find(event);
  if (found != kClasses.end()) return found->second;
  switch (event[0]) {
    case 'h':
      return kEventHash;
    case 'z':
      return kEventSortedSet;
    case 'x':
      return kEventStream;
    default:
      return 0;
  }
}

}  // namespace scrubjay::engine
