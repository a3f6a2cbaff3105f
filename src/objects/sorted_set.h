// A large sorted set: a hash table from member to node, and a tree of the nodes in order of score.
// Used under the lock of the value's owner; freed by whichever thread drops it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/background.h"
#include "base/hash.h"
#include "objects/rank_tree.h"
#include "scrubjay/detail/table.h"

namespace scrubjay::objects {

class SortedSet {
 public:
  enum class Put : uint8_t { kAdded, kUpdated, kSame };
  struct Item {
    std::string_view member;
    double score;
  };
  // A position in the order. Dies with the next change.
  class Iterator {
   public:
    Item operator*() const { return item_of(*at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator& operator--() {
      --at_;
      return *this;
    }
    bool at_end() const { return at_.at_end(); }  // behind the last, or before the first

   private:
    friend SortedSet;
    explicit Iterator(RankTree::Iterator at) : at_(at) {}
    RankTree::Iterator at_;
  };

  SortedSet() = default;
  ~SortedSet();
  SortedSet(const SortedSet&) = delete;
  SortedSet& operator=(const SortedSet&) = delete;

  size_t size() const { return table_.size(); }
  std::optional<double> score(std::string_view member) const;
  // `score` is no NaN.
  Put put(std::string_view member, double score);
  bool erase(std::string_view member);
  // Ranks count from the lowest score.
  std::optional<size_t> rank(std::string_view member) const;
  Iterator at_rank(size_t rank) const { return Iterator(tree_.at_rank(rank)); }
  // The first with a score not below the given one.
  Iterator at_score(double score) const { return Iterator(tree_.at_score(score)); }
  Item at(size_t rank) const { return *at_rank(rank); }

  // How many members have a score below the given one; and not above it.
  size_t count_below(double score) const;
  size_t count_not_above(double score) const;
  // The same by member, where all scores are equal.
  size_t count_lex_below(std::string_view member) const;
  size_t count_lex_not_above(std::string_view member) const;

  void erase_ranks(size_t first, size_t count);

  // f(Item). As Table::scan: a cursor below 2^48, 0 at the end.
  template <class F>
  uint64_t scan(uint64_t cursor, size_t count, F&& f) const {
    return table_.scan(cursor, count, [&](const ScoreNode* node) { f(item_of(node)); });
  }

  // Fetches what a lookup of this name will touch first, and what it will touch then.
  void prefetch(std::string_view name) const { table_.prefetch_bucket(hash_of(name)); }
  void prefetch_node(std::string_view name) const { table_.prefetch_entry(hash_of(name)); }

  size_t memory_bytes() const {
    return sizeof *this + table_.memory_bytes() + tree_.memory_bytes() + node_bytes_;
  }
  std::unique_ptr<SortedSet> clone() const;
  void check_invariants() const;

 private:
  struct Traits {
    static uint64_t hash(const ScoreNode* node) { return hash_of(node->member()); }
  };
  using Table = detail::Table<ScoreNode, Traits>;

  static Item item_of(const ScoreNode* node) { return {node->member(), node->score()}; }
  Table::Slot find(std::string_view member, uint64_t hash) const {
    return table_.find(hash, [&](const ScoreNode* node) { return node->member() == member; });
  }
  void discard(Table::Slot slot);

  Table table_{&Background::retire};
  RankTree tree_;
  size_t node_bytes_ = 0;
};

}  // namespace scrubjay::objects
