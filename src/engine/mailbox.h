// Letters from other threads to the thread that owns a client: many producers, one consumer. A
// letter is put in under whatever locks its order depends on; the owner is woken at most once per
// round.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "base/shared_bytes.h"

namespace scrubjay::engine {

struct Letter {
  enum class Kind : uint8_t {
    kMonitorLine,   // send these bytes to every client in MONITOR
    kServed,        // the client waited for data (ticket `number`): this is its reply
    kLook,          // the client's flags changed (killed, unblocked, resumed): look at it
    kAdopt,         // take over this accepted socket
    kLookAtAll,     // look at every client
    kLookAtTimers,  // an earlier deadline was set
    kStop,          // end the thread
  };
  Kind kind;
  uint64_t client_id = 0;
  uint64_t number = 0;  // of a monitor line, or a waiter's ticket
  int socket = -1;
  SharedBytes bytes{};
};

class Mailbox {
 public:
  Mailbox() : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Mailbox() { ::close(event_); }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Any thread. The owner's eventfd is written once until it collects.
  void post(Letter letter) {
    {
      const std::lock_guard lock(mutex_);
      letters_.push_back(std::move(letter));
    }
    if (!signalled_.exchange(true, std::memory_order_seq_cst)) {
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof one);
    }
  }

  // Owner only.
  int event_descriptor() const { return event_; }
  bool empty() const { return !signalled_.load(std::memory_order_relaxed); }
  std::vector<Letter> collect() {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t read = ::read(event_, &count, sizeof count);
    signalled_.store(false, std::memory_order_seq_cst);
    const std::lock_guard lock(mutex_);
    return std::exchange(letters_, {});
  }

 private:
  const int event_;
  std::atomic<bool> signalled_{false};
  std::mutex mutex_;
  std::vector<Letter> letters_;
};

}  // namespace scrubjay::engine
