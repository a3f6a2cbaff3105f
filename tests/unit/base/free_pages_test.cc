#include "base/free_pages.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/memory.h"

namespace scrubjay {
namespace {

using namespace std::chrono_literals;

// Memory that a thread fills with blocks and frees in order.
class FreePagesTest : public ::testing::Test {
 protected:
  static constexpr size_t kBlocks = 100'000;
  static constexpr size_t kBytes = 1000;

  void SetUp() override {
    if (allocator_name() == "libc") GTEST_SKIP() << "the sanitizers' allocator keeps what is free";
    register_allocating_thread();
    before_ = memory_figures().rss;
    for (size_t i = 0; i < kBlocks; ++i) {
      blocks_.push_back(static_cast<char*>(std::malloc(kBytes)));
      blocks_.back()[0] = 'x';
    }
    ASSERT_TRUE(most_is_there());
  }
  bool most_is_there() const { return memory_figures().rss > before_ + kBlocks * kBytes / 2; }
  bool most_is_gone() const { return memory_figures().rss < before_ + kBlocks * kBytes / 8; }

  uint64_t before_ = 0;
  std::vector<char*> blocks_;
};

TEST_F(FreePagesTest, WhatIsFreedGoesBackWhileItIsFreed) {
  FreePages pages;
  for (size_t i = 0; i < kBlocks; ++i) {
    std::free(blocks_[i]);
    pages.return_part();
  }
  EXPECT_TRUE(most_is_gone());
}

TEST_F(FreePagesTest, PagesThatHaveNotBeenUsedForAWhileGoBackByAndBy) {
  for (char* block : blocks_) std::free(block);
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!most_is_gone() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(2ms);
    return_unused_pages();
  }
  EXPECT_TRUE(most_is_gone());
}

TEST_F(FreePagesTest, PagesOfOtherThreadsAreSeen) {
  FreePages pages;
  pages.return_part();  // has seen the arenas that there are
  std::thread other([] {
    register_allocating_thread();
    std::vector<void*> blocks;
    for (size_t i = 0; i < kBlocks; ++i) blocks.push_back(std::malloc(kBytes));
    for (void* block : blocks) std::free(block);
  });
  other.join();
  for (char* block : blocks_) {
    std::free(block);
    pages.return_part();
  }
  EXPECT_TRUE(most_is_gone());
}

}  // namespace
}  // namespace scrubjay
