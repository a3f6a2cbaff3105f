// A client that caches what it reads, in one of the ways that a server can tell it of changes, and
// whose connections break now and then. Used by invalidation_stress; one thread each.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "stress/wire.h"

namespace scrubjay::stress {

enum class Caching {
  kDefault,    // what it has read, told on its own connection
  kOptIn,      // the same of reads that it announces
  kBroadcast,  // all keys of two prefixes
  kRedirect,   // what one connection has read, told on another one, in RESP2
  kLog,        // broadcasts; after a break it asks for what it missed
};

class CachingReader {
 public:
  using Value = std::optional<std::string>;

  CachingReader(int port, Caching how) : port_(port), how_(how) {}

  // Takes in all invalidations that were sent so far.
  void catch_up();
  // Call catch_up() first. nullptr if the key is not cached.
  const Value* find(const std::string& key) const;
  // Reads keys from the server into the cache.
  void fetch(const std::vector<std::string>& keys);

  const std::unordered_map<std::string, Value>& cache() const { return cache_; }
  // One of its connections, for whoever wants to kill it; 0 if it has none at the moment.
  std::atomic<int64_t> connection_ids[2]{};
  std::atomic<uint64_t> breaks{0};
  std::atomic<uint64_t> missed_keys{0};  // that it asked for after a break
  std::atomic<uint64_t> resyncs{0};      // when that was not known any more

 private:
  void connect();
  void connect_listener();
  void ask_what_was_missed();
  void hear_out();
  // A connection broke: what is cached stays only if what would have told of changes is made up
  // for.
  void broke(bool listener);
  void take_push(const resp::Reply& push);
  void drop(const resp::Reply& keys);
  // The next reply on the reading connection; pushes before it are taken in.
  resp::Reply reply();

  const int port_;
  const Caching how_;
  Wire reading_;
  Wire listening_;    // of kRedirect
  int64_t seen_ = 0;  // of kLog: the number up to which all changes are taken in
  std::unordered_map<std::string, Value> cache_;
};

}  // namespace scrubjay::stress
