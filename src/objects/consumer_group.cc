#include "objects/consumer_group.h"

namespace scrubjay::objects {

std::unique_ptr<ConsumerGroup> ConsumerGroup::clone() const {
  auto copy = std::make_unique<ConsumerGroup>(last_id, entries_read);
  for (const auto& [name, consumer] : consumers_) {
    copy->add_consumer(name, consumer->seen_ms).active_ms = consumer->active_ms;
  }
  pending_.for_each_from({}, [&](const StreamId& id, const Delivery& delivery) {
    copy->give(id, *copy->find_consumer(delivery.consumer->name), delivery.delivered_ms,
               delivery.count);
    return true;
  });
  return copy;
}

Consumer* ConsumerGroup::find_consumer(std::string_view name) const {
  const auto found = consumers_.find(name);
  return found == consumers_.end() ? nullptr : found->second.get();
}

Consumer& ConsumerGroup::add_consumer(std::string_view name, int64_t now_ms) {
  auto consumer = std::make_unique<Consumer>();
  consumer->name = name;
  consumer->seen_ms = now_ms;
  return *consumers_.emplace(name, std::move(consumer)).first->second;
}

size_t ConsumerGroup::remove_consumer(Consumer& consumer) {
  const size_t dropped = consumer.pending.size();
  consumer.pending.for_each_from({}, [&](const StreamId& id, Nothing&) {
    pending_.erase(id);
    return true;
  });
  consumers_.erase(consumers_.find(consumer.name));
  return dropped;
}

Delivery& ConsumerGroup::give(const StreamId& id, Consumer& consumer, int64_t now_ms,
                              uint64_t count) {
  Delivery* delivery = pending_.find(id);
  if (delivery == nullptr) {
    pending_.insert(id, {&consumer, now_ms, count});
    consumer.pending.insert(id, {});
    return *pending_.find(id);
  }
  if (delivery->consumer != &consumer) {
    delivery->consumer->pending.erase(id);
    consumer.pending.insert(id, {});
  }
  *delivery = {&consumer, now_ms, count};
  return *delivery;
}

bool ConsumerGroup::acknowledge(const StreamId& id) {
  const Delivery* delivery = pending_.find(id);
  if (delivery == nullptr) return false;
  delivery->consumer->pending.erase(id);
  pending_.erase(id);
  return true;
}

size_t ConsumerGroup::memory_bytes() const {
  size_t bytes = sizeof *this + pending_.memory_bytes();
  for (const auto& [name, consumer] : consumers_)
    bytes += sizeof *consumer + 2 * name.size() + consumer->pending.memory_bytes();
  return bytes;
}

void ConsumerGroup::check_invariants() const {
  pending_.check_invariants();
  size_t of_consumers = 0;
  for (const auto& [name, consumer] : consumers_) {
    const Consumer* owner = consumer.get();
    owner->pending.check_invariants();
    of_consumers += owner->pending.size();
    owner->pending.for_each_from({}, [&](const StreamId& id, const Nothing&) {
      const Delivery* delivery = pending_.find(id);
      if (delivery == nullptr || delivery->consumer != owner) std::abort();
      return true;
    });
  }
  if (of_consumers != pending_.size()) std::abort();
}

}  // namespace scrubjay::objects
