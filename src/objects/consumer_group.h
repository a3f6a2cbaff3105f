// A stream's consumer group: what was delivered to whom and not acknowledged yet. Used under the
// lock of the stream's key.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "objects/id_map.h"

namespace scrubjay::objects {

struct Consumer {
  static constexpr int64_t kNever = -1;

  std::string name;
  int64_t seen_ms = 0;         // last attempt at anything
  int64_t active_ms = kNever;  // last time that it got or claimed an entry
  IdSet pending;               // what it has to acknowledge
};

// An entry that was delivered and not acknowledged.
struct Delivery {
  Consumer* consumer = nullptr;
  int64_t delivered_ms = 0;
  uint64_t count = 0;
};

class ConsumerGroup {
 public:
  static constexpr int64_t kUnknown = -1;

  ConsumerGroup(const StreamId& id, int64_t read) : last_id(id), entries_read(read) {}
  ConsumerGroup(const ConsumerGroup&) = delete;
  ConsumerGroup& operator=(const ConsumerGroup&) = delete;
  std::unique_ptr<ConsumerGroup> clone() const;

  StreamId last_id;      // the last one delivered
  int64_t entries_read;  // how many entries of the stream's whole life stand up to it, or kUnknown

  // By name, in the order of their bytes.
  using Consumers = std::map<std::string, std::unique_ptr<Consumer>, std::less<>>;
  const Consumers& consumers() const { return consumers_; }
  Consumer* find_consumer(std::string_view name) const;
  // There must be none of this name.
  Consumer& add_consumer(std::string_view name, int64_t now_ms);
  // Drops what it has pending, and returns how many those were.
  size_t remove_consumer(Consumer& consumer);

  const IdMap<Delivery>& pending() const { return pending_; }
  IdMap<Delivery>& pending() { return pending_; }
  Delivery* find_pending(const StreamId& id) { return pending_.find(id); }
  // Now this consumer has the entry, whoever had it before.
  Delivery& give(const StreamId& id, Consumer& consumer, int64_t now_ms, uint64_t count);
  // Returns whether it was pending.
  bool acknowledge(const StreamId& id);

  size_t memory_bytes() const;
  void check_invariants() const;

 private:
  Consumers consumers_;
  IdMap<Delivery> pending_;
};

}  // namespace scrubjay::objects
