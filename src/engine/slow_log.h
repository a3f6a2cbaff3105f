// SLOWLOG: the latest commands that took longer than a threshold. Safe from any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::engine {

class SlowLog {
 public:
  struct Item {
    int64_t id;
    int64_t unix_seconds;
    int64_t duration_us;
    std::vector<std::string> arguments;  // cut to 32 of at most 128 bytes
    std::string client_address;
    std::string client_name;
  };

  // Keeps at most `max_length` items; the newest comes first.
  void record(int64_t now_ms, int64_t duration_us, std::span<const std::string_view> arguments,
              std::string_view address, std::string_view name, size_t max_length);
  std::vector<Item> latest(size_t count) const;
  size_t size() const;
  void reset();

 private:
  mutable std::mutex mutex_;
  std::deque<Item> items_;
  int64_t next_id_ = 0;
};

}  // namespace scrubjay::engine
