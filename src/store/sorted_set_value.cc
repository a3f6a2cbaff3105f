#include "store/sorted_set_value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <memory>

namespace scrubjay::store {

using objects::Listpack;
using objects::PackedText;
using objects::SortedSet;

namespace {

// Scores that are whole numbers are kept as numbers, others as their shortest text.
std::string score_text(double score) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: every whole number below has a double
  if (score >= -kExact && score <= kExact && score == std::trunc(score))
    return std::to_string(static_cast<int64_t>(score));
  return format_double(score);
}

struct Packed {
  size_t at;
  double score;
};

// Where the member stands, and its score.
std::optional<Packed> find_packed(const Listpack& pack, std::string_view member) {
  const size_t at = pack.find(PackedText(member), pack.begin(), 2);
  if (at == pack.end()) return std::nullopt;
  return Packed{at, packed_score(pack.item(pack.next(at)))};
}

// How many pairs from the front satisfy `before(member, score)`, which holds for a prefix.
template <class Before>
size_t count_before(const Listpack& pack, Before&& before) {
  char digits[kInt64Digits];
  size_t count = 0;
  for (size_t at = pack.begin(); at != pack.end(); ++count) {
    const PackedItem member = pack.read(at);
    const double score = packed_score(pack.read(at));
    if (!before(member.text(digits), score)) break;
  }
  return count;
}

RankRange between(size_t first, size_t end) {
  return {first, end > first ? end - first : 0};
}

}  // namespace

double packed_score(const PackedItem& item) {
  if (item.is_number()) return static_cast<double>(item.number);
  const std::string_view text(item.bytes, item.size);
  double score = 0;
  std::from_chars(text.data(), text.data() + text.size(), score);
  return score;
}

bool LexRange::starts_after(std::string_view member) const {
  switch (low.kind) {
    case LexBound::Kind::kLowest:
      return false;
    case LexBound::Kind::kHighest:
      return true;
    case LexBound::Kind::kIncluding:
      return member < low.text;
    default:
      return member <= low.text;
  }
}

bool LexRange::ends_before(std::string_view member) const {
  switch (high.kind) {
    case LexBound::Kind::kLowest:
      return true;
    case LexBound::Kind::kHighest:
      return false;
    case LexBound::Kind::kIncluding:
      return member > high.text;
    default:
      return member >= high.text;
  }
}

size_t SortedSetView::size() const {
  if (entry_ == nullptr) return 0;
  if (const SortedSet* set = object()) return set->size();
  return Listpack(entry_->string()).count() / 2;
}

std::optional<double> SortedSetView::score(std::string_view member) const {
  if (entry_ == nullptr) return std::nullopt;
  if (const SortedSet* set = object()) return set->score(member);
  const auto found = find_packed(Listpack(entry_->string()), member);
  if (!found) return std::nullopt;
  return found->score;
}

std::pair<std::optional<double>, std::optional<double>> SortedSetView::scores(
    std::string_view first, std::string_view second) const {
  if (const SortedSet* set = object()) {
    set->prefetch_node(first);
    set->prefetch_node(second);
  }
  return {score(first), score(second)};
}

std::optional<size_t> SortedSetView::rank(std::string_view member) const {
  if (entry_ == nullptr) return std::nullopt;
  if (const SortedSet* set = object()) return set->rank(member);
  const Listpack pack(entry_->string());
  const PackedText text(member);
  size_t rank = 0;
  for (size_t at = pack.begin(); at != pack.end(); at = pack.next(pack.next(at)), ++rank) {
    if (pack.item(at) == text) return rank;
  }
  return std::nullopt;
}

RankRange SortedSetView::ranks_of(const ScoreRange& range) const {
  if (entry_ == nullptr || range.low > range.high) return {};
  if (const SortedSet* set = object()) {
    const size_t first =
        range.above_low ? set->count_not_above(range.low) : set->count_below(range.low);
    const size_t end =
        range.below_high ? set->count_below(range.high) : set->count_not_above(range.high);
    return between(first, end);
  }
  const Listpack pack(entry_->string());
  const size_t first =
      count_before(pack, [&](std::string_view, double score) { return range.starts_after(score); });
  const size_t end =
      count_before(pack, [&](std::string_view, double score) { return !range.ends_before(score); });
  return between(first, end);
}

