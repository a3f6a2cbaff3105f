#include "model/keyspace_model.h"

#include <algorithm>
#include <charconv>

namespace scrubjay::test {
namespace {

using Value = KeyspaceModel::Value;

constexpr std::string_view kOk = "+OK\r\n";
constexpr std::string_view kNull = "$-1\r\n";
constexpr std::string_view kNotInteger = "ERR value is not an integer or out of range";
constexpr std::string_view kSyntax = "ERR syntax error";
constexpr std::string_view kBadDatabase = "ERR DB index is out of range";
constexpr std::string_view kSameObject = "ERR source and destination objects are the same";

struct Error {
  std::string text;
};
[[noreturn]] void fail(std::string_view text) {
  throw Error{std::string(text)};
}

std::string ok() {
  return std::string(kOk);
}
std::string null() {
  return std::string(kNull);
}
std::string error(std::string_view text) {
  return "-" + std::string(text) + "\r\n";
}
std::string integer(int64_t value) {
  return ":" + std::to_string(value) + "\r\n";
}
std::string bulk(std::string_view text) {
  std::string reply = "$" + std::to_string(text.size()) + "\r\n";
  reply.append(text).append("\r\n");
  return reply;
}
std::string bulk_or_null(const Value* value) {
  return value == nullptr ? null() : bulk(value->text);
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}
std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// Only the one way in which the number would be printed counts.
std::optional<int64_t> number_in(const std::string& text) {
  int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || std::to_string(value) != text) return std::nullopt;
  return value;
}
int64_t number(const std::string& text, std::string_view problem = kNotInteger) {
  const auto value = number_in(text);
  if (!value) fail(problem);
  return *value;
}

int database_number(const std::string& text) {
  const int64_t value = number(text);
  if (value < 0 || value >= KeyspaceModel::kDatabases) fail(kBadDatabase);
  return static_cast<int>(value);
}

struct Unit {
  bool seconds;
  bool absolute;
};

// Deadlines in 128 bits, so that nothing overflows here.
std::optional<int64_t> deadline_of(int64_t amount, Unit unit, int64_t now_ms) {
  __extension__ using Wide = __int128;
  Wide ms = Wide{amount} * (unit.seconds ? 1000 : 1);
  if (ms > INT64_MAX || ms < INT64_MIN) return std::nullopt;
  ms += unit.absolute ? 0 : now_ms;
  if (ms > INT64_MAX || ms < INT64_MIN) return std::nullopt;
  return static_cast<int64_t>(ms);
}

int64_t positive_deadline(const std::string& amount, Unit unit, int64_t now_ms,
                          const std::string& command) {
  const int64_t value = number(amount);
  const auto deadline = value > 0 ? deadline_of(value, unit, now_ms) : std::nullopt;
  if (!deadline) fail("ERR invalid expire time in '" + lower(command) + "' command");
  return *deadline;
}

std::optional<Unit> unit_named(const std::string& word) {
  if (word == "EX") return Unit{true, false};
  if (word == "PX") return Unit{false, false};
  if (word == "EXAT") return Unit{true, true};
  if (word == "PXAT") return Unit{false, true};
  return std::nullopt;
}

}  // namespace

// One function per command, or per few that are alike. `w` are the words, w[0] in upper case.
struct ModelCommands {
  KeyspaceModel& m;
  const Words& w;

  std::string set() {
    std::string time_word;
    std::string amount;
    bool nx = false;
    bool xx = false;
    bool get = false;
    bool keep = false;
    for (size_t i = 3; i < w.size(); ++i) {
      const std::string word = upper(w[i]);
      if (word == "NX" && !xx)
        nx = true;
      else if (word == "XX" && !nx)
        xx = true;
      else if (word == "GET")
        get = true;
      else if (word == "KEEPTTL" && time_word.empty())
        keep = true;
      else if (unit_named(word) && !keep && (time_word.empty() || time_word == word) &&
               i + 1 < w.size()) {
        time_word = word;
        amount = w[++i];
      } else {
        fail(kSyntax);
      }
    }
    std::optional<int64_t> deadline;
    if (!time_word.empty()) {
      deadline = positive_deadline(amount, *unit_named(time_word), m.now_ms_, "set");
    }
    const Value* old = m.find(w[1]);
    std::string reply = get ? bulk_or_null(old) : ok();
    if ((nx && old != nullptr) || (xx && old == nullptr)) return get ? reply : null();
    if (keep && old != nullptr) deadline = old->deadline;
    m.put(w[1], w[2], deadline);
    return reply;
  }

