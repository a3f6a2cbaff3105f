// Classes of keyspace events as `notify-keyspace-events` names them. Used by the option table and
// by whoever decides if a change is published. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scrubjay::config {

enum KeyspaceEvent : uint32_t {
  kEventKeyspace = 1u << 0,   // K: publish on __keyspace@<db>__
  kEventKeyevent = 1u << 1,   // E: publish on __keyevent@<db>__
  kEventGeneric = 1u << 2,    // g
  kEventString = 1u << 3,     // $
  kEventList = 1u << 4,       // l
  kEventSet = 1u << 5,        // s
  kEventHash = 1u << 6,       // h
  kEventSortedSet = 1u << 7,  // z
  kEventExpired = 1u << 8,    // x
  kEventEvicted = 1u << 9,    // e
  kEventStream = 1u << 10,    // t
  kEventKeyMiss = 1u << 11,   // m
  kEventModule = 1u << 13,    // d
  kEventNew = 1u << 14,       // n
};

// What the letter A stands for: every class but key misses and new keys.
constexpr uint32_t kAllKeyspaceEvents = kEventGeneric | kEventString | kEventList | kEventSet |
                                        kEventHash | kEventSortedSet | kEventExpired |
                                        kEventEvicted | kEventStream | kEventModule;

// No value when a character stands for no class.
std::optional<uint32_t> parse_keyspace_events(std::string_view letters);

// The letters in the order in which CONFIG GET shows them.
std::string format_keyspace_events(uint32_t events);

}  // namespace scrubjay::config
