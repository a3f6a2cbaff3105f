// What the server must do with strings and deadlines, written as plainly as possible over std::map:
// the model that random commands are compared with. Replies are the bytes of RESP2.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace scrubjay::test {

class StringModel {
 public:
  static constexpr int kDatabases = 3;
  using Words = std::vector<std::string>;

  // Runs a command at the instant `now_ms`.
  std::string run(const Words& words, int64_t now_ms);

  // Keys that live at the instant, in order.
  std::vector<std::string> keys(int database, int64_t now_ms);
  int database() const { return database_; }

 private:
  struct Value {
    std::string text;
    std::optional<int64_t> deadline;
  };
  using Database = std::map<std::string, Value>;

  Value* find(const std::string& key) { return find_in(database_, key); }
  Value* find_in(int database, const std::string& key);
  std::string set(const Words& words);
  std::string get_ex(const Words& words);
  std::string add(const std::string& key, int64_t by);
  std::string expire(const Words& words, bool seconds, bool absolute);
  std::string rename(const Words& words, bool replace);
  std::string copy(const Words& words);

  Database databases_[kDatabases];
  int database_ = 0;
  int64_t now_ms_ = 0;
};

}  // namespace scrubjay::test