  std::string setex(bool seconds) {
    m.put(w[1], w[3], positive_deadline(w[2], {seconds, false}, m.now_ms_, w[0]));
    return ok();
  }

  std::string setnx() {
    if (m.find(w[1]) != nullptr) return integer(0);
    m.put(w[1], w[2], std::nullopt);
    return integer(1);
  }

  std::string get() { return bulk_or_null(m.find(w[1])); }

  std::string getset() {
    std::string reply = get();
    m.put(w[1], w[2], std::nullopt);
    return reply;
  }

  std::string getdel() {
    std::string reply = get();
    m.erase(w[1]);
    return reply;
  }

  std::string getex() {
    std::string time_word;
    std::string amount;
    bool persist = false;
    for (size_t i = 2; i < w.size(); ++i) {
      const std::string word = upper(w[i]);
      if (word == "PERSIST" && time_word.empty()) {
        persist = true;
      } else if (unit_named(word) && !persist && (time_word.empty() || time_word == word) &&
                 i + 1 < w.size()) {
        time_word = word;
        amount = w[++i];
      } else {
        fail(kSyntax);
      }
    }
    Value* value = m.find(w[1]);
    if (value == nullptr) return null();
    std::string reply = bulk(value->text);
    if (!time_word.empty()) {
      const Unit unit = *unit_named(time_word);
      const int64_t deadline = positive_deadline(amount, unit, m.now_ms_, "getex");
      if (unit.absolute && deadline <= m.now_ms_) {
        m.erase(w[1]);
      } else {
        value->deadline = deadline;
        m.changed(w[1]);
      }
    } else if (persist && value->deadline) {
      value->deadline.reset();
      m.changed(w[1]);
    }
    return reply;
  }

  std::string mget() {
    std::string reply = "*" + std::to_string(w.size() - 1) + "\r\n";
    for (size_t i = 1; i < w.size(); ++i) reply += bulk_or_null(m.find(w[i]));
    return reply;
  }

  std::string mset(bool only_new) {
    if (w.size() % 2 == 0) {
      fail("ERR wrong number of arguments for '" + lower(w[0]) + "' command");
    }
    for (size_t i = 1; only_new && i < w.size(); i += 2) {
      if (m.find(w[i]) != nullptr) return integer(0);
    }
    for (size_t i = 1; i < w.size(); i += 2) m.put(w[i], w[i + 1], std::nullopt);
    return only_new ? integer(1) : ok();
  }

  std::string append() {
    const Value* value = m.find(w[1]);
    Value next = value == nullptr ? Value{} : *value;
    next.text += w[2];
    const auto size = static_cast<int64_t>(next.text.size());
    m.put(w[1], std::move(next.text), next.deadline);
    return integer(size);
  }

  std::string strlen() {
    const Value* value = m.find(w[1]);
    return integer(value == nullptr ? 0 : static_cast<int64_t>(value->text.size()));
  }

  std::string setrange() {
    const int64_t offset = number(w[2]);
    if (offset < 0) fail("ERR offset is out of range");
    Value* value = m.find(w[1]);
    if (w[3].empty()) return strlen();
    if (value == nullptr) value = &m.database_of(*m.client_)[w[1]];
    const auto from = static_cast<size_t>(offset);
    value->text.resize(std::max(value->text.size(), from + w[3].size()));
    value->text.replace(from, w[3].size(), w[3]);
    m.changed(w[1]);
    return integer(static_cast<int64_t>(value->text.size()));
  }

