// Sorted sets: ZADD, ZSCORE, ZPOPMIN and their kin. Ranges, set algebra and waiting have files of
// their own.
#include <cmath>

#include "commands/sampling.h"
#include "commands/sorted_set_pops.h"
#include "commands/sorted_set_ranges.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::PackedItem;
using store::ScoredItem;
using store::SortedSetEdit;
using store::SortedSetView;
using Put = SortedSetEdit::Put;

struct AddOptions {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;
  bool changed = false;
  bool increment = false;
};

AddOptions parse_add_options(CommandContext& c) {
  AddOptions options;
  c.args.skip(1);
  for (;;) {
    if (c.args.take("NX"))
      options.nx = true;
    else if (c.args.take("XX"))
      options.xx = true;
    else if (c.args.take("GT"))
      options.gt = true;
    else if (c.args.take("LT"))
      options.lt = true;
    else if (c.args.take("CH"))
      options.changed = true;
    else if (c.args.take("INCR"))
      options.increment = true;
    else
      break;
  }
  const size_t left = c.args.left();
  if (left == 0 || left % 2 != 0) fail(resp::error_text::kSyntax);
  if (options.nx && options.xx) fail("ERR XX and NX options at the same time are not compatible");
  if ((options.gt && options.nx) || (options.lt && options.nx) || (options.gt && options.lt))
    fail("ERR GT, LT, and/or NX options at the same time are not compatible");
  if (options.increment && left > 2)
    fail("ERR INCR option supports a single increment-element pair");
  return options;
}

// What became of one score and member.
struct Added {
  bool refused = false;
  Put put = Put::kSame;
  double score = 0;
};

Added add_one(SortedSetEdit& set, const AddOptions& options, double score,
              std::string_view member) {
  const auto old = set.view().score(member);
  if (old ? options.nx : options.xx) return {.refused = true};
  if (old) {
    if (options.increment) {
      score += *old;
      if (std::isnan(score)) fail("ERR resulting score is not a number (NaN)");
    }
    if ((options.lt && score >= *old) || (options.gt && score <= *old)) return {.refused = true};
  }
  return {false, set.put(member, score), score};
}

void add_all(CommandContext& c, const AddOptions& options) {
  std::vector<double> scores;
  size_t longest = 0;
  const auto pairs = c.args.rest();
  for (size_t i = 0; i < pairs.size(); i += 2) {
    const auto score = parse_score(pairs[i]);
    if (!score) fail(resp::error_text::kNotFloat);
    scores.push_back(*score);
    longest = std::max(longest, pairs[i + 1].size());
  }
  auto set = c.edit<SortedSetEdit>(c.key());
  const bool there = set.entry() != nullptr;
  if (!there && options.xx) return options.increment ? c.reply.null() : c.reply.integer(0);
  set.expect(scores.size(), longest);
  int64_t added = 0;
  int64_t updated = 0;
  Added last;
  for (size_t i = 0; i < scores.size(); ++i) {
    last = add_one(set, options, scores[i], pairs[2 * i + 1]);
    added += !last.refused && last.put == Put::kAdded ? 1 : 0;
    updated += !last.refused && last.put == Put::kUpdated ? 1 : 0;
  }
  if (options.increment)
    last.refused ? c.reply.null() : c.reply.real(last.score);
  else
    c.reply.integer(options.changed ? added + updated : added);
  if (added + updated > 0) set.announce(options.increment ? "zincr" : "zadd");
}

void zadd(CommandContext& c) {
  const AddOptions options = parse_add_options(c);
  add_all(c, options);
}

void zincrby(CommandContext& c) {
  c.args.skip(1);
  add_all(c, {.increment = true});
}

void zrem(CommandContext& c) {
  c.args.skip(1);
  auto set = c.edit<SortedSetEdit>(c.key());
  int64_t removed = 0;
  for (const std::string_view member : c.args.rest()) removed += set.erase(member) ? 1 : 0;
  if (removed > 0) set.announce("zrem");
  c.reply.integer(removed);
}

void zcard(CommandContext& c) {
  c.reply.integer(static_cast<int64_t>(c.find<SortedSetView>(c.key()).size()));
}

void reply_score(CommandContext& c, const std::optional<double>& score) {
  score ? c.reply.real(*score) : c.reply.null();
}

void zscore(CommandContext& c) {
  reply_score(c, c.find<SortedSetView>(c.key()).score(c.args[2]));
}

void zmscore(CommandContext& c) {
  c.args.skip(1);
  const SortedSetView set = c.find<SortedSetView>(c.key());
  c.reply.array(static_cast<int64_t>(c.args.left()));
  for (const std::string_view member : c.args.rest()) reply_score(c, set.score(member));
}

void reply_rank(CommandContext& c, bool reverse) {
  if (c.args.size() > 4) fail("ERR wrong number of arguments for '{}' command", c.command.name);
  c.args.skip(2);
  const bool with_score = c.args.take("WITHSCORE");
  c.args.end();
  const SortedSetView set = c.find<SortedSetView>(c.key());
  const auto rank = set.rank(c.args[2]);
  if (!rank) return with_score ? c.reply.null_array() : c.reply.null();
  const size_t place = reverse ? set.size() - 1 - *rank : *rank;
  if (with_score) c.reply.array(2);
  c.reply.integer(static_cast<int64_t>(place));
  if (with_score) c.reply.real(set.at(*rank).score);
}
void zrank(CommandContext& c) {
  reply_rank(c, false);
}
void zrevrank(CommandContext& c) {
  reply_rank(c, true);
}

