// Hashes: HSET, HGET and their kin. Deadlines of fields are in hash_field_expire_commands.cc.
#include <cmath>

#include "commands/sampling.h"
#include "commands/table.h"
#include "engine/context.h"
#include "store/hash_value.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::PackedItem;
using store::HashEdit;
using store::HashView;

// Puts field and value pairs; returns how many fields are new.
int64_t put_pairs(CommandContext& c) {
  c.args.skip(1);
  const auto pairs = c.args.rest();
  if (pairs.size() % 2 != 0) fail("ERR wrong number of arguments for '{}' command", c.command.name);
  auto hash = c.edit<HashEdit>(c.key());
  hash.expect(pairs);
  int64_t created = 0;
  for (size_t i = 0; i < pairs.size(); i += 2) created += hash.put(pairs[i], pairs[i + 1]) ? 1 : 0;
  hash.file_deadlines();
  hash.announce("hset");
  return created;
}
void hset(CommandContext& c) {
  c.reply.integer(put_pairs(c));
}
void hmset(CommandContext& c) {
  put_pairs(c);
  c.reply.ok();
}

void hsetnx(CommandContext& c) {
  auto hash = c.edit<HashEdit>(c.key());
  if (hash.view().contains(c.args[2])) return c.reply.integer(0);
  hash.expect(c.args.all().subspan(2));
  hash.put(c.args[2], c.args[3]);
  hash.announce("hset");
  c.reply.integer(1);
}

void reply_value(CommandContext& c, const std::optional<PackedItem>& value) {
  if (value)
    c.reply_item(*value);
  else
    c.reply.null();
}

void hget(CommandContext& c) {
  reply_value(c, c.find<HashView>(c.key()).get(c.args[2]));
}

void hmget(CommandContext& c) {
  c.args.skip(1);
  const HashView hash = c.find<HashView>(c.key());
  c.reply.array(static_cast<int64_t>(c.args.left()));
  for (const std::string_view field : c.args.rest()) reply_value(c, hash.get(field));
}

void hgetall(CommandContext& c) {
  const HashView hash = c.find<HashView>(c.key());
  c.reply.map(static_cast<int64_t>(hash.size()));
  hash.for_each([&](const PackedItem& field, const PackedItem& value) {
    c.reply_item(field);
    c.reply_item(value);
  });
}

void hkeys(CommandContext& c) {
  const HashView hash = c.find<HashView>(c.key());
  c.reply.array(static_cast<int64_t>(hash.size()));
  hash.for_each([&](const PackedItem& field, const PackedItem&) { c.reply_item(field); });
}

void hvals(CommandContext& c) {
  const HashView hash = c.find<HashView>(c.key());
  c.reply.array(static_cast<int64_t>(hash.size()));
  hash.for_each([&](const PackedItem&, const PackedItem& value) { c.reply_item(value); });
}

void hlen(CommandContext& c) {
  c.reply.integer(static_cast<int64_t>(c.find<HashView>(c.key()).size()));
}

void hexists(CommandContext& c) {
  c.reply.integer(c.find<HashView>(c.key()).contains(c.args[2]) ? 1 : 0);
}

void hstrlen(CommandContext& c) {
  const auto value = c.find<HashView>(c.key()).get(c.args[2]);
  char digits[kInt64Digits];
  c.reply.integer(value ? static_cast<int64_t>(value->text(digits).size()) : 0);
}

void hdel(CommandContext& c) {
  c.args.skip(1);
  auto hash = c.edit<HashEdit>(c.key());
  int64_t erased = 0;
  for (const std::string_view field : c.args.rest()) erased += hash.erase(field) ? 1 : 0;
  if (erased > 0) {
    hash.file_deadlines();
    hash.announce("hdel");
  }
  c.reply.integer(erased);
}

void hincrby(CommandContext& c) {
  c.args.skip(2);
  const int64_t by = c.args.next_integer();
  auto hash = c.edit<HashEdit>(c.key());
  int64_t sum = 0;
  if (const auto value = hash.view().get(c.args[2])) {
    const auto number = value->is_number() ? std::optional(value->number)
                                           : parse_int64({value->bytes, value->size});
    if (!number) fail("ERR hash value is not an integer");
    sum = *number;
  }
  if (__builtin_add_overflow(sum, by, &sum)) fail(resp::error_text::kOverflow);
  char digits[kInt64Digits];
  hash.put(c.args[2], {digits, write_int64(sum, digits)}, true);
  hash.file_deadlines();
  hash.announce("hincrby");
  c.reply.integer(sum);
}

void hincrbyfloat(CommandContext& c) {
  const auto by = parse_long_double(c.args[3]);
  if (!by) fail(resp::error_text::kNotFloat);
  if (std::isnan(*by) || std::isinf(*by)) fail("ERR value is NaN or Infinity");
  auto hash = c.edit<HashEdit>(c.key());
  long double sum = *by;
  if (const auto value = hash.view().get(c.args[2])) {
    char digits[kInt64Digits];
    const auto number = parse_long_double(value->text(digits));
    if (!number) fail("ERR hash value is not a float");
    sum += *number;
  }
  if (std::isnan(sum) || std::isinf(sum)) fail("ERR increment would produce NaN or Infinity");
  const std::string text = format_long_double(sum);
  hash.put(c.args[2], text, true);
  hash.file_deadlines();
  hash.announce("hincrbyfloat");
  c.reply.bulk(text);
}

