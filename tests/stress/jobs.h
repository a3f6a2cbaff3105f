// A job queue between the threads of the stress test: every job that was pushed is taken exactly
// once, whether it was waited for, moved from list to list, or pushed several at a time; and nobody
// waits for a list that holds something.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "stress/actor.h"

namespace scrubjay::stress {

class Jobs {
 public:
  // One step of a thread: pushes some jobs, or takes some and perhaps waits for them.
  void act(Actor& actor);
  // When all threads have ended: takes what is left and compares. Empty if all is well.
  std::string check(Actor& actor);
  // At any time. Empty if all is well.
  static std::string check_waiters(store::Keyspace& keyspace);

 private:
  static constexpr size_t kMost = 1 << 20;

  void push(Actor& actor);
  void take(Actor& actor);
  void took(const std::string& job);

  std::atomic<size_t> pushed_{0};
  std::atomic<size_t> taken_{0};
  std::atomic<size_t> twice_{0};
  std::unique_ptr<std::atomic<uint8_t>[]> seen_ = std::make_unique<std::atomic<uint8_t>[]>(kMost);
};

}  // namespace scrubjay::stress