  std::string getrange() {
    int64_t start = number(w[2]);
    int64_t end = number(w[3]);
    const Value* value = m.find(w[1]);
    if (value == nullptr || value->text.empty()) return bulk("");
    if (start < 0 && end < 0 && start > end) return bulk("");
    const auto size = static_cast<int64_t>(value->text.size());
    if (start < 0) start = std::max<int64_t>(0, start + size);
    if (end < 0) end = std::max<int64_t>(0, end + size);
    end = std::min(end, size - 1);
    if (start > end) return bulk("");
    return bulk(
        value->text.substr(static_cast<size_t>(start), static_cast<size_t>(end - start + 1)));
  }

  std::string add(int64_t by) {
    const Value* value = m.find(w[1]);
    int64_t sum = value == nullptr ? 0 : number(value->text);
    if (__builtin_add_overflow(sum, by, &sum)) fail("ERR increment or decrement would overflow");
    m.put(w[1], std::to_string(sum), value == nullptr ? std::nullopt : value->deadline);
    return integer(sum);
  }
  std::string incrby() { return add(number(w[2])); }
  std::string decrby() {
    const int64_t by = number(w[2]);
    if (by == INT64_MIN) fail("ERR decrement would overflow");
    return add(-by);
  }

  size_t bit_offset() {
    constexpr std::string_view kProblem = "ERR bit offset is not an integer or out of range";
    const int64_t offset = number(w[2], kProblem);
    if (offset < 0 || offset >= int64_t{512} * 1024 * 1024 * 8) fail(kProblem);
    return static_cast<size_t>(offset);
  }
  static int bit_of(const Value* value, size_t offset) {
    if (value == nullptr || offset / 8 >= value->text.size()) return 0;
    return static_cast<unsigned char>(value->text[offset / 8]) >> (7 - offset % 8) & 1;
  }

  std::string setbit() {
    const size_t offset = bit_offset();
    if (w[3] != "0" && w[3] != "1") fail("ERR bit is not an integer or out of range");
    const bool on = w[3] == "1";
    Value* value = m.find(w[1]);
    const int old = bit_of(value, offset);
    const bool grows = value == nullptr || offset / 8 >= value->text.size();
    if (grows || (old != 0) != on) {
      if (value == nullptr) value = &m.database_of(*m.client_)[w[1]];
      if (grows) value->text.resize(offset / 8 + 1);
      if ((old != 0) != on)
        value->text[offset / 8] = static_cast<char>(value->text[offset / 8] ^ 0x80 >> offset % 8);
      m.changed(w[1]);
    }
    return integer(old);
  }
  std::string getbit() {
    const size_t offset = bit_offset();
    return integer(bit_of(m.find(w[1]), offset));
  }

  std::string del() {
    int64_t count = 0;
    for (size_t i = 1; i < w.size(); ++i) count += m.erase(w[i]) ? 1 : 0;
    return integer(count);
  }
  std::string exists() {
    int64_t count = 0;
    for (size_t i = 1; i < w.size(); ++i) count += m.find(w[i]) != nullptr ? 1 : 0;
    return integer(count);
  }
  std::string type() { return m.find(w[1]) != nullptr ? "+string\r\n" : "+none\r\n"; }

  std::string expire(Unit unit) {
    bool nx = false;
    bool xx = false;
    bool gt = false;
    bool lt = false;
    for (size_t i = 3; i < w.size(); ++i) {
      const std::string word = upper(w[i]);
      if (word == "NX")
        nx = true;
      else if (word == "XX")
        xx = true;
      else if (word == "GT")
        gt = true;
      else if (word == "LT")
        lt = true;
      else
        fail("ERR Unsupported option " + w[i]);
    }
    if (nx && (xx || gt || lt)) {
      fail("ERR NX and XX, GT or LT options at the same time are not compatible");
    }
    if (gt && lt) fail("ERR GT and LT options at the same time are not compatible");
    const auto deadline = deadline_of(number(w[2]), unit, m.now_ms_);
    if (!deadline) fail("ERR invalid expire time in '" + lower(w[0]) + "' command");
    Value* value = m.find(w[1]);
    if (value == nullptr) return integer(0);
    const auto old = value->deadline;  // none is later than any
    if ((nx && old) || (xx && !old) || (gt && (!old || *deadline <= *old)) ||
        (lt && old && *deadline >= *old)) {
      return integer(0);
    }
    if (*deadline <= m.now_ms_) return integer(m.erase(w[1]) ? 1 : 0);
    value->deadline = deadline;
    m.changed(w[1]);
    return integer(1);
  }

