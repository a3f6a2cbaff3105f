// Deadlines of single fields of a hash: HEXPIRE, HTTL and their kin, HGETEX, HSETEX, HGETDEL. A
// field is gone at its deadline; the last one takes the hash with it.
#include <array>

#include "commands/expire_time.h"
#include "commands/table.h"
#include "store/hash_value.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using store::HashEdit;
using store::HashView;

constexpr std::string_view kNoFields =
    "ERR Mandatory argument FIELDS is missing or not at the right position";
constexpr std::string_view kWrongCount =
    "ERR The `numfields` parameter must match the number of arguments";
constexpr std::string_view kNotPositive = "ERR Number of fields must be a positive integer";
constexpr int64_t kLatest = (int64_t{1} << 46) - 1;  // as Redis bounds a field's deadline

// What a command answers for each field.
constexpr int64_t kNoSuchField = -2;
constexpr int64_t kNoDeadlineSet = -1;
constexpr int64_t kConditionNotMet = 0;
constexpr int64_t kSet = 1;
constexpr int64_t kDeleted = 2;

// "FIELDS numfields field [field ...]", to the end.
std::span<const std::string_view> parse_fields(CommandContext& c, std::string_view not_positive) {
  if (!c.args.take("FIELDS")) fail(kNoFields);
  const int64_t count = c.args.next_integer_in(1, INT64_MAX, not_positive);
  if (static_cast<uint64_t>(count) != c.args.left()) fail(kWrongCount);
  return c.args.rest();
}

int64_t parse_deadline(CommandContext& c, std::string_view amount, ExpireUnit unit) {
  const auto value = parse_int64(amount);
  if (!value) fail(resp::error_text::kNotInteger);
  if (*value < 0) fail("ERR invalid expire time, must be >= 0");
  const auto deadline = deadline_of(*value, unit, c.now_ms());
  if (!deadline || *deadline > kLatest)
    fail("ERR invalid expire time in '{}' command", c.command.name);
  return *deadline;
}

enum class Condition : uint8_t { kNone, kNx, kXx, kGt, kLt };

bool allows(Condition condition, int64_t old, int64_t deadline) {
  const bool timed = old != kNoDeadline;
  switch (condition) {
    case Condition::kNx:
      return !timed;
    case Condition::kXx:
      return timed;
    case Condition::kGt:
      return timed && deadline > old;
    case Condition::kLt:
      return !timed || deadline < old;
    default:
      return true;
  }
}

void expire_fields(CommandContext& c, ExpireUnit unit) {
  auto hash = c.edit<HashEdit>(c.key());
  c.args.skip(1);
  const int64_t deadline = parse_deadline(c, c.args.next(), unit);
  Condition condition = Condition::kNone;
  if (c.args.take("NX"))
    condition = Condition::kNx;
  else if (c.args.take("XX"))
    condition = Condition::kXx;
  else if (c.args.take("GT"))
    condition = Condition::kGt;
  else if (c.args.take("LT"))
    condition = Condition::kLt;
  const auto fields = parse_fields(c, "ERR Parameter `numFields` should be greater than 0");
  bool updated = false;
  bool deleted = false;
  c.reply.array(static_cast<int64_t>(fields.size()));
  for (const std::string_view field : fields) {
    if (!hash.view().contains(field)) {
      c.reply.integer(kNoSuchField);
    } else if (!allows(condition, hash.deadline(field), deadline)) {
      c.reply.integer(kConditionNotMet);
    } else if (deadline <= c.now_ms()) {
      hash.erase(field);
      deleted = true;
      c.reply.integer(kDeleted);
    } else {
      hash.set_deadline(field, deadline);
      updated = true;
      c.reply.integer(kSet);
    }
  }
  if (!updated && !deleted) return;
  hash.file_deadlines();
  hash.announce(deleted ? "hdel" : "hexpire");
}
void hexpire(CommandContext& c) {
  expire_fields(c, kEx);
}
void hpexpire(CommandContext& c) {
  expire_fields(c, kPx);
}
void hexpireat(CommandContext& c) {
  expire_fields(c, kExAt);
}
void hpexpireat(CommandContext& c) {
  expire_fields(c, kPxAt);
}

// For each field what `of` makes of its deadline in ms.
template <class F>
void reply_deadlines(CommandContext& c, F of) {
  const HashView hash = c.find<HashView>(c.key(), Lookup::kRead);
  c.args.skip(1);
  const auto fields = parse_fields(c, kNotPositive);
  c.reply.array(static_cast<int64_t>(fields.size()));
  for (const std::string_view field : fields) {
    const objects::Hash* const object = hash.object();
    const auto* found = object != nullptr ? object->find(field) : nullptr;
    if (found != nullptr && found->is_timed())
      c.reply.integer(of(found->deadline()));
    else
      c.reply.integer(hash.contains(field) ? kNoDeadlineSet : kNoSuchField);
  }
}
// A second that has begun counts.
int64_t seconds_up(int64_t ms) {
  return (ms + 999) / 1000;
}
void httl(CommandContext& c) {
  reply_deadlines(c, [&](int64_t deadline) { return seconds_up(deadline - c.now_ms()); });
}
void hpttl(CommandContext& c) {
  reply_deadlines(c, [&](int64_t deadline) { return deadline - c.now_ms(); });
}
void hexpiretime(CommandContext& c) {
  reply_deadlines(c, seconds_up);
}
void hpexpiretime(CommandContext& c) {
  reply_deadlines(c, [](int64_t deadline) { return deadline; });
}

