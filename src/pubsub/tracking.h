// Server-assisted client-side caching: which clients may have cached which keys, and the
// invalidations they get when one changes (docs/invalidation.md).
//
// What was read is remembered by stripe, under the stripe's lock, so that reads of different keys
// do not meet; an entry is forgotten when it fires. Clients that want broadcasts stand by their
// prefixes, which change only while the world is held; the keys that a thread changed are broadcast
// at the end of its turn. Invalidations are put into inboxes under the locks of the change, or
// before any reply of the turn leaves, so whoever learns of a write can be sure of them.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pubsub/pattern_index.h"
#include "pubsub/peer.h"
#include "pubsub/tracked_key.h"
#include "scrubjay/detail/table.h"
#include "store/key.h"

namespace scrubjay::pubsub {

// What one thread has to send and may not send yet. Used by its own thread.
struct Unsent {
  struct Changed {
    std::string key;
    PeerPtr author;  // none: nobody's command changed it (expiry, eviction)
  };
  std::vector<Changed> broadcast;    // until the end of the turn
  std::vector<SharedBytes> to_self;  // until the client's command has its reply
  bool table_full = false;           // more keys are remembered than may be

  bool any_of_turn() const { return !broadcast.empty() || table_full; }
};

class Tracking {
 public:
  using Table = detail::Table<TrackedKey, TrackedKeyTraits>;

  Tracking(uint32_t stripes, Table::Retire retire);
  ~Tracking();

  // Whether an invalidation could reach anybody.
  bool in_use() const { return in_use_.load(std::memory_order_relaxed); }

  // -- under the lock of the key's stripe --------------------------------------------------------
  // The client has read the key.
  void remember(uint32_t stripe, const store::Key& key, Peer& reader);
  // The key has changed. `acting` is the client whose command runs, if any: its own invalidations
  // wait in `unsent`. `author` is the client who is the cause as far as NOLOOP goes.
  void changed(uint32_t stripe, const store::Key& key, Peer* acting, Peer* author, Unsent& unsent,
               Outgoing& outgoing);
  // Forgets one key of the stripe, any, as if it had changed. False if there is none.
  bool drop_any(uint32_t stripe, Outgoing& outgoing);

  // -- gate raised -------------------------------------------------------------------------------
  // Sends an array of keys (or nothing, which means all) to whom the client wants it sent.
  static void send(Peer& client, const SharedBytes& keys, Outgoing& outgoing);
  // What waited for the reply of the client's command.
  static void send_to_self(Peer& client, Unsent& unsent, Outgoing& outgoing);
  // To each client one message for each of its prefixes, with all keys of the turn.
  void send_broadcast(Unsent& unsent, Outgoing& outgoing) const;

  // Together, of all stripes.
  size_t key_count() const { return keys_.load(std::memory_order_relaxed); }
  void prefetch(uint32_t stripe, uint64_t hash) const {
    parts_[stripe].table.prefetch_bucket(hash);
  }
  bool prefetch_key(uint32_t stripe, uint64_t hash) const {
    return parts_[stripe].table.prefetch_entry(hash);
  }
  void prefetch_stashed(uint32_t stripe, uint64_t hash) const {
    parts_[stripe].table.prefetch_stashed(hash);
  }

  // -- world held --------------------------------------------------------------------------------
  void start(Peer& client);  // its mode is set
  void stop(Peer& client);   // resets its mode
  void add_prefix(Peer& client, std::string_view prefix);
  void forget_all();
  size_t client_count() const { return clients_; }
  size_t prefix_count() const;
  size_t item_count() const;  // pairs of a key and a client

 private:
  struct alignas(64) Part {
    explicit Part(Table::Retire retire) : table(retire) {}
    Table table;
    size_t items = 0;
    std::vector<uint32_t> keys_of;  // by the reader's number: in how many keys it is noted
  };
  using Listeners = std::vector<PeerPtr>;
  static void send_keys(const std::vector<const Unsent::Changed*>& keys, const Listeners& listeners,
                        Outgoing& outgoing);
  // One more key of the part has the reader. The first holds a reference to it for all.
  static void note(Part& part, Peer& reader);
  // The key is in no table any more.
  void forget(Part& part, TrackedKey* key);
  // Takes the key out of its table and tells its readers.
  void fire(Part& part, Table::Slot slot, Peer* acting, Unsent* unsent, Outgoing& outgoing);
  void look_whether_in_use();

  std::vector<Part> parts_;  // one for each stripe
  const std::shared_ptr<ReaderNumbers> numbers_ = std::make_shared<ReaderNumbers>();
  // By the length of the prefix, then by the prefix.
  std::map<size_t, NameMap<Listeners>> prefixes_;
  size_t clients_ = 0;
  std::atomic<bool> in_use_{false};
  alignas(64) std::atomic<size_t> keys_{0};
};

}  // namespace scrubjay::pubsub
