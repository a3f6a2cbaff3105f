// OBJECT: how a value is kept, and how it was used.
#include "commands/help.h"
#include "commands/table.h"
#include "engine/context.h"
#include "store/access.h"
#include "store/eviction.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

void object_encoding(CommandContext& c) {
  const Entry* entry = c.keys.find(c.key(), Lookup::kPeek);
  if (entry == nullptr) return c.reply.null();
  c.reply.bulk(store::encoding_name(entry->encoding()));
}

// Redis shares the small integers, unless each must tell of its own use, and clients may test for
// that number.
void object_refcount(CommandContext& c) {
  constexpr int64_t kShared = 10000;
  const Entry* entry = c.keys.find(c.key(), Lookup::kPeek);
  if (entry == nullptr) return c.reply.null();
  const int64_t number =
      entry->encoding() == store::Encoding::kInt ? parse_int64(entry->string()).value_or(-1) : -1;
  using enum config::EvictionPolicy;
  const store::Policy& policy = c.keys.keyspace().policy;
  const bool shares = policy.limit == 0 || policy.eviction == kNoEviction ||
                      policy.eviction == kAllkeysRandom || policy.eviction == kVolatileRandom ||
                      policy.eviction == kVolatileTtl;
  c.reply.integer(shares && number >= 0 && number < kShared ? INT32_MAX : 1);
}

void object_idletime(CommandContext& c) {
  const Entry* entry = c.keys.find(c.key(), Lookup::kPeek);
  if (entry == nullptr) return c.reply.null();
  if (c.keys.keyspace().policy.lfu()) {
    fail(
        "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
        "switching between "
        "policies at runtime LRU and LFU data will take some time to adjust.");
  }
  if (c.keys.keyspace().policy.adaptive())
    fail("ERR An adaptive maxmemory policy is selected, idle time not tracked.");
  c.reply.integer(static_cast<int64_t>(store::idle_seconds(entry->access(), c.now_ms())));
}

void object_freq(CommandContext& c) {
  const Entry* entry = c.keys.find(c.key(), Lookup::kPeek);
  if (entry == nullptr) return c.reply.null();
  const store::Policy& policy = c.keys.keyspace().policy;
  if (policy.adaptive())
    return c.reply.integer(
        store::adaptive_frequency(c.keys.keyspace(), c.keys.database(), c.key().hash, entry));
  if (!policy.lfu()) {
    fail(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note "
        "that when "
        "switching between policies at runtime LRU and LFU data will take some time to adjust.");
  }
  c.reply.integer(store::lfu_frequency(entry->access(), c.now_ms(), policy.lfu_decay_minutes));
}

void object_help(CommandContext& c) {
  reply_help(c, {"ENCODING <key>",
                 "    Return the kind of internal representation used in order to store the value",
                 "    associated with a <key>.", "FREQ <key>",
                 "    Return the access frequency index of the <key>. The returned integer is",
                 "    proportional to the logarithm of the recent access frequency of the key.",
                 "IDLETIME <key>",
                 "    Return the idle time of the <key>, that is the approximated number of",
                 "    seconds elapsed since the last access to the key.", "REFCOUNT <key>",
                 "    Return the number of references of the value associated with the specified",
                 "    <key>."});
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kGeneric = schema::Group::kGeneric;

constexpr CommandSpec kRows[] = {
    {.syntax = "OBJECT",
     .group = kGeneric,
     .since = "2.2.3",
     .complexity = "Depends on subcommand.",
     .summary = "A container for object introspection commands."},
    {.syntax = "OBJECT ENCODING key",
     .handler = object_encoding,
     .keys = {key_at(2, kRO)},
     .flags = kReadOnly,
     .group = kGeneric,
     .since = "2.2.3",
     .complexity = "O(1)",
     .summary = "Returns the internal encoding of a Redis object."},
    {.syntax = "OBJECT FREQ key",
     .handler = object_freq,
     .keys = {key_at(2, kRO)},
     .flags = kReadOnly,
     .group = kGeneric,
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Returns the logarithmic access frequency counter of a Redis object."},
    {.syntax = "OBJECT HELP",
     .handler = object_help,
     .flags = kLoading | kStale,
     .group = kGeneric,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "OBJECT IDLETIME key",
     .handler = object_idletime,
     .keys = {key_at(2, kRO)},
     .flags = kReadOnly,
     .group = kGeneric,
     .since = "2.2.3",
     .complexity = "O(1)",
     .summary = "Returns the time since the last access to a Redis object."},
    {.syntax = "OBJECT REFCOUNT key",
     .handler = object_refcount,
     .keys = {key_at(2, kRO)},
     .flags = kReadOnly,
     .group = kGeneric,
     .since = "2.2.3",
     .complexity = "O(1)",
     .summary = "Returns the reference count of a value of a key."},
};

}  // namespace

Rows object_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