void hpersist(CommandContext& c) {
  auto hash = c.edit<HashEdit>(c.key());
  c.args.skip(1);
  const auto fields = parse_fields(c, kNotPositive);
  bool changed = false;
  c.reply.array(static_cast<int64_t>(fields.size()));
  for (const std::string_view field : fields) {
    if (hash.deadline(field) != kNoDeadline) {
      hash.set_deadline(field, kNoDeadline);
      changed = true;
      c.reply.integer(kSet);
    } else {
      c.reply.integer(hash.view().contains(field) ? kNoDeadlineSet : kNoSuchField);
    }
  }
  if (!changed) return;
  hash.file_deadlines();
  hash.announce("hpersist");
}

void reply_value(CommandContext& c, HashEdit& hash, std::string_view field) {
  const auto value = hash.view().get(field);
  if (value)
    c.reply_item(*value);
  else
    c.reply.null();
}

void hgetdel(CommandContext& c) {
  auto hash = c.edit<HashEdit>(c.key());
  c.args.skip(1);
  const auto fields = parse_fields(c, kNotPositive);
  bool erased = false;
  c.reply.array(static_cast<int64_t>(fields.size()));
  for (const std::string_view field : fields) {
    reply_value(c, hash, field);
    erased |= hash.erase(field);
  }
  if (!erased) return;
  hash.file_deadlines();
  hash.announce("hdel");
}

struct Unit {
  std::string_view word;
  ExpireUnit unit;
};
constexpr std::array<Unit, 4> kUnits{{{"EX", kEx}, {"PX", kPx}, {"EXAT", kExAt}, {"PXAT", kPxAt}}};

// "EX seconds" and its kin; nothing if the next word is none of them.
std::optional<int64_t> take_deadline(CommandContext& c) {
  for (const Unit& unit : kUnits) {
    if (!c.args.take(unit.word)) continue;
    if (c.args.at_end()) fail("ERR missing expire time");
    return parse_deadline(c, c.args.next(), unit.unit);
  }
  return std::nullopt;
}

void hgetex(CommandContext& c) {
  auto hash = c.edit<HashEdit>(c.key());
  c.args.skip(1);
  const auto deadline = take_deadline(c);
  const bool persist = !deadline && c.args.take("PERSIST");
  const auto fields = parse_fields(c, kNotPositive);
  bool deleted = false;
  bool updated = false;
  c.reply.array(static_cast<int64_t>(fields.size()));
  for (const std::string_view field : fields) {
    reply_value(c, hash, field);
    if (!hash.view().contains(field)) continue;
    if (deadline && *deadline <= c.now_ms()) {
      hash.erase(field);
      deleted = true;
    } else if (deadline) {
      hash.set_deadline(field, *deadline);
      updated = true;
    } else if (persist && hash.deadline(field) != kNoDeadline) {
      hash.set_deadline(field, kNoDeadline);
      updated = true;
    }
  }
  if (!deleted && !updated) return;
  hash.file_deadlines();
  hash.announce(deleted ? "hdel" : persist ? "hpersist" : "hexpire");
}

struct SetOptions {
  enum class Only : uint8_t { kAlways, kAllThere, kNoneThere };
  Only only = Only::kAlways;
  std::optional<int64_t> deadline;
  bool keep_deadline = false;
  std::span<const std::string_view> pairs;
};

SetOptions parse_set_options(CommandContext& c) {
  using Only = SetOptions::Only;
  SetOptions options;
  while (!c.args.at_end()) {
    if (c.args.take("FIELDS")) {
      const int64_t count = c.args.next_integer_in(1, INT32_MAX, "ERR invalid number of fields");
      if (static_cast<uint64_t>(count) * 2 != c.args.left())
        fail("ERR wrong number of arguments for '{}' command", c.command.name);
      options.pairs = c.args.rest().first(static_cast<size_t>(count) * 2);
      c.args.skip(options.pairs.size());
    } else if (c.args.take("FXX") || c.args.take("FNX")) {
      if (options.only != Only::kAlways)
        fail("ERR Only one of FXX or FNX arguments can be specified");
      const std::string_view word = c.args.previous();
      options.only = equal_ignoring_case(word, "FXX") ? Only::kAllThere : Only::kNoneThere;
    } else {
      const bool keep = c.args.take("KEEPTTL");
      const auto deadline = keep ? std::nullopt : take_deadline(c);
      if (!keep && !deadline) fail("ERR unknown argument: {}", c.args.next());
      if (options.keep_deadline || options.deadline)
        fail("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified");
      options.keep_deadline = keep;
      options.deadline = deadline;
    }
  }
  if (options.pairs.empty()) fail("ERR missing FIELDS argument");
  return options;
}

