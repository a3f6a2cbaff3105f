#include "store/shelf.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "objects/set.h"
#include "support/bytes_in_use.h"

namespace scrubjay::store {
namespace {

using test::bytes_in_use;

Entry* make_set(const std::string& key) {
  auto set = std::make_unique<objects::Set>();
  for (int i = 0; i < 100; ++i) set->insert(fmt::format("member {}", i));
  return Entry::make({key, Type::kSet, Encoding::kHashtable}, set.release());
}

Entry* make_entry(const std::string& key, int number) {
  if (number % 100 == 1) return make_set(key);
  const std::string value(number % 100 == 0 ? Entry::kBlockSize : 32, 'v');
  return Entry::make_string(key, value, Encoding::kRaw, kNoDeadline);
}

Table::Slot find(Table& table, const std::string& key) {
  return table.find(hash_of(key), [&](const Entry* entry) { return entry->key() == key; });
}

// Fills one with strings, long strings and sets, makes long ones of some strings, and drops it.
void fill_and_drop(int entries) {
  Shelf shelf(0, nullptr);
  for (int i = 0; i < entries; ++i) {
    const std::string key = fmt::format("key:{}", i);
    shelf.table.insert(hash_of(key), make_entry(key, i));
  }
  for (int i = 2; i < entries; i += 100) {
    const std::string key = fmt::format("key:{}", i);
    const Table::Slot slot = find(shelf.table, key);
    shelf.table.replace(slot, hash_of(key),
                        Entry::resize_string(slot.get(), 2 * Entry::kBlockSize));
  }
  shelf.table.check_invariants();
}

TEST(Shelf, FreesWhatItsEntriesOwn) {
  fill_and_drop(1);  // what is allocated once
  for (const int entries : {1, 10, 255, 20'000}) {
    const int64_t before = bytes_in_use();
    fill_and_drop(entries);
    EXPECT_EQ(bytes_in_use(), before) << entries;
  }
}

}  // namespace
}  // namespace scrubjay::store
