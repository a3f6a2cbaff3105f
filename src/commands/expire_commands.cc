// Deadlines of keys: EXPIRE and its kin, TTL and its kin, PERSIST.
#include "commands/expire_time.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

struct ExpireConditions {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;

  bool allow(const Entry& entry, int64_t deadline) const {
    if (nx && entry.has_deadline()) return false;
    if (xx && !entry.has_deadline()) return false;
    if (gt && (!entry.has_deadline() || deadline <= entry.deadline())) return false;
    if (lt && entry.has_deadline() && deadline >= entry.deadline()) return false;
    return true;
  }
};

ExpireConditions parse_conditions(CommandContext& c) {
  ExpireConditions conditions;
  while (!c.args.at_end()) {
    if (c.args.take("NX"))
      conditions.nx = true;
    else if (c.args.take("XX"))
      conditions.xx = true;
    else if (c.args.take("GT"))
      conditions.gt = true;
    else if (c.args.take("LT"))
      conditions.lt = true;
    else
      fail("ERR Unsupported option {}", c.args.next());
  }
  if (conditions.nx && (conditions.xx || conditions.gt || conditions.lt)) {
    fail("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (conditions.gt && conditions.lt)
    fail("ERR GT and LT options at the same time are not compatible");
  return conditions;
}

void expire_with(CommandContext& c, ExpireUnit unit) {
  c.args.skip(1);
  const std::string_view amount = c.args.next();
  const ExpireConditions conditions = parse_conditions(c);
  const auto number = parse_int64(amount);
  if (!number) fail(resp::error_text::kNotInteger);
  const auto deadline = deadline_of(*number, unit, c.now_ms());
  if (!deadline) fail("ERR invalid expire time in '{}' command", c.command.name);
  const Entry* entry = c.keys.find(c.key(), Lookup::kWrite);
  if (entry == nullptr || !conditions.allow(*entry, *deadline)) return c.reply.integer(0);
  if (*deadline <= c.now_ms()) {
    c.keys.erase(c.key());
    c.keys.announce("del", c.key());
  } else {
    c.keys.set_deadline(c.key(), *deadline);
    c.keys.announce("expire", c.key());
  }
  c.reply.integer(1);
}
void expire(CommandContext& c) {
  expire_with(c, kEx);
}
void pexpire(CommandContext& c) {
  expire_with(c, kPx);
}
void expireat(CommandContext& c) {
  expire_with(c, kExAt);
}
void pexpireat(CommandContext& c) {
  expire_with(c, kPxAt);
}

// -2 without key, -1 without deadline, else what `of` makes of the deadline in ms.
template <class F>
void reply_deadline(CommandContext& c, F of) {
  const Entry* entry = c.keys.find(c.key(), Lookup::kExamine);
  if (entry == nullptr)
    c.reply.integer(-2);
  else if (!entry->has_deadline())
    c.reply.integer(-1);
  else
    c.reply.integer(of(entry->deadline()));
}

// Seconds are rounded to the nearest.
int64_t rounded_seconds(int64_t ms) {
  return ms / 1000 + (ms % 1000 >= 500 ? 1 : 0);
}

void ttl(CommandContext& c) {
  reply_deadline(c, [&](int64_t deadline) {
    return rounded_seconds(std::max<int64_t>(deadline - c.now_ms(), 0));
  });
}
void pttl(CommandContext& c) {
  reply_deadline(c, [&](int64_t deadline) { return std::max<int64_t>(deadline - c.now_ms(), 0); });
}
void expiretime(CommandContext& c) {
  reply_deadline(c, rounded_seconds);
}
void pexpiretime(CommandContext& c) {
  reply_deadline(c, [](int64_t deadline) { return deadline; });
}

void persist(CommandContext& c) {
  const Entry* entry = c.keys.find(c.key(), Lookup::kWrite);
  if (entry == nullptr || !entry->has_deadline()) return c.reply.integer(0);
  c.keys.clear_deadline(c.key());
  c.keys.announce("persist", c.key());
  c.reply.integer(1);
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kGeneric = schema::Group::kGeneric;

constexpr CommandSpec kRows[] = {
    {.syntax = "EXPIRE key seconds [NX | XX | GT | LT]",
     .handler = expire,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kFast,
     .group = kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Sets the expiration time of a key in seconds."},
    {.syntax = "EXPIREAT key unix-time-seconds [NX | XX | GT | LT]",
     .handler = expireat,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kFast,
     .group = kGeneric,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Sets the expiration time of a key to a Unix timestamp."},
    {.syntax = "EXPIRETIME key",
     .handler = expiretime,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kGeneric,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Returns the expiration time of a key as a Unix timestamp."},
    {.syntax = "PERSIST key",
     .handler = persist,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kFast,
     .group = kGeneric,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Removes the expiration time of a key."},
    {.syntax = "PEXPIRE key milliseconds [NX | XX | GT | LT]",
     .handler = pexpire,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kFast,
     .group = kGeneric,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Sets the expiration time of a key in milliseconds."},
    {.syntax = "PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]",
     .handler = pexpireat,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kFast,
     .group = kGeneric,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Sets the expiration time of a key to a Unix milliseconds timestamp."},
    {.syntax = "PEXPIRETIME key",
     .handler = pexpiretime,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kGeneric,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Returns the expiration time of a key as a Unix milliseconds timestamp."},
    {.syntax = "PTTL key",
     .handler = pttl,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kGeneric,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Returns the expiration time in milliseconds of a key."},
    {.syntax = "TTL key",
     .handler = ttl,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns the expiration time in seconds of a key."},
};

}  // namespace

Rows expire_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
