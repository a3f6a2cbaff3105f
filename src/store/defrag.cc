#include "store/defrag.h"

#include <vector>

#include "base/memory.h"

namespace scrubjay::store {
namespace {

void move_together(Shelf& shelf, Entry* entry) {
  const uint64_t hash = EntryTraits::hash(entry);
  const Table::Slot slot =
      shelf.table.find(hash, [entry](const Entry* other) { return other == entry; });
  Entry* const moved = Entry::move_densely(entry);
  shelf.table.replace(slot, hash, moved);
  if (moved->has_deadline()) shelf.wheel.relocate(moved);
  if (moved->is_hash_object()) moved->object<objects::Hash>().schedule.entry = moved;
}

}  // namespace

bool defrag_some(Stripe& stripe, DefragPlace& place, size_t budget, DefragCounts& counts) {
  thread_local std::vector<Entry*> entries;
  thread_local std::vector<const void*> blocks;
  thread_local std::vector<bool> scattered;
  const auto databases = static_cast<int>(stripe.shelves.size());
  Shelf* shelf = nullptr;
  while (place.database < databases && (shelf = stripe.shelf(place.database)) == nullptr)
    ++place.database;
  if (shelf == nullptr) return false;

  Table& table = shelf->table;
  const void* const segment = table.segment_block(place.cursor);
  if (segment != nullptr) {
    blocks.assign(1, segment);
    find_scattered(blocks, scattered);
    if (scattered[0]) table.move_segment(place.cursor);
  }
  entries.clear();
  place.cursor =
      table.scan_segment(place.cursor, budget, [](Entry* entry) { entries.push_back(entry); });
  if (place.cursor == 0) ++place.database;
  blocks.assign(entries.begin(), entries.end());
  find_scattered(blocks, scattered);
  for (size_t i = 0; i < entries.size(); ++i) {
    ++(scattered[i] ? counts.moved : counts.stayed);
    if (scattered[i]) move_together(*shelf, entries[i]);
  }
  return place.database < databases;
}

}  // namespace scrubjay::store