void hsetex(CommandContext& c) {
  using Only = SetOptions::Only;
  c.args.skip(1);
  const SetOptions options = parse_set_options(c);
  auto hash = c.edit<HashEdit>(c.key());
  const auto pairs = options.pairs;
  if (options.only != Only::kAlways) {
    for (size_t i = 0; i < pairs.size(); i += 2) {
      if (hash.view().contains(pairs[i]) != (options.only == Only::kAllThere))
        return c.reply.integer(0);
    }
  }
  c.reply.integer(1);
  const bool past = options.deadline && *options.deadline <= c.now_ms();
  if (past) {
    bool erased = false;
    for (size_t i = 0; i < pairs.size(); i += 2) erased |= hash.erase(pairs[i]);
    if (!erased) return;
    hash.file_deadlines();
    hash.announce("hset");
    return hash.announce("hdel");
  }
  hash.expect(pairs);
  for (size_t i = 0; i < pairs.size(); i += 2) {
    hash.put(pairs[i], pairs[i + 1], options.keep_deadline);
    if (options.deadline) hash.set_deadline(pairs[i], *options.deadline);
  }
  hash.file_deadlines();
  hash.announce("hset");
  if (options.deadline) hash.announce("hexpire");
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kHash = schema::Group::kHash;
constexpr std::string_view kPerField = "O(N) where N is the number of specified fields";

constexpr CommandSpec kRows[] = {
    {.syntax = "HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
     .handler = hexpire,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kHash,
     .since = "7.4.0",
     .complexity = kPerField,
     .summary = "Set expiry for hash field using relative time to expire (seconds)",
     .arity = -6},
    {.syntax =
         "HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
     .handler = hexpireat,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kHash,
     .since = "7.4.0",
     .complexity = kPerField,
     .summary = "Set expiry for hash field using an absolute Unix timestamp (seconds)",
     .arity = -6},
    {.syntax = "HEXPIRETIME key FIELDS numfields field [field ...]",
     .handler = hexpiretime,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kHash,
     .since = "7.4.0",
     .complexity = kPerField,
     .summary = "Returns the expiration time of a hash field as a Unix timestamp, in seconds.",
     .arity = -5},
    {.syntax = "HGETDEL key FIELDS numfields field [field ...]",
     .handler = hgetdel,
     .keys = {key_at(1, kRW | kAccess | kDelete)},
     .flags = kWrite | kFast,
     .group = kHash,
     .since = "8.0.0",
     .complexity = kPerField,
     .summary = "Returns the value of a field and deletes it from the hash.",
     .arity = -5},
    {.syntax = "HGETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
               "unix-time-milliseconds | PERSIST] FIELDS numfields field [field ...]",
     .handler = hgetex,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kFast,
     .group = kHash,
     .since = "8.0.0",
     .complexity = kPerField,
     .summary = "Get the value of one or more fields of a given hash key, and optionally set their "
                "expiration.",
     .arity = -5},
    {.syntax = "HPERSIST key FIELDS numfields field [field ...]",
     .handler = hpersist,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kFast,
     .group = kHash,
     .since = "7.4.0",
     .complexity = kPerField,
     .summary = "Removes the expiration time for each specified field",
     .arity = -5},
    {.syntax = "HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
     .handler = hpexpire,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kHash,
     .since = "7.4.0",
     .complexity = kPerField,
     .summary = "Set expiry for hash field using relative time to expire (milliseconds)",
     .arity = -6},
    {.syntax = "HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field "
               "[field ...]",
     .handler = hpexpireat,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kHash,
     .since = "7.4.0",
     .complexity = kPerField,
     .summary = "Set expiry for hash field using an absolute Unix timestamp (milliseconds)",
     .arity = -6},
    {.syntax = "HPEXPIRETIME key FIELDS numfields field [field ...]",
     .handler = hpexpiretime,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kHash,
     .since = "7.4.0",
     .complexity = kPerField,
     .summary = "Returns the expiration time of a hash field as a Unix timestamp, in msec.",
     .arity = -5},
    {.syntax = "HPTTL key FIELDS numfields field [field ...]",
     .handler = hpttl,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kHash,
     .since = "7.4.0",
     .complexity = kPerField,
     .summary = "Returns the TTL in milliseconds of a hash field.",
     .arity = -5},
    {.syntax =
         "HSETEX key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
         "unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value ...]",
     .handler = hsetex,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kHash,
     .since = "8.0.0",
     .complexity = kPerField,
     .summary = "Set the value of one or more fields of a given hash key, and optionally set their "
                "expiration.",
     .arity = -6},
    {.syntax = "HTTL key FIELDS numfields field [field ...]",
     .handler = httl,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kHash,
     .since = "7.4.0",
     .complexity = kPerField,
     .summary = "Returns the TTL in seconds of a hash field.",
     .arity = -5},
};

}  // namespace

Rows hash_field_expire_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
