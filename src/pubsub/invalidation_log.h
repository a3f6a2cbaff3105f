// The keys that changed last, numbered, so that a client that was away can ask what it missed
// (CACHE.INV). A window of bounded memory over an endless sequence: what fell out of it is known to
// be missing, never passed over in silence.
//
// Nothing is recorded until somebody has asked for the first time. A change is appended under the
// lock of its key's stripe, so whoever has seen the new value finds its record. The numbers that
// are answered stay below what a thread has yet to broadcast: who knows a number has been sent all
// invalidations up to it. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::pubsub {

class InvalidationLog {
 public:
  // Numbers begin at `first`, which should be another one in each life of the server: then those of
  // an earlier life are recognised. At least 1.
  InvalidationLog(uint64_t first, size_t threads)
      : next_(first), oldest_(first), unsent_from_(threads) {}

  // In bytes; 0 records nothing.
  void set_limit(uint64_t bytes);
  bool is_on() const { return on_.load(std::memory_order_relaxed); }

  // The invalidation has been sent, or (`unsent`) will be when the thread says so.
  void append(std::string_view key, size_t thread, bool unsent);
  void all_sent(size_t thread);
  // Every key may have changed: whoever asks for more than what comes must start anew.
  void all_changed();

  // The number of the last change so far of which everybody has been told. Recording begins.
  uint64_t now();

  struct Answer {
    uint64_t now;  // as now() tells it
    // Each key that begins with the prefix and has changed after number `since`, once, in the order
    // of the first changes. None: some are not known any more.
    std::optional<std::vector<std::string>> keys;
  };
  Answer since(uint64_t since, std::string_view prefix);

  uint64_t bytes() const;

 private:
  void begin();
  uint64_t last_sent() const;
  void drop_oldest();
  static uint64_t bytes_of(const std::string& record);

  mutable std::mutex mutex_;  // a leaf
  std::deque<std::string> records_;
  uint64_t next_;                      // number of the next record
  uint64_t oldest_;                    // number of records_.front(); next_ if there is none
  std::vector<uint64_t> unsent_from_;  // by thread: its first record not yet broadcast, or 0
  uint64_t bytes_ = 0;
  uint64_t limit_ = 0;
  bool asked_ = false;
  std::atomic<bool> on_{false};
};

}  // namespace scrubjay::pubsub