struct Pair {
  PackedItem field;
  PackedItem value;
  std::string_view text(char (&digits)[kInt64Digits]) const { return field.text(digits); }
};

// One at random; the hash must not be empty.
Pair random_pair(const HashView& hash) {
  if (const objects::Hash* object = hash.object()) {
    const auto& field = object->random(thread_random());
    return {store::packed(field.name()), store::packed(field.value())};
  }
  const objects::Listpack pack(hash.bytes());
  const size_t at = pack.at_index(2 * thread_random().below(hash.size()));
  return {pack.item(at), pack.item(pack.next(at))};
}

void hrandfield(CommandContext& c) {
  const RandomCount wanted = parse_random_count(c, "WITHVALUES");
  const HashView hash = c.find<HashView>(c.key());
  const size_t size = hash.size();
  if (!wanted.given) {
    if (size == 0) return c.reply.null();
    return c.reply_item(random_pair(hash).field);
  }
  if (size == 0 || wanted.count == 0) return c.reply.array(0);
  const bool repeated = wanted.count < 0;
  const size_t count = repeated ? wanted.amount() : std::min(wanted.amount(), size);
  const bool nested = wanted.with_values && c.reply.protocol() > 2;
  c.reply.array(static_cast<int64_t>(count * (wanted.with_values && !nested ? 2 : 1)));
  const auto take = [&](const Pair& pair) {
    if (nested) c.reply.array(2);
    c.reply_item(pair.field);
    if (wanted.with_values) c.reply_item(pair.value);
  };
  if (repeated) {
    for (size_t i = 0; i < count; ++i) take(random_pair(hash));
  } else if (count * 3 < size && hash.object() != nullptr) {
    draw_distinct(
        count, [&] { return random_pair(hash); }, take);
  } else {
    select(
        size, count,
        [&](auto&& f) {
          hash.for_each([&](const PackedItem& field, const PackedItem& value) {
            f(Pair{field, value});
          });
        },
        take);
  }
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kHash = schema::Group::kHash;

constexpr CommandSpec kRows[] = {
    {.syntax = "HDEL key field [field ...]",
     .handler = hdel,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite | kFast,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of fields to be removed.",
     .summary = "Deletes one or more fields and their values from a hash. Deletes the hash if no "
                "fields remain."},
    {.syntax = "HEXISTS key field",
     .handler = hexists,
     .keys = {key_at(1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Determines whether a field exists in a hash."},
    {.syntax = "HGET key field",
     .handler = hget,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Returns the value of a field in a hash."},
    {.syntax = "HGETALL key",
     .handler = hgetall,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(N) where N is the size of the hash.",
     .summary = "Returns all fields and values in a hash."},
    {.syntax = "HINCRBY key field increment",
     .handler = hincrby,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Increments the integer value of a field in a hash by a number. Uses 0 as initial "
                "value if the field doesn't exist."},
    {.syntax = "HINCRBYFLOAT key field increment",
     .handler = hincrbyfloat,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kHash,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Increments the floating point value of a field by a number. Uses 0 as initial "
                "value if the field doesn't exist."},
    {.syntax = "HKEYS key",
     .handler = hkeys,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(N) where N is the size of the hash.",
     .summary = "Returns all fields in a hash."},
    {.syntax = "HLEN key",
     .handler = hlen,
     .keys = {key_at(1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Returns the number of fields in a hash."},
    {.syntax = "HMGET key field [field ...]",
     .handler = hmget,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of fields being requested.",
     .summary = "Returns the values of all fields in a hash."},
    {.syntax = "HMSET key field value [field value ...]",
     .handler = hmset,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of fields being set.",
     .summary = "Sets the values of multiple fields."},
    {.syntax = "HRANDFIELD key [count [WITHVALUES]]",
     .handler = hrandfield,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kHash,
     .since = "6.2.0",
     .complexity = "O(N) where N is the number of fields returned",
     .summary = "Returns one or more random fields from a hash."},
    {.syntax = "HSET key field value [field value ...]",
     .handler = hset,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(1) for each field/value pair added, so O(N) to add N field/value pairs when "
                   "the command is called with multiple field/value pairs.",
     .summary = "Creates or modifies the value of a field in a hash."},
    {.syntax = "HSETNX key field value",
     .handler = hsetnx,
     .keys = {key_at(1, kRW | kInsert)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Sets the value of a field in a hash only when the field doesn't exist."},
    {.syntax = "HSTRLEN key field",
     .handler = hstrlen,
     .keys = {key_at(1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kHash,
     .since = "3.2.0",
     .complexity = "O(1)",
     .summary = "Returns the length of the value of a field."},
    {.syntax = "HVALS key",
     .handler = hvals,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kHash,
     .since = "2.0.0",
     .complexity = "O(N) where N is the size of the hash.",
     .summary = "Returns all values in a hash."},
};

}  // namespace

Rows hash_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
