// GET, SET and the rest of the string group but LCS and what came with Redis 8.4.
#include <algorithm>
#include <cmath>

#include "commands/expire_time.h"
#include "commands/set_options.h"
#include "commands/string_values.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
namespace error_text = resp::error_text;

void get(CommandContext& c) {
  const Entry* entry = c.find_string(c.key());
  if (entry == nullptr)
    c.reply.null();
  else
    c.reply_string(*entry);
}

void set(CommandContext& c) {
  const std::string_view value = c.args[2];
  if (c.args.size() == 3) {
    c.keys.put_string(c.key(), value, kNoDeadline);
    c.keys.announce("set", c.key());
    c.reply.ok();
    return;
  }
  c.args.skip(2);
  const SetOptions options = parse_set_options(c);
  const Entry* present = options.get ? c.find_string(c.key()) : c.keys.find(c.key(), Lookup::kPeek);
  const bool refused = (options.only_new && present != nullptr) ||
                       (options.only_existing && present == nullptr) ||
                       (options.condition && !options.condition.is_met(present));
  if (options.get && present != nullptr)
    c.reply_string(*present);
  else if (options.get || refused)
    c.reply.null();
  if (refused) return;
  int64_t deadline = options.deadline;
  if (options.keep_ttl && present != nullptr) deadline = present->deadline();
  c.keys.put_string(c.key(), value, deadline);
  c.keys.announce("set", c.key());
  if (options.deadline != kNoDeadline) c.keys.announce("expire", c.key());
  if (!options.get) c.reply.ok();
}

void set_with_time(CommandContext& c, ExpireUnit unit) {
  const int64_t deadline = positive_deadline(c, c.args[2], unit);
  c.keys.put_string(c.key(), c.args[3], deadline);
  c.keys.announce("set", c.key());
  c.keys.announce("expire", c.key());
  c.reply.ok();
}
void setex(CommandContext& c) {
  set_with_time(c, kEx);
}
void psetex(CommandContext& c) {
  set_with_time(c, kPx);
}

void setnx(CommandContext& c) {
  if (c.keys.find(c.key(), Lookup::kWrite) != nullptr) return c.reply.integer(0);
  c.keys.put_string(c.key(), c.args[2], kNoDeadline);
  c.keys.announce("set", c.key());
  c.reply.integer(1);
}

void getset(CommandContext& c) {
  const Entry* old = c.find_string(c.key());
  if (old == nullptr)
    c.reply.null();
  else
    c.reply_string(*old);
  c.keys.put_string(c.key(), c.args[2], kNoDeadline);
  c.keys.announce("set", c.key());
}

void getdel(CommandContext& c) {
  const Entry* old = c.find_string(c.key());
  if (old == nullptr) return c.reply.null();
  c.reply_string(*old);
  c.keys.erase(c.key());
  c.keys.announce("del", c.key());
}

void getex(CommandContext& c) {
  c.args.skip(1);
  bool persist = false;
  std::string_view amount;
  ExpireUnit unit{};
  // As with SET, the same word may come twice.
  const auto take_time = [&](std::string_view word, ExpireUnit its_unit) {
    const bool another = amount.data() != nullptr && its_unit != unit;
    if (another || persist || c.args.left() < 2 || !c.args.take(word)) return false;
    unit = its_unit;
    amount = c.args.next();
    return true;
  };
  while (!c.args.at_end()) {
    if (amount.data() == nullptr && c.args.take("PERSIST"))
      persist = true;
    else if (!take_time("EX", kEx) && !take_time("PX", kPx) && !take_time("EXAT", kExAt) &&
             !take_time("PXAT", kPxAt))
      fail(error_text::kSyntax);
  }
  const Entry* entry = c.find_string(c.key());
  if (entry == nullptr) return c.reply.null();
  const int64_t deadline =
      amount.data() == nullptr ? kNoDeadline : positive_deadline(c, amount, unit);
  c.reply_string(*entry);
  if (deadline != kNoDeadline && deadline <= c.now_ms()) {
    c.keys.erase(c.key());
    c.keys.announce("del", c.key());
  } else if (deadline != kNoDeadline) {
    c.keys.set_deadline(c.key(), deadline);
    c.keys.announce("expire", c.key());
  } else if (persist && entry->has_deadline()) {
    c.keys.clear_deadline(c.key());
    c.keys.announce("persist", c.key());
  }
}

void mget(CommandContext& c) {
  c.reply.array(static_cast<int64_t>(c.key_list.size()));
  for (const Key& key : c.key_list) {
    const Entry* entry = c.keys.find(key);
    if (entry == nullptr || entry->type() != store::Type::kString)
      c.reply.null();
    else
      c.reply_string(*entry);
  }
}

void check_pairs(const CommandContext& c) {
  if (c.args.size() % 2 == 0)
    fail("ERR wrong number of arguments for '{}' command", c.command.name);
}

void set_pairs(CommandContext& c) {
  for (size_t i = 0; i < c.key_list.size(); ++i) {
    c.keys.put_string(c.key_list[i], c.args[2 + 2 * i], kNoDeadline);
    c.keys.announce("set", c.key_list[i]);
  }
}

