// The unit of data: the table and the TTL wheels of one database in one stripe, made with its first
// key. Keys with a deadline stand in `wheel`, hashes with deadlines on fields in `field_wheel`, by
// the first of them. Used under its stripe's lock; only the table's prefetch functions run without
// it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "base/burial.h"
#include "objects/hash.h"
#include "scrubjay/detail/eviction_policy.h"
#include "scrubjay/detail/table.h"
#include "scrubjay/detail/ttl_wheel.h"
#include "store/entry.h"

namespace scrubjay::store {

struct EntryTraits {
  static uint64_t hash(const Entry* entry) { return hash_of(entry->key()); }
  static bool owns_more(const Entry* entry) { return entry->is_block() || entry->is_object(); }
  static int64_t deadline(const Entry* entry) { return entry->deadline(); }
  static uint32_t index(const Entry* entry) { return entry->wheel_place(); }
  static void set_index(Entry* entry, uint32_t index) { entry->set_wheel_place(index); }
};

using Table = detail::Table<Entry, EntryTraits>;
using Wheel = detail::TtlWheel<Entry, EntryTraits>;

struct FieldWheelTraits {
  static int64_t deadline(const objects::Hash* hash) { return hash->schedule.due; }
  static uint32_t index(const objects::Hash* hash) { return hash->schedule.place; }
  static void set_index(objects::Hash* hash, uint32_t index) { hash->schedule.place = index; }
};
using FieldWheel = detail::TtlWheel<objects::Hash, FieldWheelTraits>;

// How the adaptive eviction policy sees entries.
struct EvictionTraits {
  static constexpr uint64_t kPlaceBytes = 11;  // in the table
  static uint64_t hash(const Entry* entry) { return hash_of(entry->key()); }
  static uint64_t bytes(const Entry* entry) { return entry->memory_bytes() + kPlaceBytes; }
  static uint32_t bits(const Entry* entry) { return entry->access(); }
  static void set_bits(Entry* entry, uint32_t bits) { entry->set_access(bits); }
  static bool evictable(const Entry* entry, bool timed_only) {
    return !timed_only || entry->has_deadline();
  }
};
using AdaptivePolicy = detail::EvictionPolicy<Entry, Table, EvictionTraits>;

struct Shelf {
  Shelf(int64_t now_ms, Table::Retire retire) : table(retire), wheel(now_ms), field_wheel(now_ms) {}
  ~Shelf() {
    Burial plain(table.size(), &std::free);
    Burial others(table.size(), [](void* entry) { Entry::destroy(static_cast<Entry*>(entry)); });
    table.clear([&](Entry* entry, bool owns_more) { (owns_more ? others : plain).add(entry); });
  }
  Shelf(const Shelf&) = delete;
  Shelf& operator=(const Shelf&) = delete;

  // Files the hash of `entry` under its first deadline, or takes it out if it has none any more.
  void file_fields(Entry* entry) {
    objects::Hash& hash = entry->object<objects::Hash>();
    unfile_fields(entry);
    if (hash.timed_fields() == 0) return;
    hash.schedule.entry = entry;
    hash.schedule.due = hash.next_due() - 1;  // a wheel hands out what is past its deadline
    hash.schedule.filed = true;
    field_wheel.add(&hash);
  }
  void unfile_fields(Entry* entry) {
    objects::Hash& hash = entry->object<objects::Hash>();
    if (hash.schedule.filed) field_wheel.remove(&hash);
    hash.schedule.filed = false;
  }
  int64_t next_due() const { return std::min(wheel.next_due(), field_wheel.next_due()); }

  Table table;
  Wheel wheel;
  FieldWheel field_wheel;
  // Made with the first key under an adaptive policy and a limit, and kept.
  std::unique_ptr<AdaptivePolicy> adaptive;
};

}  // namespace scrubjay::store
