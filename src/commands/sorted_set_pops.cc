#include "commands/sorted_set_pops.h"

#include "commands/list_moves.h"
#include "commands/sorted_set_ranges.h"

namespace scrubjay::commands {

using namespace engine;
using store::ScoredItem;
using store::SortedSetEdit;
using store::SortedSetView;

ScoredItem extreme_item(const SortedSetView& set, Extreme extreme) {
  return set.at(extreme == Extreme::kLowest ? 0 : set.size() - 1);
}

void remove_extremes(SortedSetEdit& set, Extreme extreme, size_t count) {
  const bool lowest = extreme == Extreme::kLowest;
  set.erase(store::RankRange{lowest ? 0 : set.view().size() - count, count});
  set.announce(lowest ? "zpopmin" : "zpopmax");
}

namespace {

Visit extremes(const SortedSetView& set, Extreme extreme, size_t count) {
  const size_t size = set.size();
  return extreme == Extreme::kLowest ? Visit{0, count, false} : Visit{size - 1, count, true};
}

}  // namespace

void pop_counted(CommandContext& c, Extreme extreme) {
  if (c.args.size() > 3) fail(resp::error_text::kSyntax);
  c.args.skip(1);
  const bool counted = !c.args.at_end();
  const int64_t wanted = counted ? c.args.next_integer_in(0, INT64_MAX, kMustBePositive) : 1;
  auto set = c.edit<SortedSetEdit>(c.key());
  const SortedSetView view = set.view();
  const size_t count = std::min(static_cast<size_t>(wanted), view.size());
  const bool nested = counted && c.reply.protocol() > 2;
  c.reply.array(static_cast<int64_t>(nested ? count : 2 * count));
  if (count == 0) return;
  visit(view, extremes(view, extreme, count), [&](const ScoredItem& item) {
    if (nested) c.reply.array(2);
    c.reply_item(item.member);
    c.reply.real(item.score);
  });
  remove_extremes(set, extreme, count);
}

PopMembers parse_pop_members(CommandContext& c, size_t at) {
  c.args.skip(at - 1);
  skip_counted_keys(c);
  Extreme extreme = Extreme::kLowest;
  if (c.args.take("MAX"))
    extreme = Extreme::kHighest;
  else if (!c.args.take("MIN"))
    fail(resp::error_text::kSyntax);
  return {extreme, parse_pop_count(c)};
}

bool pop_from_first(CommandContext& c, const PopMembers& wanted) {
  for (const Key& key : c.key_list) {
    auto set = c.edit<SortedSetEdit>(key);
    if (set.entry() == nullptr) continue;
    const SortedSetView view = set.view();
    const size_t count = std::min(wanted.count, view.size());
    c.reply.array(2);
    c.reply.bulk(key.text);
    c.reply.array(static_cast<int64_t>(count));
    visit(view, extremes(view, wanted.extreme, count), [&](const ScoredItem& item) {
      c.reply.array(2);
      c.reply_item(item.member);
      c.reply.real(item.score);
    });
    remove_extremes(set, wanted.extreme, count);
    return true;
  }
  return false;
}

}  // namespace scrubjay::commands