  // What is left, in ms, or the deadline itself; in seconds rounded to the nearest.
  std::string ttl(bool seconds, bool absolute) {
    const Value* value = m.find(w[1]);
    if (value == nullptr) return integer(-2);
    if (!value->deadline) return integer(-1);
    const int64_t ms = absolute ? *value->deadline : *value->deadline - m.now_ms_;
    return integer(seconds ? ms / 1000 + (ms % 1000 >= 500 ? 1 : 0) : ms);
  }

  std::string persist() {
    Value* value = m.find(w[1]);
    if (value == nullptr || !value->deadline) return integer(0);
    value->deadline.reset();
    m.changed(w[1]);
    return integer(1);
  }

  std::string rename(bool only_new) {
    const Value* value = m.find(w[1]);
    if (value == nullptr) fail("ERR no such key");
    if (w[1] == w[2]) return only_new ? integer(0) : ok();
    if (only_new && m.find(w[2]) != nullptr) return integer(0);
    Value moved = *value;
    m.erase(w[1]);
    m.put(w[2], std::move(moved.text), moved.deadline);
    return only_new ? integer(1) : ok();
  }

  std::string copy() {
    int target = m.client_->database;
    bool replace = false;
    for (size_t i = 3; i < w.size(); ++i) {
      const std::string word = upper(w[i]);
      if (word == "REPLACE")
        replace = true;
      else if (word == "DB" && i + 1 < w.size())
        target = database_number(w[++i]);
      else
        fail(kSyntax);
    }
    if (target == m.client_->database && w[1] == w[2]) fail(kSameObject);
    const Value* value = m.find(w[1]);
    if (value == nullptr || (!replace && m.find_in(target, w[2]) != nullptr)) return integer(0);
    m.put_in(target, w[2], *value);
    return integer(1);
  }

  std::string move() {
    const int target = database_number(w[2]);
    if (target == m.client_->database) fail(kSameObject);
    const Value* value = m.find(w[1]);
    if (value == nullptr || m.find_in(target, w[1]) != nullptr) return integer(0);
    m.put_in(target, w[1], *value);
    m.erase(w[1]);
    return integer(1);
  }

  std::string select() {
    m.client_->database = database_number(w[1]);
    return ok();
  }

  void all_changed(int number, const KeyspaceModel::Database& keys) {
    for (const auto& [key, value] : keys) m.changed_in(number, key);
  }

  std::string swapdb() {
    const int first = database_number(w[1]);
    const int second = database_number(w[2]);
    if (first == second) return ok();
    auto& one = m.databases_[static_cast<size_t>(first)];
    auto& other = m.databases_[static_cast<size_t>(second)];
    for (const int number : {first, second}) {
      all_changed(number, one);
      all_changed(number, other);
    }
    one.swap(other);
    return ok();
  }

  std::string flushdb() {
    auto& keys = m.database_of(*m.client_);
    all_changed(m.client_->database, keys);
    keys.clear();
    return ok();
  }

  std::string dbsize() { return integer(static_cast<int64_t>(m.database_of(*m.client_).size())); }

  // Sorted by name: the caller sorts the engine's too.
  std::string keys() {
    const auto& all = m.database_of(*m.client_);
    std::string reply = "*" + std::to_string(all.size()) + "\r\n";
    for (const auto& [key, value] : all) reply += bulk(key);
    return reply;
  }

  std::string unwatch() {
    m.client_->watched.clear();
    return ok();
  }
};

