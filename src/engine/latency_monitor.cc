#include "engine/latency_monitor.h"

#include <algorithm>

namespace scrubjay::engine {

void LatencyMonitor::add(std::string_view event, int64_t now_ms, int64_t duration_ms) {
  const std::lock_guard lock(mutex_);
  const auto found =
      events_.try_emplace(std::string(event), Event{std::string(event), {}, 0}).first;
  Event& spikes = found->second;
  spikes.max_ms = std::max(spikes.max_ms, duration_ms);
  const int64_t now_s = now_ms / 1000;
  if (!spikes.samples.empty() && spikes.samples.back().unix_seconds == now_s) {
    spikes.samples.back().ms = std::max(spikes.samples.back().ms, duration_ms);
    return;
  }
  spikes.samples.push_back({now_s, duration_ms});
  if (spikes.samples.size() > kMaxSamples) spikes.samples.pop_front();
}

std::vector<LatencyMonitor::Event> LatencyMonitor::events() const {
  const std::lock_guard lock(mutex_);
  std::vector<Event> all;
  for (const auto& [name, event] : events_) all.push_back(event);
  return all;
}

size_t LatencyMonitor::reset(const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  if (names.empty()) {
    const size_t count = events_.size();
    events_.clear();
    return count;
  }
  size_t count = 0;
  for (const std::string& name : names) count += events_.erase(name);
  return count;
}

}  // namespace scrubjay::engine
