// Wakes a thread that sleeps on a descriptor: many ring, one answers. At most one write to the
// descriptor between two answers.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "base/contention.h"

namespace scrubjay {

class Doorbell {
 public:
  Doorbell() : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Doorbell() { ::close(event_); }
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  int descriptor() const { return event_; }

  // Any thread. claim() says that something is there; true: the caller must ring() for it, now or,
  // if it holds locks, soon.
  bool claim() { return !claimed_.exchange(true, std::memory_order_seq_cst); }
  void ring() {
    ContentionCounters::add(Contention::kBellRing);
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof one);
  }

  // The owner, before it looks at what is there.
  void answer() {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t read = ::read(event_, &count, sizeof count);
    claimed_.store(false, std::memory_order_seq_cst);
  }

 private:
  const int event_;
  std::atomic<bool> claimed_{false};
};

}  // namespace scrubjay
