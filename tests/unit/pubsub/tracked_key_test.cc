#include "pubsub/tracked_key.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace scrubjay::pubsub {
namespace {

std::set<uint32_t> readers_of(const TrackedKey& key) {
  std::set<uint32_t> readers;
  uint32_t last = 0;
  key.each_reader([&](uint32_t reader) {
    EXPECT_TRUE(readers.empty() || reader > last);
    last = reader;
    readers.insert(reader);
  });
  return readers;
}

TEST(TrackedKey, KeepsItsNameWhileItGrows) {
  const std::string name(100, 'n');
  TrackedKey* key = TrackedKey::make(store::Key(name));
  for (uint32_t i = 0; i < 1000; ++i) ASSERT_TRUE(TrackedKey::add(key, i * i));
  EXPECT_EQ(key->name(), name);
  EXPECT_EQ(key->hash(), store::Key(name).hash);
  EXPECT_EQ(key->reader_count(), 1000u);
  TrackedKey::destroy(key);
}

TEST(TrackedKey, AnEmptyNameIsAName) {
  TrackedKey* key = TrackedKey::make(store::Key(""));
  EXPECT_TRUE(TrackedKey::add(key, 7));
  EXPECT_FALSE(TrackedKey::add(key, 7));
  EXPECT_EQ(key->name(), "");
  TrackedKey::destroy(key);
}

// Few readers of large numbers, many of small ones, and both at once: as a set would hold them.
TEST(TrackedKey, HoldsEachReaderOnce) {
  Random random(1);
  for (const uint32_t range : {3u, 40u, 1000u, 1'000'000u, UINT32_MAX - 1}) {
    for (const int additions : {1, 5, 30, 600}) {
      TrackedKey* key = TrackedKey::make(store::Key("key"));
      std::set<uint32_t> expected;
      for (int i = 0; i < additions; ++i) {
        const uint64_t below = random.below(4) == 0 ? range : std::min(range, 64u);
        const auto number = static_cast<uint32_t>(random.below(below));
        ASSERT_EQ(TrackedKey::add(key, number), expected.insert(number).second);
      }
      EXPECT_EQ(readers_of(*key), expected);
      EXPECT_EQ(key->reader_count(), expected.size());
      TrackedKey::destroy(key);
    }
  }
}

}  // namespace
}  // namespace scrubjay::pubsub
