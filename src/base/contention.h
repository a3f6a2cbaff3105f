// How often threads waited for one another, and woke each other: what INFO contention shows. Only
// who waits or wakes counts; whoever finds a lock free pays nothing. Any thread may count and read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace scrubjay {

enum class Contention : uint8_t {
  kStripeLock,   // a lock was found taken: of a stripe,
  kChannelLock,  // of a part of the channels, or of the patterns,
  kInboxLock,    // of a thread's inbox of messages,
  kMailboxLock,  // of a thread's mailbox,
  kOtherLock,    // any other
  kWorldTaken,   // a thread took the world: not a wait in itself
  kWorldWait,    // and first had to wait for another taker, or for a thread's open turn
  kGateWait,     // a thread waited at its gate, because another one had the world
  kSleep,        // a wait was long enough to sleep; the waking takes another thread a system call
  kBellRing,     // a thread was woken from its poll, which takes a system call as well
};
inline constexpr size_t kContentions = static_cast<size_t>(Contention::kBellRing) + 1;

using ContentionCounts = std::array<uint64_t, kContentions>;

// The counters of all threads together. What ended threads have counted stays.
class ContentionCounters {
 public:
  static void add(Contention what);
  static ContentionCounts sum();
  static void reset();
};

}  // namespace scrubjay
