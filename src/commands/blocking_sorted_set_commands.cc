// Sorted set commands that wait for a member: BZPOPMIN, BZPOPMAX, BZMPOP.
#include "commands/sorted_set_pops.h"
#include "commands/table.h"
#include "commands/wait_time.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using store::SortedSetEdit;

void wait_for_member(CommandContext& c, int64_t deadline) {
  if (c.in_transaction) return c.reply.null_array();
  c.wait_for(c.key_list, store::Type::kSortedSet, deadline,
             [](resp::ReplyBuilder& reply) { reply.null_array(); });
}

void pop_one(CommandContext& c, Extreme extreme) {
  const int64_t deadline = parse_wait_time(c, c.args[c.args.size() - 1]);
  for (const Key& key : c.key_list) {
    auto set = c.edit<SortedSetEdit>(key);
    if (set.entry() == nullptr) continue;
    const store::ScoredItem item = extreme_item(set.view(), extreme);
    c.reply.array(3);
    c.reply.bulk(key.text);
    c.reply_item(item.member);
    c.reply.real(item.score);
    remove_extremes(set, extreme, 1);
    return;
  }
  wait_for_member(c, deadline);
}
void bzpopmin(CommandContext& c) {
  pop_one(c, Extreme::kLowest);
}
void bzpopmax(CommandContext& c) {
  pop_one(c, Extreme::kHighest);
}

void bzmpop(CommandContext& c) {
  const PopMembers wanted = parse_pop_members(c, 2);
  const int64_t deadline = parse_wait_time(c, c.args[1]);
  if (!pop_from_first(c, wanted)) wait_for_member(c, deadline);
}

using schema::CommandSpec;
using schema::counted_keys_at;
using schema::keys_from_to;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kSortedSet = schema::Group::kSortedSet;

constexpr CommandSpec kRows[] = {
    {.syntax = "BZMPOP timeout numkeys key [key ...] <MIN | MAX> [COUNT count]",
     .handler = bzmpop,
     .keys = {counted_keys_at(2, kRW | kAccess | kDelete)},
     .flags = kWrite | kBlocking,
     .group = kSortedSet,
     .since = "7.0.0",
     .complexity = "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number "
                   "of elements in the sorted set, and M being the number of elements popped.",
     .summary =
         "Removes and returns a member by score from one or more sorted sets. Blocks until a "
         "member is available otherwise. Deletes the sorted set if the last element was popped."},
    {.syntax = "BZPOPMAX key [key ...] timeout",
     .handler = bzpopmax,
     .keys = {keys_from_to(1, -2, 1, kRW | kAccess | kDelete)},
     .flags = kWrite | kBlocking | kFast,
     .group = kSortedSet,
     .since = "5.0.0",
     .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
     .summary = "Removes and returns the member with the highest score from one or more sorted "
                "sets. Blocks until a member available otherwise.  Deletes the sorted set if the "
                "last element was popped."},
    {.syntax = "BZPOPMIN key [key ...] timeout",
     .handler = bzpopmin,
     .keys = {keys_from_to(1, -2, 1, kRW | kAccess | kDelete)},
     .flags = kWrite | kBlocking | kFast,
     .group = kSortedSet,
     .since = "5.0.0",
     .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
     .summary = "Removes and returns the member with the lowest score from one or more sorted "
                "sets. Blocks until a member is available otherwise. Deletes the sorted set if the "
                "last element was popped."},
};

}  // namespace

Rows blocking_sorted_set_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
