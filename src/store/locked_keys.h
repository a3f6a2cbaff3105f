// The only door to data: the keys whose stripes the caller has locked, at one instant. The
// dispatcher locks, a handler finds, edits and announces. Debug builds abort when a handler names a
// key whose stripe is not held, so a wrong key spec cannot pass its first test. Used by one thread
// at a time.
//
// A view that find() returned dies at the next edit of any key.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "store/change.h"
#include "store/keyspace.h"

namespace scrubjay::store {

// What a lookup means for the statistics and for the eviction policy.
enum class Lookup : uint8_t {
  kRead,     // counts a hit or a miss, and is a use of the key (GET)
  kExamine,  // counts a hit or a miss, but is no use (EXISTS, TTL, TYPE)
  kWrite,    // counts nothing, and is a use (INCR, SETRANGE)
  kPeek,     // counts nothing and is no use (OBJECT, DEL)
};

class LockedKeys {
 public:
  explicit LockedKeys(Keyspace& keyspace) : keyspace_(keyspace) {}
  ~LockedKeys() { unlock(); }
  LockedKeys(const LockedKeys&) = delete;
  LockedKeys& operator=(const LockedKeys&) = delete;

  // -- the dispatcher's side ---------------------------------------------------------------------
  // Locks the stripes of these keys in ascending order and fixes the instant: `now_ms`, which the
  // caller has just read, but never before what a held stripe has seen. Nothing to do, up to the
  // unlock() that goes with it, while the world is held.
  void lock(std::span<const Key> keys, int64_t now_ms);
  // The same for one key.
  void lock_one(uint64_t hash, int64_t now_ms);
  // The caller holds every gate: all keys may be touched, nothing is locked.
  void hold_world();
  // Unlocks, and frees what the edits left behind.
  void unlock();
  bool holds_world() const { return world_; }
  // The database of the handler that runs next.
  void select(int database) {
    database_ = database;
    last_.name = nullptr;  // between two commands anything may have happened
  }
  void set_listener(ChangeListener* listener) { listener_ = listener; }
  // CLIENT NO-TOUCH: lookups are no use of a key.
  void set_touching(bool touching) { touching_ = touching; }

  // -- a handler's side --------------------------------------------------------------------------
  Keyspace& keyspace() { return keyspace_; }
  int database() const { return database_; }
  int64_t now_ms() const { return now_ms_; }

  // The entry, or nullptr when it is absent or past its deadline (it is then removed).
  const Entry* find(const Key& key, Lookup lookup = Lookup::kRead) {
    return find_in(database_, key, lookup);
  }
  const Entry* find_in(int database, const Key& key, Lookup lookup);
  // The entry as it lies there, past its deadline or not; nothing is counted or removed.
  const Entry* find_even_dead(const Key& key) {
    return locate(held_stripe(key), database_, key).entry;
  }

  // Creates or overwrites a string. `deadline` in ms, or kNoDeadline.
  void put_string(const Key& key, std::string_view value, int64_t deadline);
  void put_string(const Key& key, std::string_view value, int64_t deadline, Encoding encoding);
  // Makes the string `size` bytes long (created when missing, new bytes zero) and returns its bytes
  // for writing. The encoding becomes raw; the deadline stays.
  char* resize_string(const Key& key, size_t size);
  // Puts an entry in the place of what the key holds, if anything. Its name must be the key's.
  void put_entry(const Key& key, Entry* entry) { put_entry(database_, key, entry); }
  // The key must exist.
  void set_deadline(const Key& key, int64_t deadline);
  void clear_deadline(const Key& key);
  // What the eviction policy is to believe of the key's use (access.h). The key must exist.
  void set_access(const Key& key, uint32_t access);
  // Returns whether it was there.
  bool erase(const Key& key) { return erase_in(database_, key); }
  // The same to make room for another value: if one comes before the next announcement, the key is
  // not a new one.
  bool erase_to_replace(const Key& key) { return replacing_ = erase(key); }
  // Puts a copy of `source`, which may stand in another database, under `target`, replacing what is
  // there. The copy has the source's deadline.
  void copy(const Key& source, int target_database, const Key& target);
  // Moves the entry itself; the source is gone afterwards.
  void rename(const Key& source, const Key& target);
  void move(const Key& key, int target_database);

