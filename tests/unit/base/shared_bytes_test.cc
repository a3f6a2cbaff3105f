#include "base/shared_bytes.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace scrubjay {
namespace {

TEST(SharedBytes, CopiesShareTheBlock) {
  const SharedBytes first = SharedBytes::copy_of("hello");
  EXPECT_TRUE(first.unique());
  {
    const SharedBytes second = first;
    EXPECT_FALSE(first.unique());
    EXPECT_EQ(second.view().data(), first.view().data());
  }
  EXPECT_TRUE(first.unique());
}

TEST(SharedBytes, MovingLeavesNothingBehind) {
  SharedBytes first = SharedBytes::copy_of("x");
  SharedBytes second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_TRUE(second.unique());
  second = SharedBytes::copy_of("y");
  EXPECT_EQ(second.view(), "y");
  second = SharedBytes();
  EXPECT_FALSE(second);
}

TEST(SharedBytes, AssigningToItselfKeepsTheBlock) {
  SharedBytes bytes = SharedBytes::copy_of("same");
  const SharedBytes& alias = bytes;
  bytes = alias;
  EXPECT_EQ(bytes.view(), "same");
  EXPECT_TRUE(bytes.unique());
}

TEST(SharedBytes, RoomAndSizeAreTwoThings) {
  SharedBytes bytes = SharedBytes::with_capacity(10);
  EXPECT_EQ(bytes.size(), 0u);
  EXPECT_GE(bytes.capacity(), 10u);
  bytes.data()[0] = 'a';
  bytes.set_size(1);
  EXPECT_EQ(bytes.view(), "a");
  EXPECT_EQ(SharedBytes::copy_of("").view(), "");
}

TEST(SharedBytes, AReleasedReferenceIsTakenUpAgain) {
  SharedBytes bytes = SharedBytes::copy_of("kept");
  const SharedBytes other = bytes;
  void* bare = bytes.release();
  EXPECT_FALSE(bytes);
  EXPECT_FALSE(other.unique());
  SharedBytes::adopt(bare);  // and drops it at once
  EXPECT_TRUE(other.unique());
}

TEST(SharedBytes, ThreadsMayShareABlock) {
  const SharedBytes bytes = SharedBytes::copy_of("shared");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([bytes] {
      for (int round = 0; round < 10'000; ++round) {
        const SharedBytes copy = bytes;
        if (copy.view() != "shared") std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(bytes.unique());
}

}  // namespace
}  // namespace scrubjay
