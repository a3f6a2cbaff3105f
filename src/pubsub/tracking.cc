#include "pubsub/tracking.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "base/same_bytes.h"
#include "pubsub/message.h"

namespace scrubjay::pubsub {

Tracking::Tracking(uint32_t stripes, Table::Retire retire) {
  // Parts can't be moved: each is made in its place.
  const std::vector<Table::Retire> each(stripes, retire);
  parts_ = std::vector<Part>(each.begin(), each.end());
}

Tracking::~Tracking() {
  forget_all();
}

void Tracking::remember(uint32_t stripe, const store::Key& key, Peer& reader) {
  Part& part = parts_[stripe];
  const Table::Slot slot = part.table.find(
      key.hash, [&](const TrackedKey* other) { return same_bytes(other->name(), key.text); });
  TrackedKey* tracked = slot ? slot.get() : TrackedKey::make(key);
  TrackedKey* const before = tracked;
  if (TrackedKey::add(tracked, reader.number)) note(part, reader);
  if (!slot) [[unlikely]] {
    part.table.insert(key.hash, tracked);
    keys_.fetch_add(1, std::memory_order_relaxed);
  } else if (tracked != before) {
    part.table.replace(slot, key.hash, tracked);
  }
}

void Tracking::note(Part& part, Peer& reader) {
  ++part.items;
  if (reader.number >= part.keys_of.size()) [[unlikely]]
    part.keys_of.resize(reader.number + 1);
  if (part.keys_of[reader.number]++ == 0) [[unlikely]]
    intrusive_ptr_add_ref(&reader);
}

void Tracking::changed(uint32_t stripe, const store::Key& key, Peer* acting, Peer* author,
                       Unsent& unsent, Outgoing& outgoing) {
  if (!prefixes_.empty()) unsent.broadcast.push_back({std::string(key.text), PeerPtr(author)});
  Part& part = parts_[stripe];
  const Table::Slot slot = part.table.find(
      key.hash, [&](const TrackedKey* other) { return same_bytes(other->name(), key.text); });
  if (slot) fire(part, slot, acting, &unsent, outgoing);
}

bool Tracking::drop_any(uint32_t stripe, Outgoing& outgoing) {
  Part& part = parts_[stripe];
  const TrackedKey* chosen = part.table.random(thread_random());
  if (chosen == nullptr) return false;
  const Table::Slot slot =
      part.table.find(chosen->hash(), [&](const TrackedKey* other) { return other == chosen; });
  fire(part, slot, nullptr, nullptr, outgoing);
  return true;
}

void Tracking::fire(Part& part, Table::Slot slot, Peer* acting, Unsent* unsent,
                    Outgoing& outgoing) {
  TrackedKey* const key = part.table.erase(slot);
  keys_.fetch_sub(1, std::memory_order_relaxed);
  SharedBytes message;
  key->each_reader([&](uint32_t number) {
    Peer& reader = numbers_->peer(number);
    const TrackingMode& mode = reader.tracking;
    // It may have stopped, or begun anew with broadcasts, since it read the key.
    if (!mode.on || mode.broadcast) return;
    if (mode.no_loop && &reader == acting) return;
    if (!message) message = make_message({key->name()});
    if (&reader == acting)
      unsent->to_self.push_back(message);
    else
      send(reader, message, outgoing);
  });
  forget(part, key);
}

void Tracking::forget(Part& part, TrackedKey* key) {
  part.items -= key->reader_count();
  key->each_reader([&](uint32_t number) {
    if (--part.keys_of[number] == 0) intrusive_ptr_release(&numbers_->peer(number));
  });
  TrackedKey::destroy(key);
}

void Tracking::send(Peer& client, const SharedBytes& keys, Outgoing& outgoing) {
  TrackingMode& mode = client.tracking;
  if (!mode.redirect) {
    outgoing.put(client.inbox, {.bytes = keys, .only = &client, .kind = PushKind::kInvalidation});
  } else if (mode.redirect->alive.load(std::memory_order_relaxed)) {
    outgoing.put(mode.redirect->inbox,
                 {.bytes = keys, .only = mode.redirect, .kind = PushKind::kRedirected});
  } else {
    mode.redirect_broken.store(true, std::memory_order_relaxed);
    const SharedBytes broken = SharedBytes::copy_of(
        fmt::format("$21\r\ntracking-redir-broken\r\n:{}\r\n", mode.redirect_id));
    outgoing.put(client.inbox,
                 {.bytes = broken, .only = &client, .kind = PushKind::kRedirectBroken});
  }
}

void Tracking::send_to_self(Peer& client, Unsent& unsent, Outgoing& outgoing) {
  for (const SharedBytes& keys : unsent.to_self) send(client, keys, outgoing);
  unsent.to_self.clear();
}

void Tracking::send_broadcast(Unsent& unsent, Outgoing& outgoing) const {
  using Changed = Unsent::Changed;
  const std::vector<Changed> changes = std::exchange(unsent.broadcast, {});
  // Each key once, in order of the keys; of several authors the last one counts.
  std::vector<const Changed*> keys;
  for (const Changed& changed : changes) keys.push_back(&changed);
  std::reverse(keys.begin(), keys.end());
  std::stable_sort(keys.begin(), keys.end(),
                   [](const Changed* a, const Changed* b) { return a->key < b->key; });
  keys.erase(std::unique(keys.begin(), keys.end(),
                         [](const Changed* a, const Changed* b) { return a->key == b->key; }),
             keys.end());

  struct Match {
    std::vector<const Changed*> keys;
    const Listeners* listeners;
  };
  std::map<std::string_view, Match> matches;
  for (const Changed* changed : keys) {
    for (const auto& [length, group] : prefixes_) {
      if (length > changed->key.size()) break;
      const auto found = group.find(std::string_view(changed->key).substr(0, length));
      if (found == group.end()) continue;
      Match& match = matches[found->first];
      match.listeners = &found->second;
      match.keys.push_back(changed);
    }
  }
  for (const auto& [prefix, match] : matches) send_keys(match.keys, *match.listeners, outgoing);
}

void Tracking::send_keys(const std::vector<const Unsent::Changed*>& keys,
                         const Listeners& listeners, Outgoing& outgoing) {
  std::vector<std::string_view> names;
  const auto message_without = [&](const Peer* author) {
    names.clear();
    for (const Unsent::Changed* changed : keys) {
      if (author == nullptr || changed->author != author) names.emplace_back(changed->key);
    }
    return names.empty() ? SharedBytes() : make_message(names);
  };
  SharedBytes for_all;
  for (const PeerPtr& listener : listeners) {
    if (listener->tracking.no_loop) {
      if (const SharedBytes rest = message_without(listener.get())) send(*listener, rest, outgoing);
    } else {
      if (!for_all) for_all = message_without(nullptr);
      send(*listener, for_all, outgoing);
    }
  }
}

void Tracking::start(Peer& client) {
  if (!std::exchange(client.tracking.on, true)) ++clients_;
  if (!client.numbers) {
    client.numbers = numbers_;
    client.number = numbers_->take(client);
  }
  in_use_.store(true, std::memory_order_relaxed);
}

void Tracking::stop(Peer& client) {
  TrackingMode& mode = client.tracking;
  for (const std::string& prefix : mode.prefixes) {
    const auto length = prefixes_.find(prefix.size());
    const auto group = length->second.find(prefix);
    std::erase(group->second, PeerPtr(&client));
    if (group->second.empty()) length->second.erase(group);
    if (length->second.empty()) prefixes_.erase(length);
  }
  if (std::exchange(mode.on, false)) --clients_;
  mode.broadcast = false;
  mode.no_loop = false;
  mode.redirect_id = 0;
  mode.redirect = nullptr;
  mode.prefixes.clear();
  mode.redirect_broken.store(false, std::memory_order_relaxed);
  look_whether_in_use();
}

void Tracking::add_prefix(Peer& client, std::string_view prefix) {
  if (!client.tracking.prefixes.emplace(prefix).second) return;
  prefixes_[prefix.size()].try_emplace(std::string(prefix)).first->second.emplace_back(&client);
}

void Tracking::forget_all() {
  for (Part& part : parts_) {
    part.table.clear([&](TrackedKey* key) { forget(part, key); });
  }
  keys_.store(0, std::memory_order_relaxed);
  look_whether_in_use();
}

// A client that stops may start again, and what it has read before still counts.
void Tracking::look_whether_in_use() {
  in_use_.store(clients_ > 0 || key_count() > 0, std::memory_order_relaxed);
}

size_t Tracking::prefix_count() const {
  size_t count = 0;
  for (const auto& [length, group] : prefixes_) count += group.size();
  return count;
}

size_t Tracking::item_count() const {
  size_t count = 0;
  for (const Part& part : parts_) count += part.items;
  return count;
}

}  // namespace scrubjay::pubsub