namespace {

struct Row {
  size_t least_words;
  size_t most_words;
  std::string (*run)(ModelCommands&);
};
using C = ModelCommands;
constexpr size_t kAny = SIZE_MAX;

const std::map<std::string, Row>& rows() {
  static const std::map<std::string, Row> table{
      {"APPEND", {3, 3, [](C& c) { return c.append(); }}},
      {"COPY", {3, kAny, [](C& c) { return c.copy(); }}},
      {"DBSIZE", {1, 1, [](C& c) { return c.dbsize(); }}},
      {"DECRBY", {3, 3, [](C& c) { return c.decrby(); }}},
      {"DEL", {2, kAny, [](C& c) { return c.del(); }}},
      {"EXISTS", {2, kAny, [](C& c) { return c.exists(); }}},
      {"EXPIRE",
       {3, kAny,
        [](C& c) {
          return c.expire({true, false});
        }}},
      {"EXPIREAT",
       {3, kAny,
        [](C& c) {
          return c.expire({true, true});
        }}},
      {"FLUSHDB", {1, kAny, [](C& c) { return c.flushdb(); }}},
      {"GET", {2, 2, [](C& c) { return c.get(); }}},
      {"GETBIT", {3, 3, [](C& c) { return c.getbit(); }}},
      {"GETDEL", {2, 2, [](C& c) { return c.getdel(); }}},
      {"GETEX", {2, kAny, [](C& c) { return c.getex(); }}},
      {"GETRANGE", {4, 4, [](C& c) { return c.getrange(); }}},
      {"GETSET", {3, 3, [](C& c) { return c.getset(); }}},
      {"INCR", {2, 2, [](C& c) { return c.add(1); }}},
      {"INCRBY", {3, 3, [](C& c) { return c.incrby(); }}},
      {"KEYS", {2, 2, [](C& c) { return c.keys(); }}},
      {"MGET", {2, kAny, [](C& c) { return c.mget(); }}},
      {"MOVE", {3, 3, [](C& c) { return c.move(); }}},
      {"MSET", {3, kAny, [](C& c) { return c.mset(false); }}},
      {"MSETNX", {3, kAny, [](C& c) { return c.mset(true); }}},
      {"PERSIST", {2, 2, [](C& c) { return c.persist(); }}},
      {"PEXPIRE",
       {3, kAny,
        [](C& c) {
          return c.expire({false, false});
        }}},
      {"PEXPIREAT",
       {3, kAny,
        [](C& c) {
          return c.expire({false, true});
        }}},
      {"PEXPIRETIME", {2, 2, [](C& c) { return c.ttl(false, true); }}},
      {"PSETEX", {4, 4, [](C& c) { return c.setex(false); }}},
      {"PTTL", {2, 2, [](C& c) { return c.ttl(false, false); }}},
      {"RENAME", {3, 3, [](C& c) { return c.rename(false); }}},
      {"RENAMENX", {3, 3, [](C& c) { return c.rename(true); }}},
      {"SELECT", {2, 2, [](C& c) { return c.select(); }}},
      {"SET", {3, kAny, [](C& c) { return c.set(); }}},
      {"SETBIT", {4, 4, [](C& c) { return c.setbit(); }}},
      {"SETEX", {4, 4, [](C& c) { return c.setex(true); }}},
      {"SETNX", {3, 3, [](C& c) { return c.setnx(); }}},
      {"SETRANGE", {4, 4, [](C& c) { return c.setrange(); }}},
      {"STRLEN", {2, 2, [](C& c) { return c.strlen(); }}},
      {"SWAPDB", {3, 3, [](C& c) { return c.swapdb(); }}},
      {"TTL", {2, 2, [](C& c) { return c.ttl(true, false); }}},
      {"TYPE", {2, 2, [](C& c) { return c.type(); }}},
      {"UNLINK", {2, kAny, [](C& c) { return c.del(); }}},
      {"UNWATCH", {1, 1, [](C& c) { return c.unwatch(); }}},
      // Run by control(); here for the number of words.
      {"DISCARD", {1, 1, nullptr}},
      {"EXEC", {1, 1, nullptr}},
      {"MULTI", {1, 1, nullptr}},
      {"WATCH", {2, kAny, nullptr}},
  };
  return table;
}

}  // namespace

void KeyspaceModel::set_now(int64_t now_ms) {
  now_ms_ = now_ms;
  for (int number = 0; number < kDatabases; ++number) {
    std::erase_if(databases_[static_cast<size_t>(number)], [&](const auto& item) {
      const bool dead = item.second.deadline && *item.second.deadline < now_ms;
      if (dead) changed_in(number, item.first);
      return dead;
    });
  }
}

