// Lists: LPUSH, LRANGE and their kin. Those that wait are in blocking_list_commands.cc.
#include <algorithm>

#include "commands/list_moves.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::PackedItem;
using store::End;
using store::ListEdit;
using store::ListView;

void push_all(CommandContext& c, End end, bool only_existing) {
  c.args.skip(1);
  const auto elements = c.args.rest();
  auto list = c.edit<ListEdit>(c.key());
  if (only_existing && !list.exists()) return c.reply.integer(0);
  list.expect(elements);
  for (const std::string_view element : elements) list.push(end, element);
  c.reply.integer(static_cast<int64_t>(list.view().size()));
  list.announce(push_event(end));
}
void lpush(CommandContext& c) {
  push_all(c, End::kFront, false);
}
void rpush(CommandContext& c) {
  push_all(c, End::kBack, false);
}
void lpushx(CommandContext& c) {
  push_all(c, End::kFront, true);
}
void rpushx(CommandContext& c) {
  push_all(c, End::kBack, true);
}

void pop_some(CommandContext& c, End end) {
  if (c.args.size() > 3) fail("ERR wrong number of arguments for '{}' command", c.command.name);
  c.args.skip(1);
  const bool counted = !c.args.at_end();
  const int64_t count = counted ? c.args.next_integer_in(0, INT64_MAX, kMustBePositive) : 1;
  auto list = c.edit<ListEdit>(c.key());
  if (!list.exists()) return counted ? c.reply.null_array() : c.reply.null();
  if (count == 0) return c.reply.array(0);
  if (!counted) {
    c.reply_item(list.view().at(end));
    list.pop(end);
  } else {
    reply_popped(c, list, end, static_cast<size_t>(count));
  }
  list.announce(pop_event(end));
}
void lpop(CommandContext& c) {
  pop_some(c, End::kFront);
}
void rpop(CommandContext& c) {
  pop_some(c, End::kBack);
}

void llen(CommandContext& c) {
  c.reply.integer(static_cast<int64_t>(c.find<ListView>(c.key()).size()));
}

// The index from the front; nothing if the list has no such element.
std::optional<size_t> resolve(int64_t index, size_t size) {
  const auto length = static_cast<int64_t>(size);
  if (index < 0) index += length;
  if (index < 0 || index >= length) return std::nullopt;
  return static_cast<size_t>(index);
}

void lindex(CommandContext& c) {
  const ListView list = c.find<ListView>(c.key());
  c.args.skip(1);
  if (list.entry() == nullptr) return c.reply.null();
  const auto index = resolve(c.args.next_integer(), list.size());
  if (!index) return c.reply.null();
  c.reply_item(list.at(*index));
}

void lset(CommandContext& c) {
  auto list = c.edit<ListEdit>(c.key());
  if (!list.exists()) fail(resp::error_text::kNoSuchKey);
  c.args.skip(1);
  const auto index = resolve(c.args.next_integer(), list.view().size());
  if (!index) fail("ERR index out of range");
  list.set(*index, c.args.next());
  list.announce("lset");
  c.reply.ok();
}

void linsert(CommandContext& c) {
  c.args.skip(1);
  bool after = false;
  if (c.args.take("AFTER"))
    after = true;
  else if (!c.args.take("BEFORE"))
    fail(resp::error_text::kSyntax);
  const objects::PackedText pivot(c.args.next());
  const std::string_view element = c.args.next();
  auto list = c.edit<ListEdit>(c.key());
  if (!list.exists()) return c.reply.integer(0);
  size_t index = 0;
  bool found = false;
  list.view().for_each(0, [&](const PackedItem& item) {
    found = item == pivot;
    ++index;
    return !found;
  });
  if (!found) return c.reply.integer(-1);
  list.insert(after ? index : index - 1, element);
  c.reply.integer(static_cast<int64_t>(list.view().size()));
  list.announce("linsert");
}

// Elements `start` to `stop`, both counted from the end if negative: the first, and how many.
std::pair<size_t, size_t> resolve_range(int64_t start, int64_t stop, size_t size) {
  const auto length = static_cast<int64_t>(size);
  if (start < 0) start = std::max<int64_t>(start + length, 0);
  if (stop < 0) stop += length;
  stop = std::min(stop, length - 1);
  if (start > stop) return {0, 0};
  return {static_cast<size_t>(start), static_cast<size_t>(stop - start + 1)};
}

void lrange(CommandContext& c) {
  c.args.skip(1);
  const int64_t start = c.args.next_integer();
  const int64_t stop = c.args.next_integer();
  const ListView list = c.find<ListView>(c.key());
  const auto [first, count] = resolve_range(start, stop, list.size());
  c.reply.array(static_cast<int64_t>(count));
  size_t left = count;
  if (left == 0) return;
  if (const objects::List* object = list.object()) {
    constexpr size_t kLengths = 16;  // of an element in the reply
    c.reply.buffer().reserve(object->text_bytes() / object->size() * count + kLengths * count);
  }
  list.for_each(first, [&](const PackedItem& item) {
    c.reply_item(item);
    return --left > 0;
  });
}