  // Announces a write under Redis's event name; every edit is followed by one, several or none.
  void announce(std::string_view event, const Key& key) { announce_in(database_, event, key); }
  void announce_in(int database, std::string_view event, const Key& key) {
    publish({event, key, database});
  }
  // The same for a write that leaves the value as it is (see Change).
  void announce_aside(std::string_view event, const Key& key) {
    publish({event, key, database_, false});
  }

  // Watches. A watched key that is past its deadline is removed first.
  uint64_t watch(int database, const Key& key);
  void unwatch(int database, const Key& key);
  // Waiting. Who waits for the key, in order; nullptr if nobody does.
  WaitQueue* waiters_of(int database, const Key& key);
  void add_waiter(int database, const Key& key, std::shared_ptr<Waiter> waiter);
  void remove_waiter(int database, const Key& key, uint64_t ticket);
  // Keys that clients wait for and that have changed since they were last taken, in the order of
  // the changes.
  std::vector<KeyName> take_ready() { return std::exchange(ready_, {}); }
  void add_ready(const KeyName& name) { ready_.push_back(name); }
  bool has_ready() const { return !ready_.empty(); }
  // Every key of the database that somebody waits for may hold something new. World held.
  void ready_all(int database);
  bool holds(const Key& key) const;

  // Whether the key is still as it was when watch() returned `version`.
  bool unchanged(int database, const Key& key, uint64_t version);

 private:
  void publish(const Change& change);
  // An event of which only the listener hears: nothing has changed, or what has is announced later.
  void tell(std::string_view event, int database, const Key& key);
  friend class ValueEdit;
  struct Found {
    Shelf* shelf = nullptr;
    Table::Slot slot{};
    Entry* entry = nullptr;
  };
  Stripe& held_stripe(const Key& key);
  Found locate(Stripe& stripe, int database, const Key& key);
  Found search(Stripe& stripe, int database, const Key& key);
  // As locate, but an entry past its deadline is removed (or hidden, while expiry is frozen), and
  // so are fields of a hash that are past theirs.
  Found locate_live(Stripe& stripe, int database, const Key& key);
  void expire(Stripe& stripe, int database, const Key& key, const Found& found);
  Found without_dead_fields(Stripe& stripe, int database, const Key& key, const Found& found);
  void insert(Stripe& stripe, int database, const Key& key, Entry* entry);
  void replace(Stripe& stripe, const Key& key, const Found& found, Entry* entry);
  void put_entry(int database, const Key& key, Entry* entry);
  Entry* detach(const Found& found);
  bool erase_in(int database, const Key& key);
  void change_deadline(const Key& key, int64_t deadline);
  void move_deadline(Stripe& stripe, const Found& found, int64_t deadline);
  // Files the deadlines of an entry that has come into the shelf, or takes them out.
  void file(Stripe& stripe, Shelf& shelf, Entry* entry);
  void unfile(Shelf& shelf, Entry* entry);
  void plan(Stripe& stripe, int64_t due);
  void bury(Entry* entry);
  void touch(const Found& found, uint64_t hash, detail::KeyUse how);

  Keyspace& keyspace_;
  ChangeListener* listener_ = nullptr;
  int64_t now_ms_ = 0;
  int database_ = 0;
  bool world_ = false;
  uint32_t inside_world_ = 0;  // locks that found the world held already
  bool frozen_ = false;        // Keyspace::frozen as it was when the locks were taken
  bool touching_ = true;
  bool replacing_ = false;
  std::vector<uint32_t> held_;     // stripe numbers, ascending
  std::vector<Entry*> graveyard_;  // long values, freed after unlock
  std::vector<KeyName> ready_;
  uint64_t generation_ = 0;  // grows when slots of tables may have moved
  // What the command looked up last for writing: it is going to edit it.
  struct {
    const char* name = nullptr;  // where the key's name lies; nullptr: nothing
    size_t size = 0;
    int database = 0;
    uint64_t generation = 0;
    Found found;
  } last_;
};

}  // namespace scrubjay::store
