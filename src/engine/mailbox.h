// Letters from other threads to the thread that owns a client: many producers, one consumer. A
// letter is put in under whatever locks its order depends on; the owner is woken at most once per
// round.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "base/doorbell.h"
#include "base/futex_mutex.h"
#include "base/shared_bytes.h"

namespace scrubjay::engine {

struct Letter {
  enum class Kind : uint8_t {
    kMonitorLine,   // send these bytes to every client in MONITOR
    kServed,        // the client waited for data (ticket `number`): its reply is in the inbox (or
                    // here if it has none), and its later requests may run
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
  explicit Mailbox(Doorbell& bell) : bell_(bell) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Any thread. Wakes the owner.
  void post(Letter letter) {
    {
      const std::lock_guard lock(mutex_);
      letters_.push_back(std::move(letter));
    }
    if (bell_.claim()) bell_.ring();
  }

  // Owner only.
  std::vector<Letter> collect() {
    const std::lock_guard lock(mutex_);
    return std::exchange(letters_, {});
  }

 private:
  Doorbell& bell_;
  CountedMutex<Contention::kMailboxLock> mutex_;
  std::vector<Letter> letters_;
};

}  // namespace scrubjay::engine
