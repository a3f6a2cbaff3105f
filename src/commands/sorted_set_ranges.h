// Ranges of sorted sets as commands name them: by rank, by score, by member.
#pragma once

#include "engine/context.h"
#include "store/sorted_set_value.h"

namespace scrubjay::commands {

// "1.5", "(1.5", "-inf"; -ERR min or max is not a float else.
store::ScoreRange parse_score_range(std::string_view low, std::string_view high);
// "[a", "(a", "-", "+"; -ERR min or max not valid string range item else.
store::LexRange parse_lex_range(std::string_view low, std::string_view high);

// What a range command asks for, parsed but not yet looked up.
struct RangeQuery {
  enum class By : uint8_t { kRank, kScore, kLex };
  By by = By::kRank;
  bool reverse = false;
  int64_t start = 0;  // by rank
  int64_t stop = 0;
  store::ScoreRange scores;
  store::LexRange lex;
  int64_t offset = 0;
  int64_t limit = -1;  // negative: all
};

// The ranks to visit: the first one visited, how many, and whether downwards.
struct Visit {
  size_t first = 0;
  size_t count = 0;
  bool downwards = false;
};
Visit look_up(const store::SortedSetView& set, const RangeQuery& query);

// Calls f(ScoredItem) for each.
template <class F>
void visit(const store::SortedSetView& set, const Visit& range, F&& f) {
  size_t left = range.count;
  if (left == 0) return;
  const auto step = [&](const store::ScoredItem& item) {
    f(item);
    return --left > 0;
  };
  if (range.downwards)
    set.for_each_backwards(range.first, step);
  else
    set.for_each(range.first, step);
}

// The score as an argument: a number, inf or -inf; nothing for NaN and other text.
std::optional<double> parse_score(std::string_view text);

}  // namespace scrubjay::commands
