// Sets: SADD, SMEMBERS and their kin. Intersections, unions and differences are in
// set_algebra_commands.cc.
#include "commands/list_moves.h"
#include "commands/sampling.h"
#include "commands/table.h"
#include "store/set_value.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::PackedItem;
using store::SetEdit;
using store::SetView;

void sadd(CommandContext& c) {
  c.args.skip(1);
  const auto members = c.args.rest();
  auto set = c.edit<SetEdit>(c.key());
  set.expect(members[0], members.size());
  int64_t added = 0;
  for (const std::string_view member : members) added += set.insert(member) ? 1 : 0;
  if (added > 0) set.announce("sadd");
  c.reply.integer(added);
}

void srem(CommandContext& c) {
  c.args.skip(1);
  auto set = c.edit<SetEdit>(c.key());
  int64_t removed = 0;
  for (const std::string_view member : c.args.rest()) removed += set.erase(member) ? 1 : 0;
  if (removed > 0) set.announce("srem");
  c.reply.integer(removed);
}

void smove(CommandContext& c) {
  const std::string_view member = c.args[3];
  auto source = c.edit<SetEdit>(c.key(0));
  if (source.entry() == nullptr) return c.reply.integer(0);
  auto target = c.edit<SetEdit>(c.key(1));
  if (c.key(0).text == c.key(1).text)
    return c.reply.integer(source.view().contains(member) ? 1 : 0);
  if (!source.erase(member)) return c.reply.integer(0);
  source.announce("srem");
  if (target.insert(member)) target.announce("sadd");
  c.reply.integer(1);
}

void scard(CommandContext& c) {
  c.reply.integer(static_cast<int64_t>(c.find<SetView>(c.key()).size()));
}

void sismember(CommandContext& c) {
  c.reply.integer(c.find<SetView>(c.key()).contains(c.args[2]) ? 1 : 0);
}

void smismember(CommandContext& c) {
  c.args.skip(1);
  const SetView set = c.find<SetView>(c.key());
  c.reply.array(static_cast<int64_t>(c.args.left()));
  for (const std::string_view member : c.args.rest()) c.reply.integer(set.contains(member) ? 1 : 0);
}

void smembers(CommandContext& c) {
  const SetView set = c.find<SetView>(c.key());
  c.reply.set(static_cast<int64_t>(set.size()));
  set.for_each([&](const PackedItem& member) { c.reply_item(member); });
}

// Calls take(member) for `count` distinct members; at most all of them.
template <class Take>
void choose(const SetView& set, size_t count, Take&& take) {
  const size_t size = set.size();
  if (count * 3 < size && set.object() != nullptr)
    draw_distinct(
        count, [&] { return set.random(); }, take);
  else
    select(
        size, count, [&](auto&& f) { set.for_each(f); }, take);
}

void srandmember(CommandContext& c) {
  const RandomCount wanted = parse_random_count(c, "");
  const SetView set = c.find<SetView>(c.key());
  const size_t size = set.size();
  if (!wanted.given) {
    if (size == 0) return c.reply.null();
    return c.reply_item(set.random());
  }
  if (size == 0 || wanted.count == 0) return c.reply.array(0);
  if (wanted.count < 0) {
    c.reply.array(static_cast<int64_t>(wanted.amount()));
    for (size_t i = 0; i < wanted.amount(); ++i) c.reply_item(set.random());
    return;
  }
  const size_t count = std::min(wanted.amount(), size);
  c.reply.array(static_cast<int64_t>(count));
  choose(set, count, [&](const PackedItem& member) { c.reply_item(member); });
}

void spop(CommandContext& c) {
  if (c.args.size() > 3) fail(resp::error_text::kSyntax);
  c.args.skip(1);
  const bool counted = !c.args.at_end();
  const int64_t wanted = counted ? c.args.next_integer_in(0, INT64_MAX, kMustBePositive) : 1;
  auto set = c.edit<SetEdit>(c.key());
  if (set.entry() == nullptr) return counted ? c.reply.set(0) : c.reply.null();
  if (wanted == 0) return c.reply.set(0);
  const size_t count = std::min(static_cast<size_t>(wanted), set.view().size());
  if (counted) c.reply.set(static_cast<int64_t>(count));
  std::vector<std::string> chosen;
  chosen.reserve(count);
  char digits[kInt64Digits];
  choose(set.view(), count, [&](const auto& member) { chosen.emplace_back(member.text(digits)); });
  for (const std::string& member : chosen) {
    c.reply.bulk(member);
    set.erase(member);
  }
  set.announce("spop");
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kSet = schema::Group::kSet;

constexpr CommandSpec kRows[] = {
    {.syntax = "SADD key member [member ...]",
     .handler = sadd,
     .keys = {key_at(1, kRW | kInsert)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(1) for each element added, so O(N) to add N elements when the command is "
                   "called with multiple arguments.",
     .summary = "Adds one or more members to a set. Creates the key if it doesn't exist."},
    {.syntax = "SCARD key",
     .handler = scard,
     .keys = {key_at(1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns the number of members in a set."},
    {.syntax = "SISMEMBER key member",
     .handler = sismember,
     .keys = {key_at(1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Determines whether a member belongs to a set."},
    {.syntax = "SMEMBERS key",
     .handler = smembers,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(N) where N is the set cardinality.",
     .summary = "Returns all members of a set."},
    {.syntax = "SMISMEMBER key member [member ...]",
     .handler = smismember,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kSet,
     .since = "6.2.0",
     .complexity = "O(N) where N is the number of elements being checked for membership",
     .summary = "Determines whether multiple members belong to a set."},
    {.syntax = "SMOVE source destination member",
     .handler = smove,
     .keys = {key_at(1, kRW | kAccess | kDelete), key_at(2, kRW | kInsert)},
     .flags = kWrite | kFast,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Moves a member from one set to another."},
    {.syntax = "SPOP key [count]",
     .handler = spop,
     .keys = {key_at(1, kRW | kAccess | kDelete)},
     .flags = kWrite | kFast,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "Without the count argument O(1), otherwise O(N) where N is the value of the "
                   "passed count.",
     .summary = "Returns one or more random members from a set after removing them. Deletes the "
                "set if the last member was popped."},
    {.syntax = "SRANDMEMBER key [count]",
     .handler = srandmember,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "Without the count argument O(1), otherwise O(N) where N is the absolute value "
                   "of the passed count.",
     .summary = "Get one or multiple random members from a set"},
    {.syntax = "SREM key member [member ...]",
     .handler = srem,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite | kFast,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of members to be removed.",
     .summary =
         "Removes one or more members from a set. Deletes the set if the last member was removed."},
};

}  // namespace

Rows set_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
