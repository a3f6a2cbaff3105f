// What one thread counted: per command, per error, per connection event. Written by its thread with
// its gate raised, read by whoever holds the world (INFO), who adds the threads up. What is counted
// around a socket is written outside the gate: an OwnCounter.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/latency_histogram.h"

namespace scrubjay::metrics {

// A number that one thread changes; others may read it at any time.
class OwnCounter {
 public:
  OwnCounter() = default;
  OwnCounter(const OwnCounter& other) : value_(other) {}
  OwnCounter& operator=(const OwnCounter& other) {
    value_.store(other, std::memory_order_relaxed);
    return *this;
  }
  operator uint64_t() const { return value_.load(std::memory_order_relaxed); }
  void operator+=(uint64_t more) { value_.store(*this + more, std::memory_order_relaxed); }
  void operator++() { *this += 1; }

 private:
  std::atomic<uint64_t> value_{0};
};

struct CommandCounters {
  uint64_t calls = 0;
  uint64_t ns = 0;
  uint64_t rejected = 0;                        // refused before running: arity, OOM, NOAUTH ...
  uint64_t failed = 0;                          // ran and answered an error
  std::unique_ptr<LatencyHistogram> histogram;  // made with the first call
};

struct ThreadCounters {
  std::vector<CommandCounters> commands;                // by command id
  std::map<std::string, uint64_t, std::less<>> errors;  // by the error's first word
  uint64_t commands_processed = 0;
  uint64_t connections = 0;
  uint64_t rejected_connections = 0;
  uint64_t error_replies = 0;
  OwnCounter received_bytes;
  OwnCounter sent_bytes;
  OwnCounter reads;
  OwnCounter writes;
  OwnCounter output_limit_disconnects;
  OwnCounter query_limit_disconnects;
  uint64_t evicted_clients = 0;
  uint64_t defrag_moved = 0;  // entries
  uint64_t defrag_stayed = 0;
  uint64_t defrag_ms = 0;

  void reset() {
    // The rows stay where they are: a command in progress holds on to its own.
    std::vector<CommandCounters> rows = std::move(commands);
    *this = {};
    for (CommandCounters& row : rows) row = {};
    commands = std::move(rows);
  }
};

}  // namespace scrubjay::metrics