void ltrim(CommandContext& c) {
  c.args.skip(1);
  const int64_t start = c.args.next_integer();
  const int64_t stop = c.args.next_integer();
  auto list = c.edit<ListEdit>(c.key());
  if (list.exists()) {
    const size_t size = list.view().size();
    const auto [first, count] = resolve_range(start, stop, size);
    list.erase(first + count, size - first - count);
    list.erase(0, first);
    list.announce("ltrim");
  }
  c.reply.ok();
}

void lrem(CommandContext& c) {
  c.args.skip(1);
  const int64_t count = c.args.next_integer_between(-INT64_MAX, INT64_MAX);
  const std::string_view element = c.args.next();
  auto list = c.edit<ListEdit>(c.key());
  const auto most = static_cast<size_t>(std::abs(count));
  const size_t removed = list.remove(element, most, count < 0 ? End::kBack : End::kFront);
  if (removed > 0) list.announce("lrem");
  c.reply.integer(static_cast<int64_t>(removed));
}

struct Search {
  int64_t rank = 1;
  std::optional<int64_t> count;
  int64_t longest = 0;  // elements to compare, 0 for all
};

Search parse_search(CommandContext& c) {
  Search search;
  c.args.skip(2);
  while (!c.args.at_end()) {
    if (c.args.left() < 2) fail(resp::error_text::kSyntax);
    if (c.args.take("RANK")) {
      search.rank = c.args.next_integer_between(-INT64_MAX, INT64_MAX);
      if (search.rank == 0)
        fail(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
            "or use negative to start from the end of the list");
    } else if (c.args.take("COUNT")) {
      search.count = c.args.next_integer_in(0, INT64_MAX, "ERR COUNT can't be negative");
    } else if (c.args.take("MAXLEN")) {
      search.longest = c.args.next_integer_in(0, INT64_MAX, "ERR MAXLEN can't be negative");
    } else {
      fail(resp::error_text::kSyntax);
    }
  }
  return search;
}

void lpos(CommandContext& c) {
  const Search search = parse_search(c);
  const objects::PackedText wanted(c.args[2]);
  const ListView list = c.find<ListView>(c.key());
  const auto size = static_cast<int64_t>(list.size());
  int64_t skip = std::abs(search.rank) - 1;
  int64_t compared = 0;
  int64_t matches = 0;
  const bool backwards = search.rank < 0;
  const size_t place = c.reply.array_later();
  const int64_t most = search.count.value_or(1);
  const auto look = [&](const PackedItem& item) {
    const int64_t index = backwards ? size - 1 - compared : compared;
    ++compared;
    if (item == wanted && skip-- <= 0) {
      c.reply.integer(index);
      ++matches;
      if (most != 0 && matches >= most) return false;
    }
    return search.longest == 0 || compared < search.longest;
  };
  if (backwards && size > 0)
    list.for_each_backwards(static_cast<size_t>(size - 1), look);
  else
    list.for_each(0, look);
  if (search.count)
    c.reply.set_length(place, matches);
  else if (matches == 0)
    c.reply.null();
}

void lmove(CommandContext& c) {
  c.args.skip(2);
  const End from = parse_end(c);
  const End to = parse_end(c);
  if (!move_element(c, from, to)) c.reply.null();
}

void rpoplpush(CommandContext& c) {
  if (!move_element(c, End::kBack, End::kFront)) c.reply.null();
}

void lmpop(CommandContext& c) {
  const PopMany wanted = parse_pop_many(c, 1);
  if (!pop_many(c, wanted)) c.reply.null_array();
}

using schema::CommandSpec;
using schema::counted_keys_at;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kList = schema::Group::kList;

