#include "config/keyspace_events.h"

#include <utility>

namespace scrubjay::config {
namespace {

constexpr std::pair<char, uint32_t> kClasses[] = {
    {'g', kEventGeneric}, {'$', kEventString},    {'l', kEventList},    {'s', kEventSet},
    {'h', kEventHash},    {'z', kEventSortedSet}, {'x', kEventExpired}, {'e', kEventEvicted},
    {'t', kEventStream},  {'d', kEventModule},    {'n', kEventNew},
};
constexpr std::pair<char, uint32_t> kAlwaysShown[] = {
    {'K', kEventKeyspace},
    {'E', kEventKeyevent},
    {'m', kEventKeyMiss},
};

}  // namespace

std::optional<uint32_t> parse_keyspace_events(std::string_view letters) {
  uint32_t events = 0;
  for (const char letter : letters) {
    uint32_t found = letter == 'A' ? kAllKeyspaceEvents : 0;
    for (const auto& [shown, event] : kClasses) found |= shown == letter ? event : 0;
    for (const auto& [shown, event] : kAlwaysShown) found |= shown == letter ? event : 0;
    if (found == 0) return std::nullopt;
    events |= found;
  }
  return events;
}

std::string format_keyspace_events(uint32_t events) {
  std::string letters;
  if ((events & kAllKeyspaceEvents) == kAllKeyspaceEvents) {
    letters = "A";
  } else {
    for (const auto& [shown, event] : kClasses) {
      if (events & event) letters += shown;
    }
  }
  for (const auto& [shown, event] : kAlwaysShown) {
    if (events & event) letters += shown;
  }
  return letters;
}

}  // namespace scrubjay::config
