#include "base/memory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace scrubjay {
namespace {

using namespace std::chrono_literals;

TEST(MemoryMeterTest, SeesHolesComeAndGo) {
  if (allocator_name() == "libc") GTEST_SKIP() << "the sanitizers' allocator does not tell";
  constexpr size_t kBlocks = 200'000;
  constexpr size_t kBytes = 100;
  MemoryMeter meter;
  register_allocating_thread();
  std::vector<std::unique_ptr<char[]>> blocks;
  const auto fill = [&] {
    for (auto& block : blocks)
      if (!block) block = std::make_unique<char[]>(kBytes);
  };
  const auto wait_until = [&](auto&& done) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!done() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(20ms);
      meter.wake_if_due();
    }
    return done();
  };
  blocks.resize(kBlocks);
  std::this_thread::sleep_for(2200ms);  // two looks: nothing more to measure, so it sleeps
  fill();
  for (size_t i = 0; i < kBlocks; ++i)
    if (i % 10 != 0) blocks[i].reset();
  EXPECT_TRUE(wait_until([] { return scattered_bytes() > kBlocks * kBytes / 2; }));
  fill();  // frees nothing
  EXPECT_TRUE(wait_until([] { return scattered_bytes() < kBlocks * kBytes / 10; }));
}

TEST(MemoryFigures, CountWhatTheAllocatorNeedsForItself) {
  if (allocator_name() == "libc") GTEST_SKIP() << "the sanitizers' allocator does not tell";
  constexpr size_t kBlocks = 12'000;
  constexpr size_t kBytes = 4096;         // one of them is a slab
  constexpr uint64_t kLeast = 128 + 8;    // bytes of bookkeeping for it
  constexpr uint64_t kMost = 2 * kLeast;  // some blocks were split from larger ones
  const auto bookkeeping = [] {
    const MemoryFigures figures = memory_figures();
    return figures.used - figures.allocated;
  };
  const uint64_t before = bookkeeping();
  std::vector<std::unique_ptr<char[]>> blocks;
  for (size_t i = 0; i < kBlocks; ++i) blocks.push_back(std::make_unique<char[]>(kBytes));
  const uint64_t full = bookkeeping();
  EXPECT_GE(full, kBlocks * kLeast);
  EXPECT_LE(full, before + kBlocks * kMost);
  blocks.clear();
  EXPECT_GE(bookkeeping(), full / 2) << "it keeps its descriptors";
}

}  // namespace
}  // namespace scrubjay
