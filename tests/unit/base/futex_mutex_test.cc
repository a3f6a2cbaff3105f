#include "base/futex_mutex.h"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

namespace scrubjay {
namespace {

TEST(FutexMutex, IsTakenOnce) {
  FutexMutex mutex;
  EXPECT_TRUE(mutex.try_lock());
  EXPECT_FALSE(mutex.try_lock());
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(FutexMutex, WhoSleepsIsWoken) {
  FutexMutex mutex;
  mutex.lock();
  std::thread sleeper([&] { const std::lock_guard lock(mutex); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  mutex.unlock();
  sleeper.join();
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(FutexMutex, WhoFindsItTakenIsCounted) {
  CountedMutex<Contention::kInboxLock> mutex;
  const auto counted = [](Contention what) {
    return ContentionCounters::sum()[static_cast<size_t>(what)];
  };
  ContentionCounters::reset();
  for (int i = 0; i < 100; ++i) const std::lock_guard lock(mutex);
  EXPECT_EQ(ContentionCounters::sum(), ContentionCounts{});

  mutex.lock();
  std::thread other([&] { const std::lock_guard lock(mutex); });
  while (counted(Contention::kSleep) == 0) std::this_thread::yield();
  mutex.unlock();
  other.join();
  EXPECT_EQ(counted(Contention::kInboxLock), 1u);
  EXPECT_EQ(counted(Contention::kStripeLock), 0u);
}

TEST(FutexMutex, NothingIsLostBetweenThreads) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20'000;
  FutexMutex mutex;
  int64_t sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const std::lock_guard lock(mutex);
        ++sum;
        if (round % 1000 == 0) std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, int64_t{kThreads} * kRounds);
}

}  // namespace
}  // namespace scrubjay