void mset(CommandContext& c) {
  check_pairs(c);
  set_pairs(c);
  c.reply.ok();
}

void msetnx(CommandContext& c) {
  check_pairs(c);
  for (const Key& key : c.key_list) {
    if (c.keys.find(key, Lookup::kWrite) != nullptr) return c.reply.integer(0);
  }
  set_pairs(c);
  c.reply.integer(1);
}

void add_to_integer(CommandContext& c, int64_t by) {
  const Entry* entry = c.find_string(c.key(), Lookup::kWrite);
  int64_t value = 0;
  int64_t deadline = kNoDeadline;
  if (entry != nullptr) {
    const auto number = parse_int64(entry->string());
    if (!number) fail(error_text::kNotInteger);
    value = *number;
    deadline = entry->deadline();
  }
  if (__builtin_add_overflow(value, by, &value)) fail(error_text::kOverflow);
  char text[kInt64Digits];
  c.keys.put_string(c.key(), {text, write_int64(value, text)}, deadline, store::Encoding::kInt);
  c.keys.announce("incrby", c.key());
  c.reply.integer(value);
}

void incr(CommandContext& c) {
  add_to_integer(c, 1);
}
void decr(CommandContext& c) {
  add_to_integer(c, -1);
}
void incrby(CommandContext& c) {
  c.args.skip(1);
  add_to_integer(c, c.args.next_integer());
}
void decrby(CommandContext& c) {
  c.args.skip(1);
  const int64_t by = c.args.next_integer();
  if (by == INT64_MIN) fail("ERR decrement would overflow");
  add_to_integer(c, -by);
}

void incrbyfloat(CommandContext& c) {
  const Entry* entry = c.find_string(c.key(), Lookup::kWrite);
  const auto value = entry == nullptr ? 0.0L : parse_long_double(entry->string());
  const auto by = parse_long_double(c.args[2]);
  if (!value || !by) fail(error_text::kNotFloat);
  const long double sum = *value + *by;
  if (std::isnan(sum) || std::isinf(sum)) fail("ERR increment would produce NaN or Infinity");
  const std::string text = format_long_double(sum);
  const int64_t deadline = entry == nullptr ? kNoDeadline : entry->deadline();
  const auto encoding =
      text.size() <= store::kMaxEmbstr ? store::Encoding::kEmbstr : store::Encoding::kRaw;
  c.keys.put_string(c.key(), text, deadline, encoding);
  c.keys.announce("incrbyfloat", c.key());
  c.reply.bulk(text);
}

void append(CommandContext& c) {
  const std::string_view more = c.args[2];
  const Entry* entry = c.find_string(c.key(), Lookup::kWrite);
  size_t size = more.size();
  if (entry == nullptr) {
    c.keys.put_string(c.key(), more, kNoDeadline);
  } else {
    const size_t old_size = entry->string().size();
    size += old_size;
    check_string_size(c, size);
    std::memcpy(c.keys.resize_string(c.key(), size) + old_size, more.data(), more.size());
  }
  c.keys.announce("append", c.key());
  c.reply.integer(static_cast<int64_t>(size));
}

void strlen(CommandContext& c) {
  const Entry* entry = c.find_string(c.key());
  c.reply.integer(entry == nullptr ? 0 : static_cast<int64_t>(entry->string().size()));
}

void setrange(CommandContext& c) {
  c.args.skip(1);
  const int64_t offset = c.args.next_integer();
  const std::string_view patch = c.args.next();
  if (offset < 0) fail(error_text::kOffsetOutOfRange);
  const Entry* entry = c.find_string(c.key(), Lookup::kWrite);
  const size_t old_size = entry == nullptr ? 0 : entry->string().size();
  if (patch.empty()) return c.reply.integer(static_cast<int64_t>(old_size));
  const size_t size = std::max(old_size, static_cast<size_t>(offset) + patch.size());
  check_string_size(c, size);
  std::memcpy(c.keys.resize_string(c.key(), size) + offset, patch.data(), patch.size());
  c.keys.announce("setrange", c.key());
  c.reply.integer(static_cast<int64_t>(size));
}

void getrange(CommandContext& c) {
  c.args.skip(1);
  int64_t start = c.args.next_integer();
  int64_t end = c.args.next_integer();
  const Entry* entry = c.find_string(c.key());
  const std::string_view value = entry == nullptr ? std::string_view{} : entry->string();
  const auto size = static_cast<int64_t>(value.size());
  if (start < 0 && end < 0 && start > end) return c.reply.bulk("");
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (end < 0) end = std::max<int64_t>(end + size, 0);
  end = std::min(end, size - 1);
  if (start > end || size == 0) return c.reply.bulk("");
  c.reply.bulk(value.substr(static_cast<size_t>(start), static_cast<size_t>(end - start + 1)));
}

using schema::CommandSpec;
using schema::key_at;
using schema::keys_from_to;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kString = schema::Group::kString;

