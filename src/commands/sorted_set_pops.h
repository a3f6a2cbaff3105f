// What popping from sorted sets shares between the commands that wait and those that don't.
#pragma once

#include "engine/context.h"
#include "store/sorted_set_value.h"

namespace scrubjay::commands {

enum class Extreme : uint8_t { kLowest, kHighest };

// ZPOPMIN and ZPOPMAX: "key [count]".
void pop_counted(engine::CommandContext& c, Extreme extreme);

// The item that goes next; the set must not be empty.
store::ScoredItem extreme_item(const store::SortedSetView& set, Extreme extreme);
// Removes `count` items and announces it.
void remove_extremes(store::SortedSetEdit& set, Extreme extreme, size_t count);

// ZMPOP and BZMPOP: "numkeys key [key ...] <MIN | MAX> [COUNT count]" from argument `at` on.
struct PopMembers {
  Extreme extreme;
  size_t count = 1;
};
PopMembers parse_pop_members(engine::CommandContext& c, size_t at);
// Pops from the first sorted set that has members. False, and no reply, if there is none.
bool pop_from_first(engine::CommandContext& c, const PopMembers& wanted);

}  // namespace scrubjay::commands
