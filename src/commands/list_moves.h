// What popping and moving list elements shares between the commands that wait and those that don't.
#pragma once

#include "engine/context.h"
#include "store/list_value.h"

namespace scrubjay::commands {

inline constexpr std::string_view kMustBePositive = "ERR value is out of range, must be positive";

std::string_view push_event(store::End end);
std::string_view pop_event(store::End end);

// LEFT or RIGHT.
store::End parse_end(engine::CommandContext& c);

// Pops up to `count` elements and replies with them as an array.
void reply_popped(engine::CommandContext& c, store::ListEdit& list, store::End end, size_t count);

// Moves an element from the command's first key to its second and replies with it. False, and no
// reply, if there is none.
bool move_element(engine::CommandContext& c, store::End from, store::End to);

// LMPOP and BLMPOP: "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]" from argument `at` on.
struct PopMany {
  store::End end;
  size_t count = 1;
};
PopMany parse_pop_many(engine::CommandContext& c, size_t at);
// Pops from the first list that has elements. False, and no reply, if there is none.
bool pop_many(engine::CommandContext& c, const PopMany& wanted);

// The number of keys that follow: at least one, and all of them there.
void skip_counted_keys(engine::CommandContext& c);
// COUNT of LMPOP, ZMPOP and their waiting kin.
size_t parse_pop_count(engine::CommandContext& c);

}  // namespace scrubjay::commands
