#include "store/burial.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/memory.h"

namespace scrubjay::store {
namespace {

std::vector<Entry*> make_entries(size_t count) {
  std::mt19937_64 random(count);
  std::vector<Entry*> entries;
  for (size_t i = 0; i < count; ++i) {
    // Of all sizes; some own a block besides.
    const size_t size = i % 997 == 0 ? 2 * Entry::kBlockSize : random() % 300;
    const std::string value(size, 'v');
    entries.push_back(
        Entry::make_string(std::to_string(i), value, encoding_for(value), kNoDeadline));
  }
  std::shuffle(entries.begin(), entries.end(), random);
  return entries;
}

// What this thread has allocated and not freed. With a sanitizer nothing: it finds by itself what
// is not freed, or twice, and counts what was freed until it is sure.
int64_t bytes_in_use() {
  return allocator_name() == "libc" ? 0 : thread_bytes();
}

// What is left of so many entries when they are buried, in bytes.
int64_t left_of(size_t count, size_t announced) {
  const int64_t before = bytes_in_use();
  {
    const std::vector<Entry*> entries = make_entries(count);
    Burial burial(announced);
    for (Entry* entry : entries) burial.add(entry);
  }
  return bytes_in_use() - before;
}

TEST(Burial, FreesEachEntryOnce) {
  left_of(1, 1);  // what is allocated once
  for (const size_t count : {0, 1, 2, 1'023, 1'024, 1'025, 100'000}) {
    EXPECT_EQ(left_of(count, count), 0) << count;
  }
}

TEST(Burial, MoreMayComeThanWereAnnounced) {
  EXPECT_EQ(left_of(5'000, 0), 0);
  EXPECT_EQ(left_of(5'000, 1'500), 0);
}

TEST(Burial, BeyondWhatIsSortedAtOnce) {
  EXPECT_EQ(left_of(700'000, 700'000), 0);
}

// Half a gigabyte of addresses lies between those made first and last: where the allocator puts
// them apart, few of the runs that the addresses are parted into hold any.
TEST(Burial, AddressesMayLieInClusters) {
  const int64_t before = bytes_in_use();
  {
    std::vector<Entry*> entries = make_entries(20'000);
    std::vector<char*> between;
    for (int i = 0; i < 64; ++i) between.push_back(new char[8 << 20]);
    for (Entry* entry : make_entries(20'000)) entries.push_back(entry);
    for (const char* block : between) delete[] block;
    Burial burial(entries.size());
    for (Entry* entry : entries) burial.add(entry);
  }
  EXPECT_EQ(bytes_in_use(), before);
}

}  // namespace
}  // namespace scrubjay::store
