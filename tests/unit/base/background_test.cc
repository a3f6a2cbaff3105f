#include "base/background.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <thread>

namespace scrubjay {
namespace {

using namespace std::chrono_literals;

long pauses_of_this_thread() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

// Frees for 20 ms; returns how often the thread gave its core away meanwhile.
long pauses_while_freeing() {
  const long before = pauses_of_this_thread();
  const auto end = std::chrono::steady_clock::now() + 20ms;
  while (std::chrono::steady_clock::now() < end) Background::pause_if_due();
  return pauses_of_this_thread() - before;
}

TEST(BackgroundTest, PausesAfterEachTenthOfAMillisecond) {
  long pauses = 0;
  std::thread([&] {
    Background::enter();
    pauses = pauses_while_freeing();
  }).join();
  EXPECT_GE(pauses, 5);
}

TEST(BackgroundTest, AThreadInTheForegroundNeverPauses) {
  long pauses = 0;
  std::thread([&] { pauses = pauses_while_freeing(); }).join();
  EXPECT_LE(pauses, 1);
}

// A block that takes long to free, as one with many members does, counts by its time.
TEST(BackgroundTest, FewSlowBlocksPauseToo) {
  long pauses = 0;
  std::thread([&] {
    Background::enter();
    const long before = pauses_of_this_thread();
    for (int i = 0; i < 64; ++i) {
      const auto end = std::chrono::steady_clock::now() + 50us;
      while (std::chrono::steady_clock::now() < end) {
      }
      Background::pause_if_due();
    }
    pauses = pauses_of_this_thread() - before;
  }).join();
  EXPECT_GE(pauses, 3);
}

TEST(BackgroundTest, RetireFreesTheBlock) {
  static bool freed;
  freed = false;
  int block = 0;
  Background::retire(&block, [](void*) { freed = true; });
  EXPECT_TRUE(freed);
}

}  // namespace
}  // namespace scrubjay
