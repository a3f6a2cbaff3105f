// Ranges of sorted sets: ZRANGE and its older forms, counts, removal by range.
#include "commands/sorted_set_ranges.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using store::ScoredItem;
using store::SortedSetEdit;
using store::SortedSetView;
using By = RangeQuery::By;

// What a command's name has settled already; the rest is up to its options.
struct Form {
  std::optional<By> by{};
  std::optional<bool> reverse{};
  bool stores = false;
};

struct Parsed {
  RangeQuery query;
  bool with_scores = false;
};

// "min max [options]" from the next argument on.
Parsed parse_range(CommandContext& c, Form form) {
  Parsed parsed;
  RangeQuery& query = parsed.query;
  query.by = form.by.value_or(By::kRank);
  query.reverse = form.reverse.value_or(false);
  std::string_view low = c.args.next();
  std::string_view high = c.args.next();
  bool limited = false;
  while (!c.args.at_end()) {
    if (!form.stores && c.args.take("WITHSCORES")) {
      parsed.with_scores = true;
    } else if (c.args.left() >= 3 && c.args.take("LIMIT")) {
      query.offset = c.args.next_integer();
      query.limit = c.args.next_integer();
      limited = true;
    } else if (!form.reverse && c.args.take("REV")) {
      query.reverse = true;
      form.reverse = true;
    } else if (!form.by && c.args.take("BYLEX")) {
      query.by = By::kLex;
      form.by = By::kLex;
    } else if (!form.by && c.args.take("BYSCORE")) {
      query.by = By::kScore;
      form.by = By::kScore;
    } else {
      fail(resp::error_text::kSyntax);
    }
  }
  if (limited && query.limit != -1 && query.by == By::kRank)
    fail("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  if (parsed.with_scores && query.by == By::kLex)
    fail("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  if (query.reverse && query.by != By::kRank) std::swap(low, high);
  switch (query.by) {
    case By::kRank: {
      const auto start = parse_int64(low);
      const auto stop = parse_int64(high);
      if (!start || !stop) fail(resp::error_text::kNotInteger);
      query.start = *start;
      query.stop = *stop;
      break;
    }
    case By::kScore:
      query.scores = parse_score_range(low, high);
      break;
    case By::kLex:
      query.lex = parse_lex_range(low, high);
  }
  return parsed;
}

void reply_range(CommandContext& c, const Form& form) {
  c.args.skip(1);
  const Parsed parsed = parse_range(c, form);
  const SortedSetView set = c.find<SortedSetView>(c.key());
  const Visit range = look_up(set, parsed.query);
  const bool nested = parsed.with_scores && c.reply.protocol() > 2;
  const bool flat = parsed.with_scores && !nested;
  c.reply.array(static_cast<int64_t>(range.count * (flat ? 2 : 1)));
  visit(set, range, [&](const ScoredItem& item) {
    if (nested) c.reply.array(2);
    c.reply_item(item.member);
    if (parsed.with_scores) c.reply.real(item.score);
  });
}

void zrange(CommandContext& c) {
  reply_range(c, {});
}
void zrevrange(CommandContext& c) {
  reply_range(c, {.by = By::kRank, .reverse = true});
}
void zrangebyscore(CommandContext& c) {
  reply_range(c, {.by = By::kScore, .reverse = false});
}
void zrevrangebyscore(CommandContext& c) {
  reply_range(c, {.by = By::kScore, .reverse = true});
}
void zrangebylex(CommandContext& c) {
  reply_range(c, {.by = By::kLex, .reverse = false});
}
void zrevrangebylex(CommandContext& c) {
  reply_range(c, {.by = By::kLex, .reverse = true});
}

void zrangestore(CommandContext& c) {
  c.args.skip(2);
  const Parsed parsed = parse_range(c, {std::nullopt, std::nullopt, true});
  const SortedSetView source = c.find<SortedSetView>(c.key(1));
  const Visit range = look_up(source, parsed.query);
  std::vector<std::pair<std::string, double>> items;
  size_t longest = 0;
  visit(source, range, [&](const ScoredItem& item) {
    char digits[kInt64Digits];
    items.emplace_back(item.member.text(digits), item.score);
    longest = std::max(longest, items.back().first.size());
  });
  const Key& target = c.key(0);
  const bool was_there = c.keys.erase_to_replace(target);
  c.reply.integer(static_cast<int64_t>(items.size()));
  if (items.empty()) {
    if (was_there) c.keys.announce("del", target);
    return;
  }
  SortedSetEdit set(c.keys, target);
  set.expect(items.size(), longest);
  for (const auto& [member, score] : items) set.put(member, score);
  set.announce("zrangestore");
}

void zcount(CommandContext& c) {
  const store::ScoreRange range = parse_score_range(c.args[2], c.args[3]);
  c.reply.integer(static_cast<int64_t>(c.find<SortedSetView>(c.key()).ranks_of(range).count));
}

void zlexcount(CommandContext& c) {
  const store::LexRange range = parse_lex_range(c.args[2], c.args[3]);
  c.reply.integer(static_cast<int64_t>(c.find<SortedSetView>(c.key()).ranks_of(range).count));
}

void remove_range(CommandContext& c, By by, std::string_view event) {
  c.args.skip(1);
  const RangeQuery query = parse_range(c, {.by = by, .reverse = false}).query;
  auto set = c.edit<SortedSetEdit>(c.key());
  const Visit range = look_up(set.view(), query);
  c.reply.integer(static_cast<int64_t>(range.count));
  if (range.count == 0) return;
  set.erase(store::RankRange{range.first, range.count});
  set.announce(event);
}
void zremrangebyrank(CommandContext& c) {
  remove_range(c, By::kRank, "zremrangebyrank");
}
void zremrangebyscore(CommandContext& c) {
  remove_range(c, By::kScore, "zremrangebyscore");
}
void zremrangebylex(CommandContext& c) {
  remove_range(c, By::kLex, "zremrangebylex");
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kSortedSet = schema::Group::kSortedSet;

constexpr CommandSpec kRows[] = {
    {.syntax = "ZCOUNT key min max",
     .handler = zcount,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kSortedSet,
     .since = "2.0.0",
     .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
     .summary = "Returns the count of members in a sorted set that have scores within a range."},
    {.syntax = "ZLEXCOUNT key min max",
     .handler = zlexcount,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kSortedSet,
     .since = "2.8.9",
     .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
     .summary = "Returns the number of members in a sorted set within a lexicographical range."},
    {.syntax = "ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
     .handler = zrange,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "1.2.0",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements returned.",
     .summary = "Returns members in a sorted set within a range of indexes."},
    {.syntax = "ZRANGEBYLEX key min max [LIMIT offset count]",
     .handler = zrangebylex,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "2.8.9",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements being returned. If M is constant (e.g. always asking for "
                   "the first 10 elements with LIMIT), you can consider it O(log(N)).",
     .summary = "Returns members in a sorted set within a lexicographical range."},
    {.syntax = "ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]",
     .handler = zrangebyscore,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "1.0.5",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements being returned. If M is constant (e.g. always asking for "
                   "the first 10 elements with LIMIT), you can consider it O(log(N)).",
     .summary = "Returns members in a sorted set within a range of scores."},
    {.syntax = "ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
     .handler = zrangestore,
     .keys = {key_at(1, kOW | kUpdate), key_at(2, kRO | kAccess)},
     .flags = kWrite | kDenyOom,
     .group = kSortedSet,
     .since = "6.2.0",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements stored into the destination key.",
     .summary = "Stores a range of members from sorted set in a key."},
    {.syntax = "ZREMRANGEBYLEX key min max",
     .handler = zremrangebylex,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite,
     .group = kSortedSet,
     .since = "2.8.9",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements removed by the operation.",
     .summary = "Removes members in a sorted set within a lexicographical range. Deletes the "
                "sorted set if all members were removed."},
    {.syntax = "ZREMRANGEBYRANK key start stop",
     .handler = zremrangebyrank,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite,
     .group = kSortedSet,
     .since = "2.0.0",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements removed by the operation.",
     .summary = "Removes members in a sorted set within a range of indexes. Deletes the sorted set "
                "if all members were removed."},
    {.syntax = "ZREMRANGEBYSCORE key min max",
     .handler = zremrangebyscore,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite,
     .group = kSortedSet,
     .since = "1.2.0",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements removed by the operation.",
     .summary = "Removes members in a sorted set within a range of scores. Deletes the sorted set "
                "if all members were removed."},
    {.syntax = "ZREVRANGE key start stop [WITHSCORES]",
     .handler = zrevrange,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "1.2.0",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements returned.",
     .summary = "Returns members in a sorted set within a range of indexes in reverse order."},
    {.syntax = "ZREVRANGEBYLEX key max min [LIMIT offset count]",
     .handler = zrevrangebylex,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "2.8.9",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements being returned. If M is constant (e.g. always asking for "
                   "the first 10 elements with LIMIT), you can consider it O(log(N)).",
     .summary = "Returns members in a sorted set within a lexicographical range in reverse order."},
    {.syntax = "ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]",
     .handler = zrevrangebyscore,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "2.2.0",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements being returned. If M is constant (e.g. always asking for "
                   "the first 10 elements with LIMIT), you can consider it O(log(N)).",
     .summary = "Returns members in a sorted set within a range of scores in reverse order."},
};

}  // namespace

Rows sorted_set_range_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
