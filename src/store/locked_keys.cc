#include "store/locked_keys.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/same_bytes.h"
#include "config/keyspace_events.h"
#include "store/access.h"
#include "store/eviction.h"

namespace scrubjay::store {

void LockedKeys::lock_one(uint64_t hash, int64_t now_ms) {
  last_.name = nullptr;
  if (world_) [[unlikely]] {
    ++inside_world_;
    return;
  }
  const uint32_t number = keyspace_.stripe_number(hash);
  Stripe& stripe = keyspace_.stripe(number);
  stripe.mutex.lock();
  held_.push_back(number);
  now_ms_ = stripe.latest_ms = std::max(now_ms, stripe.latest_ms);
  frozen_ = keyspace_.frozen.load(std::memory_order_relaxed);
}

void LockedKeys::lock(std::span<const Key> keys, int64_t now_ms) {
  last_.name = nullptr;
  if (world_) [[unlikely]] {
    ++inside_world_;
    return;
  }
  now_ms_ = now_ms;
  frozen_ = keyspace_.frozen.load(std::memory_order_relaxed);
  if (keys.empty()) return;
  for (const Key& key : keys) held_.push_back(keyspace_.stripe_number(key.hash));
  std::sort(held_.begin(), held_.end());
  held_.erase(std::unique(held_.begin(), held_.end()), held_.end());
  for (const uint32_t number : held_) {
    Stripe& stripe = keyspace_.stripe(number);
    stripe.mutex.lock();
    now_ms_ = std::max(now_ms_, stripe.latest_ms);
  }
  for (const uint32_t number : held_) keyspace_.stripe(number).latest_ms = now_ms_;
}

void LockedKeys::hold_world() {
  last_.name = nullptr;
  if (world_) [[unlikely]] {
    ++inside_world_;
    return;
  }
  world_ = true;
  frozen_ = keyspace_.frozen.load(std::memory_order_relaxed);
  now_ms_ = keyspace_.clock().now_ms();
  for (uint32_t i = 0; i < keyspace_.stripe_count(); ++i)
    now_ms_ = std::max(now_ms_, keyspace_.stripe(i).latest_ms);
  for (uint32_t i = 0; i < keyspace_.stripe_count(); ++i) keyspace_.stripe(i).latest_ms = now_ms_;
}

void LockedKeys::unlock() {
  last_.name = nullptr;
  if (inside_world_ != 0) [[unlikely]] {
    --inside_world_;
    return;
  }
  for (size_t i = held_.size(); i-- > 0;) keyspace_.stripe(held_[i]).mutex.unlock();
  held_.clear();
  world_ = false;
  if (!graveyard_.empty()) [[unlikely]] {
    for (Entry* entry : graveyard_) store::bury(keyspace_, entry);
    graveyard_.clear();
  }
}

Stripe& LockedKeys::held_stripe(const Key& key) {
  const uint32_t number = keyspace_.stripe_number(key.hash);
  if constexpr (kDebugChecks) {
    if (!world_ && std::find(held_.begin(), held_.end(), number) == held_.end()) {
      std::fprintf(stderr, "scrubjay: key '%.*s' is not locked: wrong key spec?\n",
                   static_cast<int>(key.text.size()), key.text.data());
      std::abort();
    }
  }
  return keyspace_.stripe(number);
}

LockedKeys::Found LockedKeys::search(Stripe& stripe, int database, const Key& key) {
  Found found;
  found.shelf = stripe.shelf(database);
  if (found.shelf == nullptr) return found;
  found.slot = found.shelf->table.find(
      key.hash, [&](const Entry* entry) { return same_bytes(entry->key(), key.text); });
  if (found.slot) found.entry = found.slot.get();
  return found;
}

LockedKeys::Found LockedKeys::locate(Stripe& stripe, int database, const Key& key) {
  if (last_.name == key.text.data() && last_.size == key.text.size() &&
      last_.database == database && last_.generation == generation_) [[unlikely]] {
    Found found = last_.found;
    if (found.slot) found.entry = found.slot.get();
    if constexpr (kDebugChecks) {
      if (search(stripe, database, key).entry != found.entry) std::abort();
    }
    return found;
  }
  return search(stripe, database, key);
}

LockedKeys::Found LockedKeys::locate_live(Stripe& stripe, int database, const Key& key) {
  Found found = locate(stripe, database, key);
  if (found.entry == nullptr) return found;
  if (found.entry->is_hash_object()) [[unlikely]] {
    found = without_dead_fields(stripe, database, key, found);
    if (found.entry == nullptr) return found;
  }
  if (!found.entry->has_deadline() || found.entry->deadline() >= now_ms_) return found;
  if (!frozen_) expire(stripe, database, key, found);
  found.entry = nullptr;
  return found;
}

void LockedKeys::expire(Stripe& stripe, int database, const Key& key, const Found& found) {
  bury(detach(found));
  ++stripe.counters.expired;
  announce_in(database, "expired", key);
}

LockedKeys::Found LockedKeys::without_dead_fields(Stripe& stripe, int database, const Key& key,
                                                  const Found& found) {
  objects::Hash& hash = found.entry->object<objects::Hash>();
  if (hash.next_due() > now_ms_ || frozen_) return found;
  const size_t gone = hash.expire(now_ms_, SIZE_MAX);
  stripe.counters.expired_fields += gone;
  found.shelf->file_fields(found.entry);
  if (gone == 0) return found;
  const bool emptied = hash.size() == 0;
  if (emptied) bury(detach(found));
  announce_in(database, "hexpired", key);
  if (!emptied) return found;
  announce_in(database, "del", key);
  return {};
}

void LockedKeys::touch(const Found& found, uint64_t hash, detail::KeyUse how) {
  const Policy& policy = keyspace_.policy;
  Entry* const entry = found.entry;
  if (policy.adaptive()) return note_found(keyspace_, *found.shelf, hash, entry, how);
  const uint32_t access =
      policy.lfu() ? lfu_used(entry->access(), now_ms_, policy) : lru_stamp(now_ms_);
  if (access != entry->access()) entry->set_access(access);
}

const Entry* LockedKeys::find_in(int database, const Key& key, Lookup lookup) {
  Stripe& stripe = held_stripe(key);
  const Found found = locate_live(stripe, database, key);
  Entry* const entry = found.entry;
  if (lookup == Lookup::kRead || lookup == Lookup::kExamine) {
    ++(entry != nullptr ? stripe.counters.hits : stripe.counters.misses);
    if (entry == nullptr && (keyspace_.policy.events & config::kEventKeyMiss)) [[unlikely]]
      tell("keymiss", database, key);
    if (lookup == Lookup::kRead) {
      note_for_advice(keyspace_, key.hash,
                      entry != nullptr ? detail::KeyUse::kHit : detail::KeyUse::kMiss);
    }
  }
  if (lookup == Lookup::kWrite && (entry != nullptr || !found.slot))
    last_ = {key.text.data(), key.text.size(), database, generation_, found};
  if (touching_ && (lookup == Lookup::kRead || lookup == Lookup::kWrite)) {
    if (entry != nullptr)
      touch(found, key.hash,
            lookup == Lookup::kRead ? detail::KeyUse::kHit : detail::KeyUse::kWrite);
    else if (lookup == Lookup::kRead && keyspace_.policy.adaptive())
      note_miss(keyspace_, stripe.shelf(database), key.hash);
  }
  return entry;
}

void LockedKeys::plan(Stripe& stripe, int64_t due) {
  if (due >= stripe.next_due.load(std::memory_order_relaxed)) return;
  stripe.next_due.store(due, std::memory_order_relaxed);
  if (keyspace_.earlier_deadline) keyspace_.earlier_deadline(stripe, due);
}

void LockedKeys::file(Stripe& stripe, Shelf& shelf, Entry* entry) {
  if (entry->has_deadline()) {
    shelf.wheel.add(entry);
    plan(stripe, shelf.wheel.next_due());
  }
  if (entry->has_timed_fields()) {
    shelf.file_fields(entry);
    plan(stripe, shelf.field_wheel.next_due());
  }
}

void LockedKeys::unfile(Shelf& shelf, Entry* entry) {
  if (entry->has_deadline()) shelf.wheel.remove(entry);
  if (entry->is_hash_object()) shelf.unfile_fields(entry);
}

void LockedKeys::insert(Stripe& stripe, int database, const Key& key, Entry* entry) {
  if (frozen_) [[unlikely]] {  // a write that the pause came too late for
    const Found hidden = locate(stripe, database, key);
    if (hidden.entry != nullptr) expire(stripe, database, key, hidden);
  }
  Shelf& shelf = keyspace_.make_shelf(stripe, database, now_ms_);
  ++generation_;
  shelf.table.insert(key.hash, entry);
  file(stripe, shelf, entry);
  note_for_advice(keyspace_, key.hash, detail::KeyUse::kWrite);
  if (keyspace_.policy.limit != 0) note_new(keyspace_, stripe, shelf, key.hash, entry);
  if ((keyspace_.policy.events & config::kEventNew) && !replacing_) [[unlikely]]
    tell("new", database, key);
}

void LockedKeys::tell(std::string_view event, int database, const Key& key) {
  if (listener_ != nullptr) listener_->changed({event, key, database, false});
}

void LockedKeys::replace(Stripe& stripe, const Key& key, const Found& found, Entry* entry) {
  if (keyspace_.policy.adaptive()) entry->set_access(found.entry->access());
  unfile(*found.shelf, found.entry);
  found.shelf->table.replace(found.slot, key.hash, entry);
  file(stripe, *found.shelf, entry);
  bury(found.entry);
}

void LockedKeys::put_entry(int database, const Key& key, Entry* entry) {
  Stripe& stripe = held_stripe(key);
  const Found found = locate_live(stripe, database, key);
  if (found.entry != nullptr)
    replace(stripe, key, found, entry);
  else
    insert(stripe, database, key, entry);
}

Entry* LockedKeys::detach(const Found& found) {
  unfile(*found.shelf, found.entry);
  ++generation_;
  return found.shelf->table.erase(found.slot);
}

void LockedKeys::bury(Entry* entry) {
  if (entry->is_block() || entry->is_object())
    graveyard_.push_back(entry);
  else
    Entry::destroy(entry);
}

bool LockedKeys::erase_in(int database, const Key& key) {
  Stripe& stripe = held_stripe(key);
  const Found found = locate_live(stripe, database, key);
  if (found.entry == nullptr) return false;
  bury(detach(found));
  return true;
}

void LockedKeys::put_string(const Key& key, std::string_view value, int64_t deadline) {
  put_string(key, value, deadline, encoding_for(value));
}

void LockedKeys::put_string(const Key& key, std::string_view value, int64_t deadline,
                            Encoding encoding) {
  Stripe& stripe = held_stripe(key);
  const Found found = locate_live(stripe, database_, key);
  const bool timed = deadline != kNoDeadline;
  if (found.entry != nullptr && found.entry->has_deadline() == timed &&
      found.entry->type() == Type::kString && found.entry->assign_in_place(value)) {
    found.entry->set_encoding(encoding);
    if (timed && found.entry->deadline() != deadline) {
      move_deadline(stripe, found, deadline);
    }
    if (touching_) touch(found, key.hash, detail::KeyUse::kWrite);
    return;
  }
  Entry* entry = Entry::make_string(key.text, value, encoding, deadline);
  entry->set_access(new_access(now_ms_, keyspace_.policy));
  if (found.entry != nullptr)
    replace(stripe, key, found, entry);
  else
    insert(stripe, database_, key, entry);
}

char* LockedKeys::resize_string(const Key& key, size_t size) {
  Stripe& stripe = held_stripe(key);
  const Found found = locate_live(stripe, database_, key);
  if (found.entry == nullptr) {
    Entry* fresh = Entry::make_string(key.text, "", Encoding::kRaw, kNoDeadline);
    fresh = Entry::resize_string(fresh, size);
    fresh->set_access(new_access(now_ms_, keyspace_.policy));
    insert(stripe, database_, key, fresh);
    return fresh->writable_string();
  }
  Entry* moved = Entry::resize_string(found.entry, size);
  if (moved != found.entry) {
    found.shelf->table.replace(found.slot, key.hash, moved);
    if (moved->has_deadline()) found.shelf->wheel.relocate(moved);
  }
  moved->set_encoding(Encoding::kRaw);
  return moved->writable_string();
}

void LockedKeys::change_deadline(const Key& key, int64_t deadline) {
  Stripe& stripe = held_stripe(key);
  const Found found = locate_live(stripe, database_, key);
  if (found.entry == nullptr) return;
  if (found.entry->has_deadline() && deadline != kNoDeadline)
    return move_deadline(stripe, found, deadline);
  unfile(*found.shelf, found.entry);
  Entry* const moved = Entry::rebuild(found.entry, key.text, deadline);
  found.shelf->table.replace(found.slot, key.hash, moved);
  file(stripe, *found.shelf, moved);
}

void LockedKeys::move_deadline(Stripe& stripe, const Found& found, int64_t deadline) {
  found.shelf->wheel.remove(found.entry);
  found.entry->set_deadline(deadline);
  found.shelf->wheel.add(found.entry);
  plan(stripe, found.shelf->wheel.next_due());
}

void LockedKeys::set_deadline(const Key& key, int64_t deadline) {
  change_deadline(key, deadline);
}
void LockedKeys::clear_deadline(const Key& key) {
  change_deadline(key, kNoDeadline);
}

void LockedKeys::set_access(const Key& key, uint32_t access) {
  if (Entry* entry = locate_live(held_stripe(key), database_, key).entry) entry->set_access(access);
}

void LockedKeys::copy(const Key& source, int target_database, const Key& target) {
  const Entry* entry = locate_live(held_stripe(source), database_, source).entry;
  if (entry == nullptr) return;
  Entry* const clone = entry->clone(target.text, entry->deadline());
  erase_in(target_database, target);
  put_entry(target_database, target, clone);
}

void LockedKeys::rename(const Key& source, const Key& target) {
  const Found found = locate_live(held_stripe(source), database_, source);
  if (found.entry == nullptr) return;
  Entry* const entry = detach(found);
  erase(target);
  put_entry(target, Entry::rebuild(entry, target.text, entry->deadline()));
}

void LockedKeys::move(const Key& key, int target_database) {
  Stripe& stripe = held_stripe(key);
  const Found found = locate_live(stripe, database_, key);
  if (found.entry == nullptr) return;
  Entry* entry = detach(found);
  insert(stripe, target_database, key, entry);
}

void LockedKeys::publish(const Change& change) {
  replacing_ = false;
  Stripe& stripe = held_stripe(change.key);
  ++stripe.counters.changes;
  if (change.of_value) touch_watched(stripe, change.database, change.key.text);
  if (!stripe.waiting.empty()) [[unlikely]] {
    const KeyName name{change.database, std::string(change.key.text)};
    if (stripe.waiting.contains(name) &&
        std::find(ready_.begin(), ready_.end(), name) == ready_.end()) {
      ready_.push_back(name);
    }
  }
  if (listener_ != nullptr) listener_->changed(change);
}

WaitQueue* LockedKeys::waiters_of(int database, const Key& key) {
  Stripe& stripe = held_stripe(key);
  const auto found = stripe.waiting.find(KeyName{database, std::string(key.text)});
  return found == stripe.waiting.end() ? nullptr : &found->second;
}

void LockedKeys::add_waiter(int database, const Key& key, std::shared_ptr<Waiter> waiter) {
  WaitQueue& queue = held_stripe(key).waiting[KeyName{database, std::string(key.text)}];
  const uint64_t ticket = waiter->ticket;
  queue.emplace(ticket, std::move(waiter));
}

void LockedKeys::remove_waiter(int database, const Key& key, uint64_t ticket) {
  Stripe& stripe = held_stripe(key);
  const auto found = stripe.waiting.find(KeyName{database, std::string(key.text)});
  if (found == stripe.waiting.end()) return;
  found->second.erase(ticket);
  if (found->second.empty()) stripe.waiting.erase(found);
}

void LockedKeys::ready_all(int database) {
  for (uint32_t i = 0; i < keyspace_.stripe_count(); ++i) {
    for (const auto& [name, queue] : keyspace_.stripe(i).waiting) {
      if (name.database == database) ready_.push_back(name);
    }
  }
}

bool LockedKeys::holds(const Key& key) const {
  const uint32_t number = keyspace_.stripe_number(key.hash);
  return world_ || std::find(held_.begin(), held_.end(), number) != held_.end();
}

uint64_t LockedKeys::watch(int database, const Key& key) {
  Stripe& stripe = held_stripe(key);
  locate_live(stripe, database, key);
  WatchedKey& watched = stripe.watched[KeyName{database, std::string(key.text)}];
  ++watched.watchers;
  return watched.version;
}

void LockedKeys::unwatch(int database, const Key& key) {
  Stripe& stripe = held_stripe(key);
  const auto found = stripe.watched.find(KeyName{database, std::string(key.text)});
  if (found != stripe.watched.end() && --found->second.watchers == 0) stripe.watched.erase(found);
}

bool LockedKeys::unchanged(int database, const Key& key, uint64_t version) {
  Stripe& stripe = held_stripe(key);
  locate_live(stripe, database, key);  // a deadline that passed meanwhile is a change
  const auto found = stripe.watched.find(KeyName{database, std::string(key.text)});
  return found != stripe.watched.end() && found->second.version == version;
}

}  // namespace scrubjay::store
