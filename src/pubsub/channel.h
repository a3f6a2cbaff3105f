// Who listens to one channel or pattern, by thread. Used under the lock of whoever owns it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "pubsub/peer.h"

namespace scrubjay::pubsub {

class Channel {
 public:
  size_t size() const { return size_; }

  void add(Peer& peer) {
    writable(peer.inbox).push_back(PeerPtr(&peer));
    ++size_;
  }
  void remove(Peer& peer) {
    std::vector<PeerPtr>& peers = writable(peer.inbox);
    const auto found = std::find_if(peers.begin(), peers.end(),
                                    [&](const PeerPtr& other) { return other.get() == &peer; });
    if (found == peers.end()) return;
    std::swap(*found, peers.back());
    peers.pop_back();
    --size_;
    if (!peers.empty()) return;
    threads_.erase(std::find_if(threads_.begin(), threads_.end(),
                                [&](const Thread& thread) { return thread.inbox == &peer.inbox; }));
  }

  // Puts the message into the inbox of each thread that has listeners. Returns how many those are.
  size_t send(const SharedBytes& message, Outgoing& outgoing) const {
    for (const Thread& thread : threads_) outgoing.put(*thread.inbox, {thread.receivers, message});
    return size_;
  }

 private:
  struct Thread {
    Inbox* inbox;
    ReceiversPtr receivers;
  };

  std::vector<PeerPtr>& writable(Inbox& inbox) {
    auto found = std::find_if(threads_.begin(), threads_.end(),
                              [&](const Thread& thread) { return thread.inbox == &inbox; });
    if (found == threads_.end())
      found = threads_.insert(threads_.end(), {&inbox, ReceiversPtr(new Receivers)});
    if (found->receivers->use_count() > 1) {
      ReceiversPtr copy(new Receivers);
      copy->peers = found->receivers->peers;
      found->receivers = std::move(copy);
    }
    return found->receivers->peers;
  }

  std::vector<Thread> threads_;
  size_t size_ = 0;
};

}  // namespace scrubjay::pubsub
