// LATENCY: spikes above latency-monitor-threshold, by event name ("command", "fast-command",
// "expire-cycle", "eviction-cycle"), one sample a second and event at most. Safe from any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::engine {

class LatencyMonitor {
 public:
  struct Sample {
    int64_t unix_seconds;
    int64_t ms;
  };
  struct Event {
    std::string name;
    std::deque<Sample> samples;  // oldest first, at most kMaxSamples
    int64_t max_ms = 0;
  };
  static constexpr size_t kMaxSamples = 160;

  void add(std::string_view event, int64_t now_ms, int64_t duration_ms);
  std::vector<Event> events() const;  // by name
  // Forgets these events (all when empty); returns how many there were.
  size_t reset(const std::vector<std::string>& names);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Event, std::less<>> events_;
};

}  // namespace scrubjay::engine