void zpopmin(CommandContext& c) {
  pop_counted(c, Extreme::kLowest);
}
void zpopmax(CommandContext& c) {
  pop_counted(c, Extreme::kHighest);
}

void zmpop(CommandContext& c) {
  const PopMembers wanted = parse_pop_members(c, 1);
  if (!pop_from_first(c, wanted)) c.reply.null_array();
}

void zrandmember(CommandContext& c) {
  const RandomCount wanted = parse_random_count(c, "WITHSCORES");
  const SortedSetView set = c.find<SortedSetView>(c.key());
  const size_t size = set.size();
  const auto draw = [&] { return set.at(thread_random().below(size)); };
  if (!wanted.given) {
    if (size == 0) return c.reply.null();
    return c.reply_item(draw().member);
  }
  if (size == 0 || wanted.count == 0) return c.reply.array(0);
  const bool repeated = wanted.count < 0;
  const size_t count = repeated ? wanted.amount() : std::min(wanted.amount(), size);
  const bool nested = wanted.with_values && c.reply.protocol() > 2;
  c.reply.array(static_cast<int64_t>(count * (wanted.with_values && !nested ? 2 : 1)));
  const auto take = [&](const ScoredItem& item) {
    if (nested) c.reply.array(2);
    c.reply_item(item.member);
    if (wanted.with_values) c.reply.real(item.score);
  };
  if (repeated) {
    for (size_t i = 0; i < count; ++i) take(draw());
    return;
  }
  select(
      size, count,
      [&](auto&& f) {
        set.for_each(0, [&](const ScoredItem& item) {
          f(item);
          return true;
        });
      },
      take);
}

using schema::CommandSpec;
using schema::counted_keys_at;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kSortedSet = schema::Group::kSortedSet;

constexpr CommandSpec kRows[] = {
    {.syntax = "ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
     .handler = zadd,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kSortedSet,
     .since = "1.2.0",
     .complexity =
         "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
     .summary = "Adds one or more members to a sorted set, or updates their scores. Creates the "
                "key if it doesn't exist."},
    {.syntax = "ZCARD key",
     .handler = zcard,
     .keys = {key_at(1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kSortedSet,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Returns the number of members in a sorted set."},
    {.syntax = "ZINCRBY key increment member",
     .handler = zincrby,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kSortedSet,
     .since = "1.2.0",
     .complexity = "O(log(N)) where N is the number of elements in the sorted set.",
     .summary = "Increments the score of a member in a sorted set."},
    {.syntax = "ZMPOP numkeys key [key ...] <MIN | MAX> [COUNT count]",
     .handler = zmpop,
     .keys = {counted_keys_at(1, kRW | kAccess | kDelete)},
     .flags = kWrite,
     .group = kSortedSet,
     .since = "7.0.0",
     .complexity = "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number "
                   "of elements in the sorted set, and M being the number of elements popped.",
     .summary = "Returns the highest- or lowest-scoring members from one or more sorted sets after "
                "removing them. Deletes the sorted set if the last member was popped."},
    {.syntax = "ZMSCORE key member [member ...]",
     .handler = zmscore,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kSortedSet,
     .since = "6.2.0",
     .complexity = "O(N) where N is the number of members being requested.",
     .summary = "Returns the score of one or more members in a sorted set."},
    {.syntax = "ZPOPMAX key [count]",
     .handler = zpopmax,
     .keys = {key_at(1, kRW | kAccess | kDelete)},
     .flags = kWrite | kFast,
     .group = kSortedSet,
     .since = "5.0.0",
     .complexity = "O(log(N)*M) with N being the number of elements in the sorted set, and M being "
                   "the number of elements popped.",
     .summary = "Returns the highest-scoring members from a sorted set after removing them. "
                "Deletes the sorted set if the last member was popped."},
    {.syntax = "ZPOPMIN key [count]",
     .handler = zpopmin,
     .keys = {key_at(1, kRW | kAccess | kDelete)},
     .flags = kWrite | kFast,
     .group = kSortedSet,
     .since = "5.0.0",
     .complexity = "O(log(N)*M) with N being the number of elements in the sorted set, and M being "
                   "the number of elements popped.",
     .summary = "Returns the lowest-scoring members from a sorted set after removing them. Deletes "
                "the sorted set if the last member was popped."},
    {.syntax = "ZRANDMEMBER key [count [WITHSCORES]]",
     .handler = zrandmember,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "6.2.0",
     .complexity = "O(N) where N is the number of elements returned",
     .summary = "Returns one or more random members from a sorted set."},
    {.syntax = "ZRANK key member [WITHSCORE]",
     .handler = zrank,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kSortedSet,
     .since = "2.0.0",
     .complexity = "O(log(N))",
     .summary = "Returns the index of a member in a sorted set ordered by ascending scores."},
    {.syntax = "ZREM key member [member ...]",
     .handler = zrem,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite | kFast,
     .group = kSortedSet,
     .since = "1.2.0",
     .complexity = "O(M*log(N)) with N being the number of elements in the sorted set and M the "
                   "number of elements to be removed.",
     .summary = "Removes one or more members from a sorted set. Deletes the sorted set if all "
                "members were removed."},
    {.syntax = "ZREVRANK key member [WITHSCORE]",
     .handler = zrevrank,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kSortedSet,
     .since = "2.0.0",
     .complexity = "O(log(N))",
     .summary = "Returns the index of a member in a sorted set ordered by descending scores."},
    {.syntax = "ZSCORE key member",
     .handler = zscore,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kSortedSet,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Returns the score of a member in a sorted set."},
};

}  // namespace

Rows sorted_set_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