std::vector<int64_t> KeyspaceModel::deadlines() const {
  std::vector<int64_t> all;
  for (const Database& keys : databases_) {
    for (const auto& [key, value] : keys) {
      if (value.deadline) all.push_back(*value.deadline);
    }
  }
  return all;
}

KeyspaceModel::Value* KeyspaceModel::find(const std::string& key) {
  return find_in(client_->database, key);
}

KeyspaceModel::Value* KeyspaceModel::find_in(int database, const std::string& key) {
  Database& keys = databases_[static_cast<size_t>(database)];
  const auto found = keys.find(key);
  return found == keys.end() ? nullptr : &found->second;
}

void KeyspaceModel::put(const std::string& key, std::string text, std::optional<int64_t> deadline) {
  put_in(client_->database, key, {std::move(text), deadline});
}

// A key may be written with a deadline in the past: it was there for no time at all.
void KeyspaceModel::put_in(int database, const std::string& key, Value value) {
  Database& keys = databases_[static_cast<size_t>(database)];
  if (value.deadline && *value.deadline < now_ms_)
    keys.erase(key);
  else
    keys[key] = std::move(value);
  changed_in(database, key);
}

bool KeyspaceModel::erase(const std::string& key) {
  if (database_of(*client_).erase(key) == 0) return false;
  changed(key);
  return true;
}

std::string KeyspaceModel::dispatch(const Words& words) {
  Words copy = words;
  copy[0] = upper(copy[0]);
  ModelCommands commands{*this, copy};
  try {
    return rows().at(copy[0]).run(commands);
  } catch (const Error& problem) {
    return error(problem.text);
  }
}

std::string KeyspaceModel::exec() {
  if (!client_->in_multi) return error("ERR EXEC without MULTI");
  const Client before = std::exchange(*client_, Client{client_->database, false, false, {}, {}});
  if (before.aborted) return error("EXECABORT Transaction discarded because of previous errors.");
  for (const auto& [key, version] : before.watched) {
    if (versions_[key] != version) return "*-1\r\n";
  }
  std::string reply = "*" + std::to_string(before.queue.size()) + "\r\n";
  for (const Words& words : before.queue) reply += dispatch(words);
  return reply;
}

// Transactions' own commands, which MULTI does not queue.
std::string KeyspaceModel::control(const Words& words, bool& taken) {
  const std::string name = upper(words[0]);
  Client& client = *client_;
  if (name == "EXEC") return exec();
  if (name == "MULTI") {
    if (client.in_multi) return error("ERR MULTI calls can not be nested");
    client.in_multi = true;
    return ok();
  }
  if (name == "DISCARD") {
    if (!client.in_multi) return error("ERR DISCARD without MULTI");
    client = Client{client.database, false, false, {}, {}};
    return ok();
  }
  if (name == "WATCH") {
    if (client.in_multi) return error("ERR WATCH inside MULTI is not allowed");
    for (size_t i = 1; i < words.size(); ++i) {
      const std::pair key{client.database, words[i]};
      const bool already = std::any_of(client.watched.begin(), client.watched.end(),
                                       [&](const auto& watch) { return watch.first == key; });
      if (!already) client.watched.emplace_back(key, versions_[key]);
    }
    return ok();
  }
  taken = false;
  return {};
}

std::string KeyspaceModel::run(const Words& words, int client) {
  client_ = &clients_[client];
  const auto row = rows().find(upper(words[0]));
  if (row == rows().end() || words.size() < row->second.least_words ||
      words.size() > row->second.most_words) {
    client_->aborted = client_->in_multi;
    if (row != rows().end()) {
      return error("ERR wrong number of arguments for '" + lower(words[0]) + "' command");
    }
    std::string text = "ERR unknown command '" + words[0] + "', with args beginning with: ";
    for (size_t i = 1; i < words.size(); ++i) text += "'" + words[i] + "' ";
    return error(text);
  }
  bool taken = true;
  std::string reply = control(words, taken);
  if (taken) return reply;
  if (!client_->in_multi) return dispatch(words);
  client_->queue.push_back(words);
  return "+QUEUED\r\n";
}

}  // namespace scrubjay::test