RankRange SortedSetView::ranks_of(const LexRange& range) const {
  using Kind = LexBound::Kind;
  if (entry_ == nullptr) return {};
  if (const SortedSet* set = object()) {
    const auto before = [&](const LexBound& bound, bool with_equal) -> size_t {
      if (bound.kind == Kind::kLowest) return 0;
      if (bound.kind == Kind::kHighest) return set->size();
      return with_equal ? set->count_lex_not_above(bound.text) : set->count_lex_below(bound.text);
    };
    return between(before(range.low, range.low.kind == Kind::kExcluding),
                   before(range.high, range.high.kind == Kind::kIncluding));
  }
  const Listpack pack(entry_->string());
  const size_t first = count_before(
      pack, [&](std::string_view member, double) { return range.starts_after(member); });
  const size_t end = count_before(
      pack, [&](std::string_view member, double) { return !range.ends_before(member); });
  return between(first, end);
}

ScoredItem SortedSetView::at(size_t rank) const {
  if (const SortedSet* set = object()) {
    const auto item = set->at(rank);
    return {packed(item.member), item.score};
  }
  const Listpack pack(entry_->string());
  const size_t at = pack.at_index(2 * rank);
  return {pack.item(at), packed_score(pack.item(pack.next(at)))};
}

SortedSet* SortedSetEdit::object() {
  Entry* const entry = value_.entry();
  return entry != nullptr && entry->is_object() ? &entry->object<SortedSet>() : nullptr;
}

void SortedSetEdit::unpack() {
  auto set = std::make_unique<SortedSet>();
  char digits[kInt64Digits];
  view().for_each(0, [&](const ScoredItem& item) {
    set->put(item.member.text(digits), item.score);
    return true;
  });
  value_.become(Encoding::kSkiplist, set.release());
}

void SortedSetEdit::expect(size_t count, size_t longest) {
  const CompactLimits& limits = value_.keys().keyspace().limits;
  const auto most = static_cast<size_t>(limits.sorted_set_entries);
  Entry* const entry = value_.entry();
  if (entry != nullptr) {
    if (!entry->is_object() && count > most) unpack();
    return;
  }
  if (count <= most && longest <= limits.sorted_set_value)
    value_.create(Type::kSortedSet, Encoding::kListpack, objects::empty_listpack());
  else
    value_.create(Type::kSortedSet, Encoding::kSkiplist, new SortedSet);
}

void SortedSetEdit::insert_packed(std::string_view member, double score) {
  const Listpack pack(value_.view());
  char digits[kInt64Digits];
  size_t at = pack.begin();
  while (at != pack.end()) {
    size_t next = at;
    const PackedItem other = pack.read(next);
    const double other_score = packed_score(pack.read(next));
    if (other_score > score || (other_score == score && other.text(digits) > member)) break;
    at = next;
  }
  const std::string text = score_text(score);
  at = objects::listpack_insert(value_, at, PackedText(member));
  objects::listpack_insert(value_, at, PackedText(text));
}

SortedSetEdit::Put SortedSetEdit::put(std::string_view member, double score) {
  if (!value_.exists()) expect(1, member.size());
  if (SortedSet* set = object()) return set->put(member, score);
  const Listpack pack(value_.view());
  if (const auto found = find_packed(pack, member)) {
    if (found->score == score) return Put::kSame;
    objects::listpack_erase(value_, found->at, 2);
    insert_packed(member, score);
    return Put::kUpdated;
  }
  const CompactLimits& limits = value_.keys().keyspace().limits;
  if (pack.count() / 2 + 1 > static_cast<size_t>(limits.sorted_set_entries) ||
      member.size() > limits.sorted_set_value) {
    unpack();
    return object()->put(member, score);
  }
  insert_packed(member, score);
  return Put::kAdded;
}

bool SortedSetEdit::erase(std::string_view member) {
  if (!value_.exists()) return false;
  if (SortedSet* set = object()) return set->erase(member);
  const auto found = find_packed(Listpack(value_.view()), member);
  if (!found) return false;
  objects::listpack_erase(value_, found->at, 2);
  return true;
}

void SortedSetEdit::erase(const RankRange& ranks) {
  if (ranks.count == 0) return;
  if (SortedSet* set = object()) {
    set->erase_ranks(ranks.first, ranks.count);
    return;
  }
  objects::listpack_erase(value_, Listpack(value_.view()).at_index(2 * ranks.first),
                          2 * ranks.count);
}

void SortedSetEdit::announce(std::string_view event) {
  value_.announce(event);
  if (view().size() > 0) return;
  value_.erase();
  value_.announce("del");
}

}  // namespace scrubjay::store
