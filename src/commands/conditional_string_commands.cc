// Strings that are written or deleted on a condition: DELEX, DIGEST and MSETEX of Redis 8.4,
// DELIFEQ of Valkey 9.
#include "commands/set_options.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

void erase(CommandContext& c) {
  c.keys.erase(c.key());
  c.keys.announce("del", c.key());
  c.reply.integer(1);
}

void delex(CommandContext& c) {
  const Entry* entry = c.keys.find(c.key(), Lookup::kPeek);
  if (entry == nullptr) return c.reply.integer(0);
  if (c.args.size() == 2) return erase(c);
  if (entry->type() != store::Type::kString)
    fail("ERR Key should be of string type if conditions are specified");
  if (c.args.size() != 4) fail("ERR wrong number of arguments for '{}' command", c.command.name);
  c.args.skip(1);
  StringCondition condition;
  if (!condition.take(c.args)) fail("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE");
  if (!condition.is_met(entry)) return c.reply.integer(0);
  erase(c);
}

void delifeq(CommandContext& c) {
  const StringCondition condition{StringCondition::Kind::kEqual, c.args[2]};
  if (!condition.is_met(c.keys.find(c.key(), Lookup::kPeek))) return c.reply.integer(0);
  erase(c);
}

void digest(CommandContext& c) {
  const Entry* entry = c.find_string(c.key());
  if (entry == nullptr) return c.reply.null();
  const auto digits = digest_of(entry->string());
  c.reply.bulk({digits.data(), digits.size()});
}

void msetex(CommandContext& c) {
  const auto count =
      static_cast<size_t>(c.args.next_integer_in(1, INT32_MAX, "ERR invalid numkeys value"));
  if (c.args.left() / 2 < count) fail("ERR wrong number of key-value pairs");
  c.args.skip(2 * count);
  const SetOptions options = parse_msetex_options(c);
  if (options.only_new || options.only_existing) {
    for (const Key& key : c.key_list) {
      const bool there = c.keys.find(key, Lookup::kWrite) != nullptr;
      if (there ? options.only_new : options.only_existing) return c.reply.integer(0);
    }
  }
  for (size_t i = 0; i < count; ++i) {
    const Key& key = c.key_list[i];
    int64_t deadline = options.deadline;
    if (options.keep_ttl) {
      const Entry* old = c.keys.find(key, Lookup::kPeek);
      if (old != nullptr) deadline = old->deadline();
    }
    c.keys.put_string(key, c.args[3 + 2 * i], deadline);
    c.keys.announce("set", key);
    if (options.deadline != kNoDeadline) c.keys.announce("expire", key);
  }
  c.reply.integer(1);
}

using schema::CommandSpec;
using schema::counted_keys_at;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kString = schema::Group::kString;

constexpr CommandSpec kRows[] = {
    {.syntax = "DELEX key [IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE "
               "ifdne-digest]",
     .handler = delex,
     .keys = {key_at(1, kRW | kDelete | kVariableFlags)},
     .flags = kWrite | kFast,
     .group = kString,
     .since = "8.4.0",
     .complexity = "O(1) for IFEQ/IFNE, O(N) for IFDEQ/IFDNE where N is the length of the string "
                   "value.",
     .summary = "Conditionally removes the specified key based on value or digest comparison."},
    {.syntax = "DELIFEQ key value",
     .handler = delifeq,
     .keys = {key_at(1, kRW | kAccess | kDelete)},
     .flags = kWrite | kFast,
     .group = kString,
     .since = "9.0.0",
     .complexity = "O(1)",
     .summary = "Deletes the key if its value matches the given string."},
    {.syntax = "DIGEST key",
     .handler = digest,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kString,
     .since = "8.4.0",
     .complexity = "O(N) where N is the length of the string value.",
     .summary = "Returns the hash digest of a string value as a hexadecimal string."},
    {.syntax = "MSETEX numkeys key value [key value ...] [NX | XX] [EX seconds | PX milliseconds | "
               "EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
     .handler = msetex,
     .keys = {counted_keys_at(1, kOW | kUpdate, 2)},
     .flags = kWrite | kDenyOom,
     .group = kString,
     .since = "8.4.0",
     .complexity = "O(N) where N is the number of keys to set.",
     .summary = "Atomically sets multiple string keys with a shared expiration in a single "
                "operation. Supports flexible argument parsing where condition and expiration "
                "flags can appear in any order."},
};

}  // namespace

Rows conditional_string_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
