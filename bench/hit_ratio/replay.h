// Plays a trace against a server, cache-aside: a GET for each request, and a SET of what was
// missing. Requests go out in windows of distinct keys; what a window missed is set before the next
// one begins, so that each key sees the effect of its own earlier SET.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "socket.h"
#include "trace.h"

namespace scrubjay::hit_ratio {

enum class Protocol : std::uint8_t { kRedis, kMemcached };

struct ReplayPlan {
  Protocol protocol = Protocol::kRedis;
  std::size_t value_bytes = 200;
  std::size_t window = 64;
  double requests_per_second = 0;  // 0: as fast as can be
};

class CacheClient {
 public:
  CacheClient(std::uint16_t port, const ReplayPlan& plan);

  // The hit ratio in percent.
  double replay(const Trace& trace);
  // Puts `keys` keys of the trace's kind in.
  void fill(std::size_t keys);
  void flush();

 private:
  std::string_view line();
  void skip(std::size_t bytes);
  bool read_value();
  void set(const std::vector<std::uint32_t>& keys);

  const ReplayPlan plan_;
  load::FileDescriptor socket_;
  std::string value_;
  std::string out_;
  std::string in_;
  std::size_t at_ = 0;
};

}  // namespace scrubjay::hit_ratio