constexpr CommandSpec kRows[] = {
    {.syntax = "APPEND key value",
     .handler = append,
     .keys = {key_at(1, kRW | kInsert)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kString,
     .since = "2.0.0",
     .complexity =
         "O(1). The amortized time complexity is O(1) assuming the appended value is small and the "
         "already present value is of any size, since the string grows by doubling.",
     .summary = "Appends a string to the value of a key. Creates the key if it doesn't exist."},
    {.syntax = "DECR key",
     .handler = decr,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Decrements the integer value of a key by one. Uses 0 as initial value if the key "
                "doesn't exist."},
    {.syntax = "DECRBY key decrement",
     .handler = decrby,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Decrements a number from the integer value of a key. Uses 0 as initial value if "
                "the key doesn't exist."},
    {.syntax = "GET key",
     .handler = get,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns the string value of a key."},
    {.syntax = "GETDEL key",
     .handler = getdel,
     .keys = {key_at(1, kRW | kAccess | kDelete)},
     .flags = kWrite | kFast,
     .group = kString,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Returns the string value of a key after deleting the key."},
    {.syntax = "GETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
               "unix-time-milliseconds | PERSIST]",
     .handler = getex,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kFast,
     .group = kString,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Returns the string value of a key after setting its expiration time."},
    {.syntax = "GETRANGE key start end",
     .handler = getrange,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kString,
     .since = "2.4.0",
     .complexity = "O(N) where N is the length of the returned string.",
     .summary = "Returns a substring of the string stored at a key."},
    {.syntax = "GETSET key value",
     .handler = getset,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns the previous string value of a key after setting it to a new value."},
    {.syntax = "INCR key",
     .handler = incr,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Increments the integer value of a key by one. Uses 0 as initial value if the key "
                "doesn't exist."},
    {.syntax = "INCRBY key increment",
     .handler = incrby,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Increments the integer value of a key by a number. Uses 0 as initial value if the "
                "key doesn't exist."},
    {.syntax = "INCRBYFLOAT key increment",
     .handler = incrbyfloat,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kString,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Increments the floating point value of a key by a number. Uses 0 as initial value "
                "if the key doesn't exist."},
    {.syntax = "MGET key [key ...]",
     .handler = mget,
     .keys = {keys_from_to(1, -1, 1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kString,
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of keys to retrieve.",
     .summary = "Atomically returns the string values of one or more keys."},
    {.syntax = "MSET key value [key value ...]",
     .handler = mset,
     .keys = {keys_from_to(1, -1, 2, kOW | kUpdate)},
     .flags = kWrite | kDenyOom,
     .group = kString,
     .since = "1.0.1",
     .complexity = "O(N) where N is the number of keys to set.",
     .summary = "Atomically creates or modifies the string values of one or more keys."},
    {.syntax = "MSETNX key value [key value ...]",
     .handler = msetnx,
     .keys = {keys_from_to(1, -1, 2, kOW | kInsert)},
     .flags = kWrite | kDenyOom,
     .group = kString,
     .since = "1.0.1",
     .complexity = "O(N) where N is the number of keys to set.",
     .summary = "Atomically modifies the string values of one or more keys only when all keys "
                "don't exist."},
    {.syntax = "PSETEX key milliseconds value",
     .handler = psetex,
     .keys = {key_at(1, kOW | kUpdate)},
     .flags = kWrite | kDenyOom,
     .group = kString,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Sets both string value and expiration time in milliseconds of a key. The key is "
                "created if it doesn't exist."},
    {.syntax = "SET key value [NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | "
               "IFDNE ifdne-digest] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | "
               "PXAT unix-time-milliseconds | KEEPTTL]",
     .handler = set,
     .keys = {key_at(1, kRW | kAccess | kUpdate | kVariableFlags)},
     .flags = kWrite | kDenyOom,
     .group = kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Sets the string value of a key, ignoring its type. The key is created if it "
                "doesn't exist."},
    {.syntax = "SETEX key seconds value",
     .handler = setex,
     .keys = {key_at(1, kOW | kUpdate)},
     .flags = kWrite | kDenyOom,
     .group = kString,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Sets the string value and expiration time of a key. Creates the key if it doesn't "
                "exist."},
    {.syntax = "SETNX key value",
     .handler = setnx,
     .keys = {key_at(1, kOW | kInsert)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Set the string value of a key only when the key doesn't exist."},
    {.syntax = "SETRANGE key offset value",
     .handler = setrange,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom,
     .group = kString,
     .since = "2.2.0",
     .complexity = "O(1), not counting the time taken to copy the new string in place.",
     .summary = "Overwrites a part of a string value with another by an offset. Creates the key if "
                "it doesn't exist."},
    {.syntax = "STRLEN key",
     .handler = strlen,
     .keys = {key_at(1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kString,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Returns the length of a string value."},
    {.syntax = "SUBSTR key start end",
     .handler = getrange,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kString,
     .since = "1.0.0",
     .complexity = "O(N) where N is the length of the returned string.",
     .summary = "Returns a substring from a string value."},
};

}  // namespace

Rows string_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
