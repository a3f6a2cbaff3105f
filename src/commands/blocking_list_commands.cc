// List commands that wait for an element: BLPOP, BLMOVE and their kin. When an element comes, the
// waiting client's whole command runs again (engine/waiting.h).
#include "commands/list_moves.h"
#include "commands/table.h"
#include "commands/wait_time.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using store::End;
using store::ListEdit;

constexpr auto kWanted = store::Type::kList;

void wait_for_element(CommandContext& c, int64_t timeout_ms, std::span<const Key> keys) {
  c.wait_for(keys, kWanted, timeout_ms, [](resp::ReplyBuilder& reply) { reply.null_array(); });
}

void pop_first(CommandContext& c, End end) {
  const int64_t deadline = parse_wait_time(c, c.args[c.args.size() - 1]);
  for (const Key& key : c.key_list) {
    auto list = c.edit<ListEdit>(key);
    if (!list.exists()) continue;
    c.reply.array(2);
    c.reply.bulk(key.text);
    c.reply_item(list.view().at(end));
    list.pop(end);
    list.announce(pop_event(end));
    return;
  }
  if (c.in_transaction) return c.reply.null_array();
  wait_for_element(c, deadline, c.key_list);
}
void blpop(CommandContext& c) {
  pop_first(c, End::kFront);
}
void brpop(CommandContext& c) {
  pop_first(c, End::kBack);
}

void move_or_wait(CommandContext& c, End from, End to, std::string_view timeout) {
  const int64_t deadline = parse_wait_time(c, timeout);
  if (move_element(c, from, to)) return;
  if (c.in_transaction) return c.reply.null();
  wait_for_element(c, deadline, c.key_list.first(1));
}

void blmove(CommandContext& c) {
  c.args.skip(2);
  const End from = parse_end(c);
  const End to = parse_end(c);
  move_or_wait(c, from, to, c.args.next());
}

void brpoplpush(CommandContext& c) {
  move_or_wait(c, End::kBack, End::kFront, c.args[3]);
}

void blmpop(CommandContext& c) {
  const PopMany wanted = parse_pop_many(c, 2);
  const int64_t deadline = parse_wait_time(c, c.args[1]);
  if (pop_many(c, wanted)) return;
  if (c.in_transaction) return c.reply.null_array();
  wait_for_element(c, deadline, c.key_list);
}

using schema::CommandSpec;
using schema::counted_keys_at;
using schema::key_at;
using schema::keys_from_to;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kList = schema::Group::kList;

constexpr CommandSpec kRows[] = {
    {.syntax = "BLMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout",
     .handler = blmove,
     .keys = {key_at(1, kRW | kAccess | kDelete), key_at(2, kRW | kInsert)},
     .flags = kWrite | kDenyOom | kBlocking,
     .group = kList,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary =
         "Pops an element from a list, pushes it to another list and returns it. Blocks until an "
         "element is available otherwise. Deletes the list if the last element was moved."},
    {.syntax = "BLMPOP timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
     .handler = blmpop,
     .keys = {counted_keys_at(2, kRW | kAccess | kDelete)},
     .flags = kWrite | kBlocking,
     .group = kList,
     .since = "7.0.0",
     .complexity =
         "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
     .summary = "Pops the first element from one of multiple lists. Blocks until an element is "
                "available otherwise. Deletes the list if the last element was popped."},
    {.syntax = "BLPOP key [key ...] timeout",
     .handler = blpop,
     .keys = {keys_from_to(1, -2, 1, kRW | kAccess | kDelete)},
     .flags = kWrite | kBlocking,
     .group = kList,
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of provided keys.",
     .summary = "Removes and returns the first element in a list. Blocks until an element is "
                "available otherwise. Deletes the list if the last element was popped."},
    {.syntax = "BRPOP key [key ...] timeout",
     .handler = brpop,
     .keys = {keys_from_to(1, -2, 1, kRW | kAccess | kDelete)},
     .flags = kWrite | kBlocking,
     .group = kList,
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of provided keys.",
     .summary = "Removes and returns the last element in a list. Blocks until an element is "
                "available otherwise. Deletes the list if the last element was popped."},
    {.syntax = "BRPOPLPUSH source destination timeout",
     .handler = brpoplpush,
     .keys = {key_at(1, kRW | kAccess | kDelete), key_at(2, kRW | kInsert)},
     .flags = kWrite | kDenyOom | kBlocking,
     .group = kList,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary =
         "Pops an element from a list, pushes it to another list and returns it. Block until an "
         "element is available otherwise. Deletes the list if the last element was popped."},
};

}  // namespace

Rows blocking_list_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
