#include "engine/gates.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/contention.h"

namespace scrubjay::engine {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// Ends the process when a test stands still: a deadlock must fail, not hang.
class Watchdog {
 public:
  explicit Watchdog(std::chrono::seconds limit)
      : thread_([this, limit] {
          for (auto left = limit * 100; left.count() > 0 && !done_; --left) {
            std::this_thread::sleep_for(10ms);
          }
          if (done_) return;
          std::fputs("the gates stand still\n", stderr);
          std::abort();
        }) {}
  ~Watchdog() {
    done_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

TEST(Gates, ATurnIsOddWhileRaised) {
  Gates gates;
  Gates::Gate& gate = gates.add();
  EXPECT_EQ(gate.turn() % 2, 0u);
  gates.enter(gate);
  EXPECT_EQ(gate.turn() % 2, 1u);
  EXPECT_FALSE(gates.wanted());
  gates.leave(gate);
  EXPECT_EQ(gate.turn() % 2, 0u);
}

TEST(Gates, AWorldTakerWaitsForAnOpenTurn) {
  const Watchdog watchdog(30s);
  Gates gates;
  Gates::Gate& mine = gates.add();
  Gates::Gate& other = gates.add();
  gates.enter(other);
  std::atomic<bool> held{false};
  std::thread taker([&] {
    gates.enter(mine);
    gates.take_world(mine);
    held = true;
    gates.release_world(mine);
    gates.leave(mine);
  });
  while (!gates.wanted()) std::this_thread::yield();
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(held);
  gates.leave(other);
  taker.join();
  EXPECT_TRUE(held);
  EXPECT_FALSE(gates.wanted());
}

uint64_t counted(Contention what) {
  return ContentionCounters::sum()[static_cast<size_t>(what)];
}

TEST(Gates, WaitsAreCounted) {
  const Watchdog watchdog(30s);
  Gates gates;
  Gates::Gate& mine = gates.add();
  Gates::Gate& other = gates.add();
  ContentionCounters::reset();
  gates.enter(mine);
  gates.take_world(mine);
  gates.release_world(mine);
  gates.leave(mine);
  EXPECT_EQ(counted(Contention::kWorldTaken), 1u);
  EXPECT_EQ(counted(Contention::kWorldWait), 0u);
  EXPECT_EQ(counted(Contention::kGateWait), 0u);
  EXPECT_EQ(counted(Contention::kSleep), 0u);

  gates.enter(other);
  std::thread taker([&] {
    gates.enter(mine);
    gates.take_world(mine);
    std::this_thread::sleep_for(20ms);
    gates.release_world(mine);
    gates.leave(mine);
  });
  while (!gates.wanted()) std::this_thread::yield();
  std::this_thread::sleep_for(20ms);
  gates.leave(other);
  gates.enter(other);
  gates.leave(other);
  taker.join();
  EXPECT_EQ(counted(Contention::kWorldTaken), 2u);
  EXPECT_EQ(counted(Contention::kWorldWait), 1u);
  EXPECT_EQ(counted(Contention::kGateWait), 1u);
  EXPECT_GE(counted(Contention::kSleep), 1u);
}

TEST(Gates, AWorldHolderKeepsOwnersOut) {
  const Watchdog watchdog(30s);
  Gates gates;
  Gates::Gate& mine = gates.add();
  Gates::Gate& other = gates.add();
  gates.enter(mine);
  gates.take_world(mine);
  std::atomic<bool> inside{false};
  std::thread owner([&] {
    gates.enter(other);
    inside = true;
    gates.leave(other);
  });
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(inside);
  gates.release_world(mine);
  gates.leave(mine);
  owner.join();
  EXPECT_TRUE(inside);
}

TEST(Gates, ASnapshotPassesWhenOpenTurnsHaveEnded) {
  Gates gates;
  Gates::Gate& idle = gates.add();
  Gates::Gate& busy = gates.add();
  gates.enter(busy);
  const auto snapshot = gates.snapshot();
  EXPECT_FALSE(gates.passed_since(snapshot));
  gates.enter(idle);  // a turn that began later does not count
  EXPECT_FALSE(gates.passed_since(snapshot));
  gates.leave(busy);
  EXPECT_TRUE(gates.passed_since(snapshot));
  gates.enter(busy);
  EXPECT_TRUE(gates.passed_since(snapshot));
  gates.leave(busy);
  gates.leave(idle);
}

// Owners and takers mixed on every thread. Inside a turn a thread counts itself in; who holds the
// world must find nobody else. Everybody must get forward all the while.
TEST(Gates, WorldsExcludeTurnsAndAllThreadsProgress) {
  const Watchdog watchdog(60s);
  constexpr int kThreads = 4;
  Gates gates;
  std::vector<Gates::Gate*> own;
  for (int i = 0; i < kThreads; ++i) own.push_back(&gates.add());
  std::atomic<int> inside{0};
  std::atomic<int> worlds{0};
  std::atomic<int> violations{0};
  std::vector<std::atomic<uint64_t>> turns(kThreads);
  std::vector<std::atomic<uint64_t>> sections(kThreads);
  uint64_t guarded = 0;  // written under the world only: TSan watches it
  const auto end = SteadyClock::now() + 1s;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Gates::Gate& gate = *own[static_cast<size_t>(i)];
      for (uint64_t round = 0; SteadyClock::now() < end; ++round) {
        gates.enter(gate);
        inside.fetch_add(1);
        if (worlds.load() != 0) violations.fetch_add(1);
        inside.fetch_sub(1);
        // Threads 0 and 1 take the world often, the others now and then.
        if (round % (i < 2 ? 3 : 50) == 0) {
          gates.take_world(gate);
          if (worlds.fetch_add(1) != 0 || inside.load() != 0) violations.fetch_add(1);
          ++guarded;
          worlds.fetch_sub(1);
          gates.release_world(gate);
          sections[static_cast<size_t>(i)].fetch_add(1);
        }
        gates.leave(gate);
        turns[static_cast<size_t>(i)].fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(violations, 0);
  uint64_t sum = 0;
  for (int i = 0; i < kThreads; ++i) {
    EXPECT_GT(turns[static_cast<size_t>(i)], 20u) << i;
    EXPECT_GT(sections[static_cast<size_t>(i)], 0u) << i;
    sum += sections[static_cast<size_t>(i)];
  }
  EXPECT_EQ(guarded, sum);
}

// An owner that is inside its turn nearly always must not keep a taker out.
TEST(Gates, ABusyOwnerDoesNotStarveATaker) {
  const Watchdog watchdog(60s);
  Gates gates;
  Gates::Gate& busy = gates.add();
  Gates::Gate& taker = gates.add();
  std::atomic<bool> stop{false};
  std::thread owner([&] {
    gates.enter(busy);
    while (!stop) {
      if (!gates.wanted()) continue;
      gates.leave(busy);
      gates.enter(busy);
    }
    gates.leave(busy);
  });
  std::chrono::nanoseconds worst{0};
  for (int i = 0; i < 200; ++i) {
    gates.enter(taker);
    const auto start = SteadyClock::now();
    gates.take_world(taker);
    worst = std::max<std::chrono::nanoseconds>(worst, SteadyClock::now() - start);
    gates.release_world(taker);
    gates.leave(taker);
  }
  stop = true;
  owner.join();
  EXPECT_LT(worst, 5s);
}

}  // namespace
}  // namespace scrubjay::engine
