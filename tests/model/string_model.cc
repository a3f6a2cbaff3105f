#include "model/string_model.h"

#include <algorithm>

namespace scrubjay::test {
namespace {

const std::string kOk = "+OK\r\n";
const std::string kNull = "$-1\r\n";
const std::string kNotInteger = "-ERR value is not an integer or out of range\r\n";
const std::string kOverflow = "-ERR increment or decrement would overflow\r\n";

std::string bulk(const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; }
std::string integer(int64_t value) { return ":" + std::to_string(value) + "\r\n"; }

// The number that the text is, if printing it gives the text again.
std::optional<int64_t> number_of(const std::string& text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  try {
    size_t used = 0;
    const int64_t value = std::stoll(text, &used);
    if (used == text.size() && std::to_string(value) == text) return value;
  } catch (const std::exception&) {
  }
  return std::nullopt;
}

}  // namespace

StringModel::Value* StringModel::find_in(int database, const std::string& key) {
  const auto found = databases_[database].find(key);
  if (found == databases_[database].end()) return nullptr;
  if (found->second.deadline && *found->second.deadline < now_ms_) {
    databases_[database].erase(found);
    return nullptr;
  }
  return &found->second;
}

std::vector<std::string> StringModel::keys(int database, int64_t now_ms) {
  std::vector<std::string> names;
  for (const auto& [name, value] : databases_[database]) {
    if (!value.deadline || *value.deadline >= now_ms) names.push_back(name);
  }
  return names;
}

std::string StringModel::set(const Words& words) {
  bool nx = false;
  bool xx = false;
  bool get = false;
  bool keep = false;
  std::optional<int64_t> deadline;
  for (size_t i = 3; i < words.size(); ++i) {
    if (words[i] == "NX") nx = true;
    if (words[i] == "XX") xx = true;
    if (words[i] == "GET") get = true;
    if (words[i] == "KEEPTTL") keep = true;
    if (words[i] == "EX") deadline = now_ms_ + std::stoll(words[++i]) * 1000;
    else if (words[i] == "PX") deadline = now_ms_ + std::stoll(words[++i]);
    else if (words[i] == "PXAT") deadline = std::stoll(words[++i]);
  }
  Value* old = find(words[1]);
  const std::string reply = !get ? kOk : old != nullptr ? bulk(old->text) : kNull;
  if ((nx && old != nullptr) || (xx && old == nullptr)) return get ? reply : kNull;
  if (keep && old != nullptr) deadline = old->deadline;
  databases_[database_][words[1]] = {words[2], deadline};
  return reply;
}

std::string StringModel::get_ex(const Words& words) {
  Value* value = find(words[1]);
  if (value == nullptr) return kNull;
  const std::string reply = bulk(value->text);
  if (words.size() == 3) {
    value->deadline.reset();
  } else if (words.size() == 4) {
    const int64_t deadline = now_ms_ + std::stoll(words[3]) * (words[2] == "EX" ? 1000 : 1);
    value->deadline = deadline;
  }
  return reply;
}

std::string StringModel::add(const std::string& key, int64_t by) {
  Value* value = find(key);
  const auto number = value == nullptr ? std::optional<int64_t>(0) : number_of(value->text);
  if (!number) return kNotInteger;
  int64_t sum = 0;
  if (__builtin_add_overflow(*number, by, &sum)) return kOverflow;
  databases_[database_][key].text = std::to_string(sum);
  return integer(sum);
}

std::string StringModel::expire(const Words& words, bool seconds, bool absolute) {
  Value* value = find(words[1]);
  if (value == nullptr) return integer(0);
  const int64_t amount = std::stoll(words[2]) * (seconds ? 1000 : 1);
  const int64_t deadline = absolute ? amount : now_ms_ + amount;
  const std::string condition = words.size() > 3 ? words[3] : "";
  if (condition == "NX" && value->deadline) return integer(0);
  if (condition == "XX" && !value->deadline) return integer(0);
  if (condition == "GT" && (!value->deadline || deadline <= *value->deadline)) return integer(0);
  if (condition == "LT" && value->deadline && deadline >= *value->deadline) return integer(0);
  if (deadline <= now_ms_) databases_[database_].erase(words[1]);
  else value->deadline = deadline;
  return integer(1);
}

std::string StringModel::rename(const Words& words, bool replace) {
  const Value* source = find(words[1]);
  if (source == nullptr) return "-ERR no such key\r\n";
  if (words[1] == words[2]) return replace ? kOk : integer(0);
  if (!replace && find(words[2]) != nullptr) return integer(0);
  const Value moved = *source;
  databases_[database_].erase(words[1]);
  databases_[database_][words[2]] = moved;
  return replace ? kOk : integer(1);
}

std::string StringModel::copy(const Words& words) {
  int target = database_;
  bool replace = false;
  for (size_t i = 3; i < words.size(); ++i) {
    if (words[i] == "REPLACE") replace = true;
    if (words[i] == "DB") target = std::stoi(words[++i]);
  }
  if (target == database_ && words[1] == words[2]) {
    return "-ERR source and destination objects are the same\r\n";
  }
  const Value* source = find(words[1]);
  if (source == nullptr || (!replace && find_in(target, words[2]) != nullptr)) return integer(0);
  const Value copied = *source;
  databases_[target][words[2]] = copied;
  return integer(1);
}

std::string StringModel::run(const Words& words, int64_t now_ms) {
  now_ms_ = now_ms;
  const std::string& name = words[0];
  const auto text_of = [&](const std::string& key) {
    const Value* value = find(key);
    return value == nullptr ? kNull : bulk(value->text);
  };
  if (name == "SET") return set(words);
  if (name == "GET") return text_of(words[1]);
  if (name == "GETEX") return get_ex(words);
  if (name == "INCR") return add(words[1], 1);
  if (name == "INCRBY") return add(words[1], std::stoll(words[2]));
  if (name == "DECRBY") return add(words[1], -std::stoll(words[2]));
  if (name == "EXPIRE") return expire(words, true, false);
  if (name == "PEXPIRE") return expire(words, false, false);
  if (name == "PEXPIREAT") return expire(words, false, true);
  if (name == "RENAME") return rename(words, true);
  if (name == "RENAMENX") return rename(words, false);
  if (name == "COPY") return copy(words);
  if (name == "GETDEL") {
    const std::string reply = text_of(words[1]);
    databases_[database_].erase(words[1]);
    return reply;
  }
  if (name == "GETSET") {
    const std::string reply = text_of(words[1]);
    databases_[database_][words[1]] = {words[2], std::nullopt};
    return reply;
  }
  if (name == "MGET") {
    std::string reply = "*" + std::to_string(words.size() - 1) + "\r\n";
    for (size_t i = 1; i < words.size(); ++i) reply += text_of(words[i]);
    return reply;
  }
  if (name == "MSET" || name == "MSETNX") {
    for (size_t i = 1; i < words.size(); i += 2) {
      if (name == "MSETNX" && find(words[i]) != nullptr) return integer(0);
    }
    for (size_t i = 1; i < words.size(); i += 2) databases_[database_][words[i]] = {words[i + 1], std::nullopt};
    return name == "MSET" ? kOk : integer(1);
  }
  if (name == "APPEND") {
    find(words[1]);
    std::string& text = databases_[database_][words[1]].text;
    text += words[2];
    return integer(static_cast<int64_t>(text.size()));
  }
  if (name == "STRLEN") {
    const Value* value = find(words[1]);
    return integer(value == nullptr ? 0 : static_cast<int64_t>(value->text.size()));
  }
  if (name == "SETRANGE") {
    find(words[1]);
    const size_t offset = std::stoull(words[2]);
    std::string& text = databases_[database_][words[1]].text;
    text.resize(std::max(text.size(), offset + words[3].size()));
    text.replace(offset, words[3].size(), words[3]);
    return integer(static_cast<int64_t>(text.size()));
  }
  if (name == "GETRANGE") {
    const Value* value = find(words[1]);
    const size_t from = std::stoull(words[2]);
    const size_t to = std::stoull(words[3]);
    if (value == nullptr || from > to || from >= value->text.size()) return bulk("");
    return bulk(value->text.substr(from, to - from + 1));
  }
  if (name == "SETBIT") {
    find(words[1]);
    const size_t bit = std::stoull(words[2]);
    Value* value = find(words[1]);
    const size_t size = value == nullptr ? 0 : value->text.size();
    const int mask = 0x80 >> (bit % 8);
    const int old = bit / 8 < size && (value->text[bit / 8] & mask) != 0 ? 1 : 0;
    std::string& text = databases_[database_][words[1]].text;
    text.resize(std::max(size, bit / 8 + 1));
    char& byte = text[bit / 8];
    byte = static_cast<char>(words[3] == "1" ? byte | mask : byte & ~mask);
    return integer(old);
  }
  if (name == "DEL" || name == "EXISTS") {
    int64_t count = 0;
    for (size_t i = 1; i < words.size(); ++i) {
      if (find(words[i]) == nullptr) continue;
      ++count;
      if (name == "DEL") databases_[database_].erase(words[i]);
    }
    return integer(count);
  }
  if (name == "PTTL" || name == "PEXPIRETIME") {
    const Value* value = find(words[1]);
    if (value == nullptr) return integer(-2);
    if (!value->deadline) return integer(-1);
    return integer(*value->deadline - (name == "PTTL" ? now_ms_ : 0));
  }
  if (name == "PERSIST") {
    Value* value = find(words[1]);
    if (value == nullptr || !value->deadline) return integer(0);
    value->deadline.reset();
    return integer(1);
  }
  if (name == "MOVE") {
    const int target = std::stoi(words[2]);
    if (target == database_) return "-ERR source and destination objects are the same\r\n";
    const Value* value = find(words[1]);
    if (value == nullptr || find_in(target, words[1]) != nullptr) return integer(0);
    databases_[target][words[1]] = *value;
    databases_[database_].erase(words[1]);
    return integer(1);
  }
  if (name == "SELECT") {
    database_ = std::stoi(words[1]);
    return kOk;
  }
  if (name == "SWAPDB") {
    const int first = std::stoi(words[1]);
    const int second = std::stoi(words[2]);
    if (first != second) std::swap(databases_[first], databases_[second]);
    return kOk;
  }
  if (name == "FLUSHDB") {
    databases_[database_].clear();
    return kOk;
  }
  return "(the model does not know " + name + ")";
}

}  // namespace scrubjay::test
