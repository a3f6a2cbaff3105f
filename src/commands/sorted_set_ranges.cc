#include "commands/sorted_set_ranges.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

namespace scrubjay::commands {

using namespace engine;
using store::LexBound;
using store::SortedSetView;

std::optional<double> parse_score(std::string_view text) {
  const auto score = parse_double(text);
  if (!score || std::isnan(*score)) return std::nullopt;
  return score;
}

namespace {

double parse_bound(std::string_view text, bool& excluding) {
  excluding = text.starts_with('(');
  if (excluding) text.remove_prefix(1);
  // As the C library reads numbers: blanks in front, overflow and nothing at all are fine.
  const std::string number(text);
  char* end = nullptr;
  const double score = std::strtod(number.c_str(), &end);
  if (*end != '\0' || std::isnan(score)) fail("ERR min or max is not a float");
  return score;
}

LexBound parse_lex_bound(std::string_view text) {
  using Kind = LexBound::Kind;
  if (text == "-") return {Kind::kLowest, {}};
  if (text == "+") return {Kind::kHighest, {}};
  if (text.starts_with('[')) return {Kind::kIncluding, text.substr(1)};
  if (text.starts_with('(')) return {Kind::kExcluding, text.substr(1)};
  fail("ERR min or max not valid string range item");
}

}  // namespace

store::ScoreRange parse_score_range(std::string_view low, std::string_view high) {
  store::ScoreRange range;
  range.low = parse_bound(low, range.above_low);
  range.high = parse_bound(high, range.below_high);
  return range;
}

store::LexRange parse_lex_range(std::string_view low, std::string_view high) {
  return {parse_lex_bound(low), parse_lex_bound(high)};
}

Visit look_up(const SortedSetView& set, const RangeQuery& query) {
  const size_t size = set.size();
  if (query.by == RangeQuery::By::kRank) {
    const auto length = static_cast<int64_t>(size);
    int64_t start = query.start < 0 ? std::max<int64_t>(query.start + length, 0) : query.start;
    int64_t stop = query.stop < 0 ? query.stop + length : query.stop;
    stop = std::min(stop, length - 1);
    if (start > stop) return {};
    const auto count = static_cast<size_t>(stop - start + 1);
    const auto first = static_cast<size_t>(start);
    return {query.reverse ? size - 1 - first : first, count, query.reverse};
  }
  const store::RankRange ranks =
      query.by == RangeQuery::By::kScore ? set.ranks_of(query.scores) : set.ranks_of(query.lex);
  if (query.offset < 0 || static_cast<uint64_t>(query.offset) >= ranks.count) return {};
  const auto offset = static_cast<size_t>(query.offset);
  size_t count = ranks.count - offset;
  if (query.limit >= 0) count = std::min(count, static_cast<size_t>(query.limit));
  if (count == 0) return {};
  const size_t first =
      query.reverse ? ranks.first + ranks.count - 1 - offset : ranks.first + offset;
  return {first, count, query.reverse};
}

}  // namespace scrubjay::commands
