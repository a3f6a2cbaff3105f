// A client as the hub sees it, and the way to it: messages are put into the inbox of the client's
// thread, which hands them to the client's sink.
#pragma once

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/doorbell.h"
#include "base/futex_mutex.h"
#include "base/shared_bytes.h"

namespace scrubjay::pubsub {

// What can be on its way to a client.
enum class PushKind : uint8_t {
  kMessage,         // the whole message as RESP2 has it: an array. RESP3 differs in the first byte
  kInvalidation,    // an array of keys that the client may have cached; without bytes: all keys
  kRedirected,      // the same, of what another client may have cached
  kRedirectBroken,  // its invalidations can't reach who should get them: the push without its head
  kServed,          // the reply to the command that waited for data (ticket `number`)
};

// Takes messages for one client, on the client's own thread.
class PushSink {
 public:
  virtual void push(PushKind kind, const SharedBytes& bytes, uint64_t number) = 0;

 protected:
  ~PushSink() = default;
};

class Inbox;
class Peer;
using PeerPtr = boost::intrusive_ptr<Peer>;

// How a client tracks keys, as those who change keys have to know it. Written while the world is
// held.
struct TrackingMode {
  bool on = false;
  bool broadcast = false;
  bool no_loop = false;
  uint64_t redirect_id = 0;  // the client that gets its invalidations; 0: itself
  PeerPtr redirect{};
  std::set<std::string> prefixes{};  // of what it wants broadcast
  std::atomic<bool> redirect_broken{false};
};

// Small numbers for the clients that track keys: with them a key's readers take a few bits each. A
// number is its client's for as long as the client lives, that is, as anybody refers to it.
class ReaderNumbers {
 public:
  // The lowest that is free. World held.
  uint32_t take(Peer& peer) {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      peers_.push_back(&peer);
      return static_cast<uint32_t>(peers_.size() - 1);
    }
    const uint32_t number = *free_.begin();
    free_.erase(free_.begin());
    peers_[number] = &peer;
    return number;
  }
  // Any thread.
  void give_back(uint32_t number) {
    const std::lock_guard lock(mutex_);
    free_.insert(number);
  }
  // Of a number that is taken. Gate raised.
  Peer& peer(uint32_t number) const { return *peers_[number]; }

 private:
  std::mutex mutex_;
  std::set<uint32_t> free_;
  std::vector<Peer*> peers_;  // by number; grows while the world is held
};

// Lives as long as anybody refers to it; its sink as long as it is alive.
class Peer : public boost::intrusive_ref_counter<Peer> {
 public:
  static constexpr uint32_t kNoNumber = UINT32_MAX;

  Peer(uint64_t client_id, Inbox& thread_inbox, PushSink& client_sink)
      : id(client_id), inbox(thread_inbox), sink(client_sink) {}
  ~Peer() {
    if (numbers) numbers->give_back(number);
  }

  const uint64_t id;
  Inbox& inbox;
  PushSink& sink;
  std::atomic<bool> alive{true};  // cleared by its own thread, or by who holds the world
  TrackingMode tracking;
  // Since it began to track keys. Written while the world is held.
  uint32_t number = kNoNumber;
  std::shared_ptr<ReaderNumbers> numbers;
};

// The subscribers of one channel that live on one thread. Never changed while a message for them
// is on its way: who changes it then makes a copy (channel.h).
struct Receivers : boost::intrusive_ref_counter<Receivers> {
  std::vector<PeerPtr> peers;
};
using ReceiversPtr = boost::intrusive_ptr<Receivers>;

// One message on its way to a thread.
struct Push {
  ReceiversPtr receivers{};
  SharedBytes bytes{};
  PeerPtr only{};  // the one receiver, in place of `receivers`
  PushKind kind = PushKind::kMessage;
  uint64_t number = 0;
};

// What is on its way to the clients of one thread: many put, the thread collects. A client that
// does not take its messages is closed for it; a thread that does not come to collect them is one
// whose senders must slow down, or they would fill the memory: see crowded().
class Inbox {
 public:
  static constexpr size_t kCrowded = 64u << 20;

  explicit Inbox(Doorbell& bell) : bell_(bell) {}

  Doorbell& bell() { return bell_; }
  void put(Push push) {
    const std::lock_guard lock(mutex_);
    const size_t size = sizeof push + (push.bytes ? push.bytes.size() : 0);
    bytes_.store(bytes() + size, std::memory_order_relaxed);
    pushes_.push_back(std::move(push));
    has_some_.store(true, std::memory_order_relaxed);
  }
  bool has_some() const { return has_some_.load(std::memory_order_relaxed); }
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  bool crowded() const { return bytes() > kCrowded; }
  std::vector<Push> collect() {
    const std::lock_guard lock(mutex_);
    has_some_.store(false, std::memory_order_relaxed);
    bytes_.store(0, std::memory_order_relaxed);
    return std::exchange(pushes_, {});
  }

 private:
  Doorbell& bell_;
  CountedMutex<Contention::kInboxLock> mutex_;
  std::vector<Push> pushes_;
  std::atomic<bool> has_some_{false};
  std::atomic<size_t> bytes_{0};
};

// What one thread puts into inboxes. Messages are put under the locks that their order depends on;
// the threads are woken afterwards. Used by its own thread.
class Outgoing {
 public:
  explicit Outgoing(Inbox& own) : own_(own) {}

  void put(Inbox& inbox, Push push) {
    inbox.put(std::move(push));
    if (&inbox == &own_)
      for_own_ = true;
    else if (inbox.bell().claim())
      to_ring_.push_back(&inbox.bell());
    if (inbox.crowded() && &inbox != &own_) crowded_ = &inbox;
  }
  // Wakes whom messages wait for, but for the own thread. No locks held.
  void ring() {
    for (Doorbell* bell : to_ring_) bell->ring();
    to_ring_.clear();
  }
  bool must_ring() const { return !to_ring_.empty(); }
  // Whether the own inbox holds something that nobody will be woken for.
  bool for_own() const { return for_own_; }
  void own_collected() { for_own_ = false; }
  // An inbox of another thread that was found crowded since the last call, or nullptr.
  Inbox* take_crowded() { return std::exchange(crowded_, nullptr); }

 private:
  Inbox& own_;
  std::vector<Doorbell*> to_ring_;
  bool for_own_ = false;
  Inbox* crowded_ = nullptr;
};

}  // namespace scrubjay::pubsub
