#include "model/command_generator.h"

#include <algorithm>
#include <array>

namespace scrubjay::test {
namespace {

constexpr size_t kLongest = 40'000;

const std::array<std::string, 12>& names() {
  static const std::array<std::string, 12> all{"a",
                                               "b",
                                               "c",
                                               "key:1",
                                               "key:2",
                                               "key:3",
                                               "",
                                               std::string("nul\0in it", 9),
                                               "\r\n",
                                               std::string(40, 'm'),
                                               std::string(255, 'n'),
                                               std::string(300, 'o')};
  return all;
}

}  // namespace

const std::string& CommandGenerator::name() {
  return names()[below(names().size())];
}

// In small letters now and then.
const std::string& CommandGenerator::pick(std::initializer_list<const char*> words) {
  picked_ = words.begin()[below(words.size())];
  if (one_in(8)) {
    for (char& c : picked_) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return picked_;
}

std::string CommandGenerator::database() {
  return one_in(50) ? std::string(pick({"99", "-1", "x", "16"}))
                    : std::to_string(below(kDatabases));
}

std::string CommandGenerator::value() {
  const uint64_t kind = below(100);
  if (kind < 25) return delta();
  size_t size = below(24);
  if (kind >= 95)
    size = 16 * 1024 - 4 + below(8);  // where values go into blocks of their own
  else if (kind >= 92)
    size = 16 * 1024 + below(16 * 1024);
  else if (kind >= 85)
    size = below(6000);
  else if (kind >= 70)
    size = 30 + below(300);
  std::string text(size, static_cast<char>('A' + below(26)));
  if (size > 2) {
    text[below(size)] = static_cast<char>(below(256));
    text[below(size)] = static_cast<char>(below(256));
  }
  return text;
}

std::string CommandGenerator::delta() {
  if (one_in(30)) {
    return pick({"9223372036854775807", "-9223372036854775808", "9223372036854775808", "007", "+1",
                 "-0", " 1", "1 ", "1.5", "9223372036854775806"});
  }
  return std::to_string(static_cast<int64_t>(below(20'001)) - 10'000);
}

// How far from now a deadline may be for the generator to aim at its very instant.
constexpr int64_t kFar = INT64_MAX / 2;

std::string CommandGenerator::amount_of(bool seconds, bool absolute) {
  if (one_in(40)) {
    return pick({"0", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775",
                 "9223372036854776", "x", "9221672036854775807"});
  }
  int64_t at = model_.now_ms();
  const auto deadlines = model_.deadlines();
  if (one_in(3) && !deadlines.empty())
    at = std::clamp(deadlines[below(deadlines.size())], -kFar, kFar) +
         static_cast<int64_t>(below(3)) - 1;
  else if (one_in(8))
    at += static_cast<int64_t>(below(5)) - 2;
  else if (one_in(4))
    at += static_cast<int64_t>(below(3'000'000'000));
  else
    at += static_cast<int64_t>(below(4000)) - 200;
  if (!absolute) at -= model_.now_ms();
  return std::to_string(seconds ? at / 1000 : at);
}

std::string CommandGenerator::bit() {
  if (one_in(60)) return pick({"-1", "x", "4294967296"});
  return std::to_string(one_in(10) ? below(20'000 * 8) : below(300));
}

Words CommandGenerator::set() {
  Words words{"SET", name(), value()};
  if (one_in(3)) return words;
  const uint64_t options = below(3) + (one_in(6) ? 1 : 0);
  for (uint64_t i = 0; i < options; ++i) {
    switch (below(8)) {
      case 0:
        words.push_back(pick({"NX"}));
        break;
      case 1:
        words.push_back(pick({"XX"}));
        break;
      case 2:
        words.push_back(pick({"GET"}));
        break;
      case 3:
        words.push_back(pick({"KEEPTTL"}));
        break;
      case 4:
        words.insert(words.end(), {pick({"EX"}), amount_of(true, false)});
        break;
      case 5:
        words.insert(words.end(), {pick({"PX"}), amount_of(false, false)});
        break;
      case 6:
        words.insert(words.end(), {pick({"EXAT"}), amount_of(true, true)});
        break;
      default:
        words.insert(words.end(), {pick({"PXAT"}), amount_of(false, true)});
        break;
    }
  }
  return words;
}

Words CommandGenerator::getex() {
  Words words{"GETEX", name()};
  switch (below(8)) {
    case 0:
      break;
    case 1:
      words.push_back(pick({"PERSIST"}));
      break;
    case 2:
      words.insert(words.end(), {"EX", amount_of(true, false)});
      break;
    case 3:
      words.insert(words.end(), {"PX", amount_of(false, false)});
      break;
    case 4:
      words.insert(words.end(), {"EXAT", amount_of(true, true)});
      break;
    case 5:
      words.insert(words.end(), {"PXAT", amount_of(false, true)});
      break;
    case 6:
      words.insert(words.end(), {"PXAT", std::to_string(model_.now_ms())});
      break;
    default:
      words.insert(words.end(), {"PX", "10", pick({"PERSIST", "PX", "NX", "EX"})});
      if (one_in(2)) words.push_back("77");
  }
  return words;
}

Words CommandGenerator::write_command() {
  switch (below(10)) {
    case 0:
      return {"SETNX", name(), value()};
    case 1:
      return {"SETEX", name(), amount_of(true, false), value()};
    case 2:
      return {"PSETEX", name(), amount_of(false, false), value()};
    case 3:
      return {"GETSET", name(), value()};
    case 4: {
      Words words{one_in(2) ? "MSET" : "MSETNX"};
      for (uint64_t i = 0, pairs = 1 + below(4); i < pairs; ++i)
        words.insert(words.end(), {name(), value()});
      if (one_in(30)) words.push_back(name());
      return words;
    }
    default:
      return set();
  }
}

Words CommandGenerator::string_command() {
  switch (below(16)) {
    case 0:
    case 1: {
      const std::string& key = name();
      for (int number = 0; number < kDatabases; ++number) {
        const auto found = model_.database(number).find(key);
        if (found != model_.database(number).end() && found->second.text.size() > kLongest)
          return {"GETDEL", key};
      }
      return {"APPEND", key, value()};
    }
    case 2:
      return {"STRLEN", name()};
    case 3: {
      const uint64_t offset = one_in(8) ? below(20'000) : below(60);
      return {"SETRANGE", name(),
              one_in(50) ? std::string(pick({"-1", "x", "-9223372036854775808"}))
                         : std::to_string(offset),
              one_in(10) ? "" : value()};
    }
    case 4:
    case 5: {
      const auto at = [&] {
        return std::to_string(static_cast<int64_t>(below(one_in(6) ? 40'000 : 60)) -
                              static_cast<int64_t>(one_in(6) ? 20'000 : 30));
      };
      return {"GETRANGE", name(), at(),
              one_in(6)
                  ? std::string(pick({"-1", "9223372036854775807", "-9223372036854775808", "y"}))
                  : at()};
    }
    case 6:
      return {pick({"INCR"}), name()};
    case 7:
      return {"INCRBY", name(), delta()};
    case 8:
      return {"DECRBY", name(), delta()};
    case 9:
      return {"SETBIT", name(), bit(), one_in(40) ? "2" : std::to_string(below(2))};
    case 10:
      return {"GETBIT", name(), bit()};
    case 11:
      return getex();
    case 12:
      return {"GETDEL", name()};
    case 13: {
      Words words{"MGET"};
      for (uint64_t i = 0, keys = 1 + below(4); i < keys; ++i) words.push_back(name());
      return words;
    }
    default:
      return {pick({"GET"}), name()};
  }
}

Words CommandGenerator::time_command() {
  switch (below(12)) {
    case 0:
      return {"TTL", name()};
    case 1:
      return {"PTTL", name()};
    case 2:
      return {"PEXPIRETIME", name()};
    case 3:
      return {"PERSIST", name()};
    default:
      break;
  }
  const bool seconds = one_in(2);
  const bool absolute = one_in(2);
  Words words{std::string(seconds ? "EXPIRE" : "PEXPIRE") + (absolute ? "AT" : ""), name(),
              amount_of(seconds, absolute)};
  const uint64_t options = one_in(2) ? 0 : 1 + (one_in(8) ? 1 : 0);
  for (uint64_t i = 0; i < options; ++i)
    words.push_back(pick({"NX", "XX", "GT", "LT", "NX", "XX", "GT", "LT", "YY"}));
  return words;
}

Words CommandGenerator::key_command() {
  const auto several = [&](std::string command) {
    Words words{std::move(command)};
    for (uint64_t i = 0, keys = 1 + below(3); i < keys; ++i) words.push_back(name());
    return words;
  };
  switch (below(32)) {
    case 0:
    case 1:
      return several("DEL");
    case 2:
      return several("UNLINK");
    case 3:
    case 4:
      return several("EXISTS");
    case 5:
    case 6:
      return {"TYPE", name()};
    case 7:
    case 8:
    case 9:
    case 10:
      return {"RENAME", name(), name()};
    case 11:
    case 12:
    case 13:
      return {"RENAMENX", name(), name()};
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
    case 19: {
      Words words{"COPY", name(), name()};
      if (one_in(2)) words.insert(words.end(), {pick({"DB"}), database()});
      if (one_in(2)) words.push_back(pick({"REPLACE"}));
      if (one_in(40)) words.push_back(pick({"DB", "NX"}));
      return words;
    }
    case 20:
    case 21:
    case 22:
    case 23:
    case 24:
    case 25:
      return {"MOVE", name(), database()};
    case 26:
      return one_in(3) ? Words{"FLUSHDB"} : Words{"UNWATCH"};
    case 27:
      return {"SWAPDB", std::to_string(below(kDatabases)), std::to_string(below(kDatabases))};
    default:
      return {"SELECT", database()};
  }
}

Words CommandGenerator::transaction_command() {
  switch (below(10)) {
    case 0:
      return {"DISCARD"};
    case 1:
    case 2:
    case 3:
      return {"EXEC"};
    case 4:
    case 5:
    case 6:
      return {"MULTI"};
    default: {
      Words words{"WATCH", name()};
      while (one_in(3)) words.push_back(name());
      return words;
    }
  }
}

Words CommandGenerator::broken_command() {
  switch (below(4)) {
    case 0:
      return {"GET"};
    case 1:
      return {"mset", "a"};
    case 2:
      return {"NOSUCH", "a"};
    default:
      return {"rename", "a", "b", "c"};
  }
}

Words CommandGenerator::command(bool in_multi) {
  if (in_multi && one_in(6)) return {one_in(8) ? "DISCARD" : "EXEC"};
  const uint64_t kind = below(1000);
  if (kind < 3) return broken_command();
  if (kind < 90) return transaction_command();
  if (kind < 340) return write_command();
  if (kind < 640) return string_command();
  if (kind < 830) return time_command();
  return key_command();
}

int64_t CommandGenerator::step_ms() {
  const auto deadlines = model_.deadlines();
  if (one_in(2) && !deadlines.empty()) {
    // The nearest, most of the time: far ones would end everything.
    const int64_t near = *std::min_element(deadlines.begin(), deadlines.end());
    const int64_t at = one_in(4) ? deadlines[below(deadlines.size())] : near;
    const int64_t by = at - model_.now_ms() + static_cast<int64_t>(below(2));
    if (by < int64_t{10} * 365 * 86'400'000) return by;
  }
  if (one_in(200)) return static_cast<int64_t>(below(100'000'000));
  return static_cast<int64_t>(one_in(10) ? below(5000) : below(60));
}

}  // namespace scrubjay::test
