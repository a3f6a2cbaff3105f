#include "pubsub/invalidation_log.h"

#include <algorithm>
#include <unordered_set>

namespace scrubjay::pubsub {

uint64_t InvalidationLog::bytes_of(const std::string& record) {
  constexpr size_t kWithin = 15;  // so long a string takes no memory beside its object
  return sizeof record + (record.size() > kWithin ? record.capacity() + 1 : 0);
}

void InvalidationLog::drop_oldest() {
  bytes_ -= bytes_of(records_.front());
  records_.pop_front();
  ++oldest_;
}

void InvalidationLog::set_limit(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  // What changes while it is off has no record.
  if (limit_ == 0 && asked_) ++next_;
  limit_ = bytes;
  while (bytes_ > limit_) drop_oldest();
  if (records_.empty()) oldest_ = next_;
  on_.store(asked_ && limit_ > 0, std::memory_order_relaxed);
}

void InvalidationLog::append(std::string_view key, size_t thread, bool unsent) {
  std::string record(key);
  const std::lock_guard lock(mutex_);
  if (unsent && unsent_from_[thread] == 0) unsent_from_[thread] = next_;
  bytes_ += bytes_of(record);
  records_.push_back(std::move(record));
  ++next_;
  while (bytes_ > limit_ && !records_.empty()) drop_oldest();
}

void InvalidationLog::all_sent(size_t thread) {
  const std::lock_guard lock(mutex_);
  unsent_from_[thread] = 0;
}

uint64_t InvalidationLog::last_sent() const {
  uint64_t next = next_;
  for (const uint64_t from : unsent_from_) {
    if (from != 0) next = std::min(next, from);
  }
  return next - 1;
}

void InvalidationLog::all_changed() {
  const std::lock_guard lock(mutex_);
  records_.clear();
  bytes_ = 0;
  oldest_ = ++next_;
}

void InvalidationLog::begin() {
  if (asked_) return;
  asked_ = true;
  oldest_ = ++next_;  // what changed before has no record
  on_.store(limit_ > 0, std::memory_order_relaxed);
}

uint64_t InvalidationLog::now() {
  const std::lock_guard lock(mutex_);
  begin();
  return last_sent();
}

InvalidationLog::Answer InvalidationLog::since(uint64_t since, std::string_view prefix) {
  // In slices, because writers wait meanwhile.
  constexpr size_t kSlice = 1024;
  std::vector<std::string> keys;
  std::unordered_set<std::string> seen;
  std::unique_lock lock(mutex_);
  begin();
  const uint64_t last = next_ - 1;
  const uint64_t sent = last_sent();
  if (limit_ == 0 || since > last) return {sent, std::nullopt};
  uint64_t number = since + 1;
  while (number <= last) {
    if (number < oldest_) return {sent, std::nullopt};
    const uint64_t end = std::min(last + 1, number + kSlice);
    for (; number < end; ++number) {
      const std::string& record = records_[number - oldest_];
      if (record.starts_with(prefix) && seen.insert(record).second) keys.push_back(record);
    }
    lock.unlock();
    lock.lock();
  }
  return {sent, std::move(keys)};
}

uint64_t InvalidationLog::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace scrubjay::pubsub