constexpr CommandSpec kRows[] = {
    {.syntax = "LINDEX key index",
     .handler = lindex,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kList,
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of elements to traverse to get to the element at "
                   "index. This makes asking for the first or the last element of the list O(1).",
     .summary = "Returns an element from a list by its index."},
    {.syntax = "LINSERT key <BEFORE | AFTER> pivot element",
     .handler = linsert,
     .keys = {key_at(1, kRW | kInsert)},
     .flags = kWrite | kDenyOom,
     .group = kList,
     .since = "2.2.0",
     .complexity =
         "O(N) where N is the number of elements to traverse before seeing the value pivot. This "
         "means that inserting somewhere on the left end on the list (head) can be considered O(1) "
         "and inserting somewhere on the right end (tail) is O(N).",
     .summary = "Inserts an element before or after another element in a list."},
    {.syntax = "LLEN key",
     .handler = llen,
     .keys = {key_at(1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kList,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns the length of a list."},
    {.syntax = "LMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT>",
     .handler = lmove,
     .keys = {key_at(1, kRW | kAccess | kDelete), key_at(2, kRW | kInsert)},
     .flags = kWrite | kDenyOom,
     .group = kList,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Returns an element after popping it from one list and pushing it to another. "
                "Deletes the list if the last element was moved."},
    {.syntax = "LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
     .handler = lmpop,
     .keys = {counted_keys_at(1, kRW | kAccess | kDelete)},
     .flags = kWrite,
     .group = kList,
     .since = "7.0.0",
     .complexity =
         "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
     .summary = "Returns multiple elements from a list after removing them. Deletes the list if "
                "the last element was popped."},
    {.syntax = "LPOP key [count]",
     .handler = lpop,
     .keys = {key_at(1, kRW | kAccess | kDelete)},
     .flags = kWrite | kFast,
     .group = kList,
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of elements returned",
     .summary = "Returns and removes one or more elements from the beginning of a list. Deletes "
                "the list if the last element was popped."},
    {.syntax = "LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
     .handler = lpos,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kList,
     .since = "6.0.6",
     .complexity = "O(N) where N is the number of elements in the list, for the average case. When "
                   "searching for elements near the head or the tail of the list, or when the "
                   "MAXLEN option is provided, the command may run in constant time.",
     .summary = "Returns the index of matching elements in a list."},
    {.syntax = "LPUSH key element [element ...]",
     .handler = lpush,
     .keys = {key_at(1, kRW | kInsert)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kList,
     .since = "1.0.0",
     .complexity = "O(1) for each element added, so O(N) to add N elements when the command is "
                   "called with multiple arguments.",
     .summary = "Prepends one or more elements to a list. Creates the key if it doesn't exist."},
    {.syntax = "LPUSHX key element [element ...]",
     .handler = lpushx,
     .keys = {key_at(1, kRW | kInsert)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kList,
     .since = "2.2.0",
     .complexity = "O(1) for each element added, so O(N) to add N elements when the command is "
                   "called with multiple arguments.",
     .summary = "Prepends one or more elements to a list only when the list exists."},
    {.syntax = "LRANGE key start stop",
     .handler = lrange,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kList,
     .since = "1.0.0",
     .complexity = "O(S+N) where S is the distance of start offset from HEAD for small lists, from "
                   "nearest end (HEAD or TAIL) for large lists; and N is the number of elements in "
                   "the specified range.",
     .summary = "Returns a range of elements from a list."},
    {.syntax = "LREM key count element",
     .handler = lrem,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite,
     .group = kList,
     .since = "1.0.0",
     .complexity =
         "O(N+M) where N is the length of the list and M is the number of elements removed.",
     .summary = "Removes elements from a list. Deletes the list if the last element was removed."},
    {.syntax = "LSET key index element",
     .handler = lset,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom,
     .group = kList,
     .since = "1.0.0",
     .complexity = "O(N) where N is the length of the list. Setting either the first or the last "
                   "element of the list is O(1).",
     .summary = "Sets the value of an element in a list by its index."},
    {.syntax = "LTRIM key start stop",
     .handler = ltrim,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite,
     .group = kList,
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of elements to be removed by the operation.",
     .summary =
         "Removes elements from both ends a list. Deletes the list if all elements were trimmed."},
    {.syntax = "RPOP key [count]",
     .handler = rpop,
     .keys = {key_at(1, kRW | kAccess | kDelete)},
     .flags = kWrite | kFast,
     .group = kList,
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of elements returned",
     .summary = "Returns and removes one or more elements from the end of a list. Deletes the list "
                "if the last element was popped."},
    {.syntax = "RPOPLPUSH source destination",
     .handler = rpoplpush,
     .keys = {key_at(1, kRW | kAccess | kDelete), key_at(2, kRW | kInsert)},
     .flags = kWrite | kDenyOom,
     .group = kList,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Returns the last element of a list after removing and pushing it to another list. "
                "Deletes the list if the last element was popped."},
    {.syntax = "RPUSH key element [element ...]",
     .handler = rpush,
     .keys = {key_at(1, kRW | kInsert)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kList,
     .since = "1.0.0",
     .complexity = "O(1) for each element added, so O(N) to add N elements when the command is "
                   "called with multiple arguments.",
     .summary = "Appends one or more elements to a list. Creates the key if it doesn't exist."},
    {.syntax = "RPUSHX key element [element ...]",
     .handler = rpushx,
     .keys = {key_at(1, kRW | kInsert)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kList,
     .since = "2.2.0",
     .complexity = "O(1) for each element added, so O(N) to add N elements when the command is "
                   "called with multiple arguments.",
     .summary = "Appends an element to a list only when the list exists."},
};

}  // namespace

Rows list_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
