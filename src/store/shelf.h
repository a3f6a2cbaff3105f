// The unit of data: the table and the TTL wheel of one database in one stripe, made with its first
// key. Used under its stripe's lock; only the table's prefetch functions run without it.
#pragma once

#include <cstdint>

#include "scrubjay/detail/table.h"
#include "scrubjay/detail/ttl_wheel.h"
#include "store/entry.h"

namespace scrubjay::store {

struct EntryTraits {
  static uint64_t hash(const Entry* entry) { return hash_of(entry->key()); }
  static int64_t deadline(const Entry* entry) { return entry->deadline(); }
  static uint32_t index(const Entry* entry) { return entry->wheel_place(); }
  static void set_index(Entry* entry, uint32_t index) { entry->set_wheel_place(index); }
};

using Table = detail::Table<Entry, EntryTraits>;
using Wheel = detail::TtlWheel<Entry, EntryTraits>;

struct Shelf {
  Shelf(int64_t now_ms, Table::Retire retire) : table(retire), wheel(now_ms) {}
  ~Shelf() {
    table.clear([](Entry* entry) { Entry::destroy(entry); });
  }
  Shelf(const Shelf&) = delete;
  Shelf& operator=(const Shelf&) = delete;

  Table table;
  Wheel wheel;
};

}  // namespace scrubjay::store
