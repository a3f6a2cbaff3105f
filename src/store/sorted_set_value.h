// Sorted sets, whatever their encoding: a view for reading and an edit for writing. A small one is
// a listpack in its entry (member, score, member, score ... in order), a large one an
// objects::SortedSet. For one command, under the key's lock.
#pragma once

#include <optional>

#include "objects/listpack.h"
#include "objects/sorted_set.h"
#include "store/hash_value.h"
#include "store/value_edit.h"

namespace scrubjay::store {

struct ScoredItem {
  PackedItem member;
  double score;
};

// A range of ranks: [first, first + count).
struct RankRange {
  size_t first = 0;
  size_t count = 0;
};

struct ScoreRange {
  double low = 0;
  double high = 0;
  bool above_low = false;   // low itself is outside
  bool below_high = false;  // high itself is outside

  bool starts_after(double score) const { return above_low ? score <= low : score < low; }
  bool ends_before(double score) const { return below_high ? score >= high : score > high; }
};

struct LexBound {
  enum class Kind : uint8_t { kLowest, kHighest, kIncluding, kExcluding };
  Kind kind = Kind::kLowest;
  std::string_view text;
};
struct LexRange {
  LexBound low;
  LexBound high;

  bool starts_after(std::string_view member) const;
  bool ends_before(std::string_view member) const;
};

// The score of a listpack's item; a score that is no integer stands there as text.
double packed_score(const PackedItem& item);

class SortedSetView {
 public:
  static constexpr Type kType = Type::kSortedSet;

  // nullptr is a set without members.
  explicit SortedSetView(const Entry* entry) : entry_(entry) {}

  size_t size() const;
  std::optional<double> score(std::string_view member) const;
  // Of two members, faster than one after the other.
  std::pair<std::optional<double>, std::optional<double>> scores(std::string_view first,
                                                                 std::string_view second) const;
  // The rank from the lowest.
  std::optional<size_t> rank(std::string_view member) const;
  RankRange ranks_of(const ScoreRange& range) const;
  RankRange ranks_of(const LexRange& range) const;
  // f(ScoredItem) -> bool from `rank` upwards; stops at false.
  template <class F>
  void for_each(size_t rank, F&& f) const {
    if (rank >= size()) return;
    if (const auto* set = object()) {
      for (auto it = set->at_rank(rank); !it.at_end(); ++it) {
        const auto item = *it;
        if (!f(ScoredItem{packed(item.member), item.score})) return;
      }
      return;
    }
    const objects::Listpack pack(entry_->string());
    for (size_t at = pack.at_index(2 * rank); at != pack.end();) {
      const PackedItem member = pack.read(at);
      if (!f(ScoredItem{member, packed_score(pack.read(at))})) return;
    }
  }
  // The same upwards from the first score that is not below `low`.
  template <class F>
  void for_each_from_score(double low, F&& f) const {
    if (const auto* set = object()) {
      for (auto it = set->at_score(low); !it.at_end(); ++it) {
        const auto item = *it;
        if (!f(ScoredItem{packed(item.member), item.score})) return;
      }
      return;
    }
    for_each(0, [&](const ScoredItem& item) { return item.score < low || f(item); });
  }
  // As for_each, but downwards.
  template <class F>
  void for_each_backwards(size_t rank, F&& f) const {
    if (rank >= size()) return;
    if (const auto* set = object()) {
      for (auto it = set->at_rank(rank); !it.at_end(); --it) {
        const auto item = *it;
        if (!f(ScoredItem{packed(item.member), item.score})) return;
      }
      return;
    }
    const objects::Listpack pack(entry_->string());
    for (size_t at = pack.at_index(2 * rank);; at = pack.previous(pack.previous(at))) {
      const PackedItem score = pack.item(pack.next(at));
      if (!f(ScoredItem{pack.item(at), packed_score(score)}) || at == pack.begin()) return;
    }
  }
  ScoredItem at(size_t rank) const;
  const objects::SortedSet* object() const {
    return entry_ != nullptr && entry_->is_object() ? &entry_->object<objects::SortedSet>()
                                                    : nullptr;
  }
  const Entry* entry() const { return entry_; }

 private:
  const Entry* entry_;
};

class SortedSetEdit {
 public:
  static constexpr Type kType = Type::kSortedSet;
  using Put = objects::SortedSet::Put;

  SortedSetEdit(LockedKeys& keys, const Key& key) : value_(keys, key) {}

  SortedSetView view() { return SortedSetView(value_.entry()); }
  const Entry* entry() { return value_.entry(); }
  // So many members are going to be put, the longest of so many bytes.
  void expect(size_t count, size_t longest);
  // `score` is no NaN.
  Put put(std::string_view member, double score);
  bool erase(std::string_view member);
  void erase(const RankRange& ranks);
  // Announces the event; if no member is left, the set goes and says so.
  void announce(std::string_view event);

 private:
  objects::SortedSet* object();
  void unpack();
  void insert_packed(std::string_view member, double score);

  ValueEdit value_;
};

}  // namespace scrubjay::store
