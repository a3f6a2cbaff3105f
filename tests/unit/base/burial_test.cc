#include "base/burial.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <vector>

#include "support/bytes_in_use.h"

namespace scrubjay {
namespace {

using test::bytes_in_use;

// Of all sizes, in no order.
std::vector<void*> make_blocks(size_t count) {
  std::mt19937_64 random(count);
  std::vector<void*> blocks;
  for (size_t i = 0; i < count; ++i) {
    blocks.push_back(std::malloc(i % 997 == 0 ? 100'000 : 1 + random() % 300));
  }
  std::shuffle(blocks.begin(), blocks.end(), random);
  return blocks;
}

// What is left of so many blocks when they are buried, in bytes.
int64_t left_of(size_t count, size_t announced) {
  const int64_t before = bytes_in_use();
  {
    const std::vector<void*> blocks = make_blocks(count);
    Burial burial(announced, &std::free);
    for (void* block : blocks) burial.add(block);
  }
  return bytes_in_use() - before;
}

TEST(Burial, FreesEachBlockOnce) {
  left_of(1, 1);  // what is allocated once
  for (const size_t count : {0, 1, 2, 255, 256, 1'023, 1'024, 1'025, 100'000}) {
    EXPECT_EQ(left_of(count, count), 0) << count;
  }
}

TEST(Burial, MoreMayComeThanWereAnnounced) {
  EXPECT_EQ(left_of(5'000, 0), 0);
  EXPECT_EQ(left_of(5'000, 1'500), 0);
}

TEST(Burial, FreesInTheOrderOfAddresses) {
  static std::vector<const void*> freed;
  freed.clear();
  {
    Burial burial(30'000, [](void* block) {
      freed.push_back(block);
      std::free(block);
    });
    for (void* block : make_blocks(30'000)) burial.add(block);
  }
  EXPECT_EQ(freed.size(), 30'000u);
  EXPECT_TRUE(std::is_sorted(freed.begin(), freed.end()));
}

TEST(Burial, BeyondWhatIsSortedAtOnce) {
  EXPECT_EQ(left_of(700'000, 700'000), 0);
}

// Half a gigabyte of addresses lies between those made first and last: where the allocator puts
// them apart, few of the runs that the addresses are parted into hold any.
TEST(Burial, AddressesMayLieInClusters) {
  const int64_t before = bytes_in_use();
  {
    std::vector<void*> blocks = make_blocks(20'000);
    std::vector<char*> between;
    for (int i = 0; i < 64; ++i) between.push_back(new char[8 << 20]);
    for (void* block : make_blocks(20'000)) blocks.push_back(block);
    for (const char* block : between) delete[] block;
    Burial burial(blocks.size(), &std::free);
    for (void* block : blocks) burial.add(block);
  }
  EXPECT_EQ(bytes_in_use(), before);
}

}  // namespace
}  // namespace scrubjay
