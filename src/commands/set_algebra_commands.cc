// Intersections, unions and differences of sets, as replies, as counts, and stored under a key.
#include <algorithm>

#include "commands/table.h"
#include "engine/context.h"
#include "objects/set.h"
#include "store/set_value.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::PackedItem;
using store::SetEdit;
using store::SetView;

// The sets under the command's keys from number `first` on.
std::vector<SetView> find_sets(CommandContext& c, size_t first) {
  std::vector<SetView> sets;
  for (const Key& key : c.key_list.subspan(first)) sets.push_back(c.find<SetView>(key));
  return sets;
}

using Take = std::function<bool(const PackedItem&)>;  // false: enough

// Every result calls take(member) once for each of its members; the sets come back in any order.
void intersect(std::vector<SetView>& sets, const Take& take) {
  std::sort(sets.begin(), sets.end(),
            [](const SetView& a, const SetView& b) { return a.size() < b.size(); });
  sets[0].for_some([&](const PackedItem& member) {
    char digits[kInt64Digits];
    const std::string_view text = member.text(digits);
    const bool everywhere = std::all_of(sets.begin() + 1, sets.end(),
                                        [&](const SetView& set) { return set.contains(text); });
    return !everywhere || take(member);
  });
}

void unite(std::vector<SetView>& sets, const Take& take) {
  objects::Set seen;
  for (const SetView& set : sets) {
    set.for_each([&](const PackedItem& member) {
      char digits[kInt64Digits];
      if (seen.insert(member.text(digits))) take(member);
    });
  }
}

void subtract(std::vector<SetView>& sets, const Take& take) {
  // Those in the largest sets are found out soonest.
  std::sort(sets.begin() + 1, sets.end(),
            [](const SetView& a, const SetView& b) { return a.size() > b.size(); });
  sets[0].for_each([&](const PackedItem& member) {
    char digits[kInt64Digits];
    const std::string_view text = member.text(digits);
    const bool elsewhere = std::any_of(sets.begin() + 1, sets.end(),
                                       [&](const SetView& set) { return set.contains(text); });
    if (!elsewhere) take(member);
  });
}

using Combine = void (*)(std::vector<SetView>&, const Take&);

void reply_result(CommandContext& c, Combine combine) {
  int64_t count = 0;
  const size_t place = c.reply.array_later();
  auto sets = find_sets(c, 0);
  combine(sets, [&](const PackedItem& member) {
    c.reply_item(member);
    ++count;
    return true;
  });
  c.reply.set_set_length(place, count);
}

void store_result(CommandContext& c, Combine combine, std::string_view event) {
  std::vector<std::string> members;
  auto sets = find_sets(c, 1);
  combine(sets, [&](const PackedItem& member) {
    char digits[kInt64Digits];
    members.emplace_back(member.text(digits));
    return true;
  });
  const Key& target = c.key(0);
  const bool was_there = c.keys.erase_to_replace(target);
  if (members.empty()) {
    if (was_there) c.keys.announce("del", target);
    return c.reply.integer(0);
  }
  SetEdit set(c.keys, target);
  for (const std::string& member : members) set.insert(member);
  set.announce(event);
  c.reply.integer(static_cast<int64_t>(members.size()));
}

void sinter(CommandContext& c) {
  reply_result(c, intersect);
}
void sunion(CommandContext& c) {
  reply_result(c, unite);
}
void sdiff(CommandContext& c) {
  reply_result(c, subtract);
}
void sinterstore(CommandContext& c) {
  store_result(c, intersect, "sinterstore");
}
void sunionstore(CommandContext& c) {
  store_result(c, unite, "sunionstore");
}
void sdiffstore(CommandContext& c) {
  store_result(c, subtract, "sdiffstore");
}

void sintercard(CommandContext& c) {
  const int64_t keys = c.args.next_integer_in(1, INT64_MAX, "ERR numkeys should be greater than 0");
  if (static_cast<uint64_t>(keys) > c.args.left())
    fail("ERR Number of keys can't be greater than number of args");
  c.args.skip(static_cast<size_t>(keys));
  int64_t limit = 0;
  while (!c.args.at_end()) {
    if (c.args.left() < 2 || !c.args.take("LIMIT")) fail(resp::error_text::kSyntax);
    limit = c.args.next_integer_in(0, INT64_MAX, "ERR LIMIT can't be negative");
  }
  int64_t count = 0;
  auto sets = find_sets(c, 0);
  intersect(sets, [&](const PackedItem&) { return ++count != limit; });
  c.reply.integer(count);
}

using schema::CommandSpec;
using schema::counted_keys_at;
using schema::key_at;
using schema::keys_from_to;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kSet = schema::Group::kSet;

constexpr CommandSpec kRows[] = {
    {.syntax = "SDIFF key [key ...]",
     .handler = sdiff,
     .keys = {keys_from_to(1, -1, 1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(N) where N is the total number of elements in all given sets.",
     .summary = "Returns the difference of multiple sets."},
    {.syntax = "SDIFFSTORE destination key [key ...]",
     .handler = sdiffstore,
     .keys = {key_at(1, kOW | kUpdate), keys_from_to(2, -1, 1, kRO | kAccess)},
     .flags = kWrite | kDenyOom,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(N) where N is the total number of elements in all given sets.",
     .summary = "Stores the difference of multiple sets in a key."},
    {.syntax = "SINTER key [key ...]",
     .handler = sinter,
     .keys = {keys_from_to(1, -1, 1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(N*M) worst case where N is the cardinality of the smallest set and M is the "
                   "number of sets.",
     .summary = "Returns the intersect of multiple sets."},
    {.syntax = "SINTERCARD numkeys key [key ...] [LIMIT limit]",
     .handler = sintercard,
     .keys = {counted_keys_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSet,
     .since = "7.0.0",
     .complexity = "O(N*M) worst case where N is the cardinality of the smallest set and M is the "
                   "number of sets.",
     .summary = "Returns the number of members of the intersect of multiple sets."},
    {.syntax = "SINTERSTORE destination key [key ...]",
     .handler = sinterstore,
     .keys = {key_at(1, kRW | kUpdate), keys_from_to(2, -1, 1, kRO | kAccess)},
     .flags = kWrite | kDenyOom,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(N*M) worst case where N is the cardinality of the smallest set and M is the "
                   "number of sets.",
     .summary = "Stores the intersect of multiple sets in a key."},
    {.syntax = "SUNION key [key ...]",
     .handler = sunion,
     .keys = {keys_from_to(1, -1, 1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(N) where N is the total number of elements in all given sets.",
     .summary = "Returns the union of multiple sets."},
    {.syntax = "SUNIONSTORE destination key [key ...]",
     .handler = sunionstore,
     .keys = {key_at(1, kOW | kUpdate), keys_from_to(2, -1, 1, kRO | kAccess)},
     .flags = kWrite | kDenyOom,
     .group = kSet,
     .since = "1.0.0",
     .complexity = "O(N) where N is the total number of elements in all given sets.",
     .summary = "Stores the union of multiple sets in a key."},
};

}  // namespace

Rows set_algebra_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
