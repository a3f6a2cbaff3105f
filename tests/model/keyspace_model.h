// What the keyspace is meant to be, as plainly as possible: a map per database, and for each
// command the reply that RESP2 clients get, byte for byte. The model tests compare the engine with
// it. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scrubjay::test {

using Words = std::vector<std::string>;

class KeyspaceModel {
 public:
  static constexpr int kDatabases = 16;

  struct Value {
    std::string text;
    std::optional<int64_t> deadline;  // ms since the epoch; the key lives through this very instant
  };
  using Database = std::map<std::string, Value>;

  struct Client {
    using Watch = std::pair<std::pair<int, std::string>, uint64_t>;  // key and version
    int database = 0;
    bool in_multi = false;
    bool aborted = false;
    std::vector<Words> queue;
    std::vector<Watch> watched;
  };

  explicit KeyspaceModel(int64_t now_ms) : now_ms_(now_ms) {}

  // Time goes on: what is past its deadline is gone at once.
  void set_now(int64_t now_ms);
  // The reply to `words` from client number `client`.
  std::string run(const Words& words, int client);

  const Database& database(int number) const { return databases_[static_cast<size_t>(number)]; }
  const Client& client(int number) { return clients_[number]; }
  int64_t now_ms() const { return now_ms_; }
  // Database number and name of every key with a deadline, with the deadline.
  std::vector<int64_t> deadlines() const;

 private:
  friend struct ModelCommands;

  Database& database_of(const Client& client) {
    return databases_[static_cast<size_t>(client.database)];
  }
  Value* find(const std::string& key);
  Value* find_in(int database, const std::string& key);
  void put(const std::string& key, std::string text, std::optional<int64_t> deadline);
  void put_in(int database, const std::string& key, Value value);
  bool erase(const std::string& key);
  void changed(const std::string& key) { changed_in(client_->database, key); }
  void changed_in(int database, const std::string& key) { ++versions_[{database, key}]; }
  std::string dispatch(const Words& words);
  std::string exec();
  std::string control(const Words& words, bool& taken);

  int64_t now_ms_;
  std::vector<Database> databases_{kDatabases};
  std::map<std::pair<int, std::string>, uint64_t> versions_;
  std::map<int, Client> clients_;
  Client* client_ = nullptr;  // whose command runs
};

}  // namespace scrubjay::test
