#include "commands/list_moves.h"

namespace scrubjay::commands {

using namespace engine;
using store::End;
using store::ListEdit;

std::string_view push_event(End end) {
  return end == End::kFront ? "lpush" : "rpush";
}
std::string_view pop_event(End end) {
  return end == End::kFront ? "lpop" : "rpop";
}

End parse_end(CommandContext& c) {
  if (c.args.take("LEFT")) return End::kFront;
  if (c.args.take("RIGHT")) return End::kBack;
  fail(resp::error_text::kSyntax);
}

void reply_popped(CommandContext& c, ListEdit& list, End end, size_t count) {
  const store::ListView view = list.view();
  const size_t size = view.size();
  count = std::min(count, size);
  c.reply.array(static_cast<int64_t>(count));
  size_t left = count;
  const auto reply = [&](const objects::PackedItem& item) {
    c.reply_item(item);
    return --left > 0;
  };
  if (end == End::kFront) {
    view.for_each(0, reply);
    list.erase(0, count);
  } else {
    view.for_each_backwards(size - 1, reply);
    list.erase(size - count, count);
  }
}

bool move_element(CommandContext& c, End from, End to) {
  auto source = c.edit<ListEdit>(c.key(0));
  if (!source.exists()) return false;
  char digits[kInt64Digits];
  const std::string element(source.view().at(from).text(digits));
  const std::array<std::string_view, 1> elements{element};
  if (c.key(0).text == c.key(1).text) {
    source.pop(from);
    source.push(to, element);
    source.announce(push_event(to));
    source.announce(pop_event(from));
  } else {
    auto target = c.edit<ListEdit>(c.key(1));
    target.expect(elements);
    target.push(to, element);
    source.pop(from);
    target.announce(push_event(to));
    source.announce(pop_event(from));
  }
  c.reply.bulk(element);
  return true;
}

void skip_counted_keys(CommandContext& c) {
  constexpr std::string_view kTooFew = "ERR numkeys should be greater than 0";
  const int64_t count = c.args.next_integer_in(1, INT64_MAX, kTooFew);
  if (static_cast<uint64_t>(count) > c.args.left()) fail(resp::error_text::kSyntax);
  c.args.skip(static_cast<size_t>(count));
}

size_t parse_pop_count(CommandContext& c) {
  int64_t count = 1;
  if (!c.args.at_end()) {
    if (c.args.left() < 2 || !c.args.take("COUNT")) fail(resp::error_text::kSyntax);
    count = c.args.next_integer_in(1, INT64_MAX, "ERR count should be greater than 0");
    c.args.end();
  }
  return static_cast<size_t>(count);
}

PopMany parse_pop_many(CommandContext& c, size_t at) {
  c.args.skip(at - 1);
  skip_counted_keys(c);
  const End end = parse_end(c);
  return {end, parse_pop_count(c)};
}

bool pop_many(CommandContext& c, const PopMany& wanted) {
  for (const Key& key : c.key_list) {
    auto list = c.edit<ListEdit>(key);
    if (!list.exists()) continue;
    c.reply.array(2);
    c.reply.bulk(key.text);
    reply_popped(c, list, wanted.end, wanted.count);
    list.announce(pop_event(wanted.end));
    return true;
  }
  return false;
}

}  // namespace scrubjay::commands
