// An order-statistic B+ tree of ScoreNodes: the order of a large sorted set. Any rank, score or
// member is found in O(log n), and so is the rank of what was found.
//
// Leaves hold node pointers alone and are linked both ways. An inner node keeps for each child the
// number of nodes below it, and the child's first node with a copy of its score, so that the way
// down rarely touches a member. In a leaf a few evenly spaced nodes are fetched at once before they
// are compared: two rounds of cache misses instead of one for each step of a binary search. A full
// leaf gives to a neighbour before it splits (as B*-trees do: Knuth, The Art of Computer
// Programming 3, 6.2.4), and at either end it splits unevenly, so that ascending inserts leave full
// leaves behind.
//
// Cost: some 10 to 11 bytes a node after random inserts, 9 after ascending ones. The tree does not
// own the nodes. Used under the lock of the value's owner.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "objects/score_node.h"

namespace scrubjay::objects {

class RankTree {
  struct Leaf;

 public:
  RankTree() = default;
  ~RankTree();
  RankTree(const RankTree&) = delete;
  RankTree& operator=(const RankTree&) = delete;

  // A position in the order. Dies with the next change of the tree.
  class Iterator {
   public:
    bool at_end() const { return leaf_ == nullptr; }
    ScoreNode* operator*() const { return leaf_->nodes[index_]; }
    Iterator& operator++();
    Iterator& operator--();  // before the first: at_end()

   private:
    friend RankTree;
    Iterator(Leaf* leaf, unsigned index) : leaf_(leaf), index_(index) {}
    Leaf* leaf_;
    unsigned index_;
  };

  size_t size() const { return size_; }
  size_t memory_bytes() const { return memory_; }

  // The node must not be in the tree, and no other with its score and member.
  void insert(ScoreNode* node);
  // The node must be in the tree.
  void erase(ScoreNode* node);
  // Gives a node of the tree another score, and its place.
  void change_score(ScoreNode* node, double score);

  // Precondition: rank < size().
  Iterator at_rank(size_t rank) const;
  size_t rank(const ScoreNode* node) const {
    return count_while([&](const ScoreNode* other, double score) {
      return score < node->score() || (score == node->score() && other->member() < node->member());
    });
  }
  // How many nodes stand before the first for which before(node, score) is false. It must hold for
  // a prefix of the order.
  template <class Before>
  size_t count_while(Before&& before) const {
    size_t count = 0;
    void* at = root_;
    for (unsigned level = height_; level > 0; --level) {
      const Inner& inner = *static_cast<Inner*>(at);
      const unsigned children = inner.count_lows(before);
      if (children == 0) return count;
      for (unsigned i = 0; i + 1 < children; ++i) count += inner.sizes[i];
      at = inner.children[children - 1];
    }
    return at == nullptr ? 0 : count + static_cast<Leaf*>(at)->count_nodes(before);
  }

  // Aborts when something is wrong; reads every node.
  void check_invariants() const;

 private:
  static constexpr unsigned kLeafNodes = 60;
  static constexpr unsigned kChildren = 32;
  static constexpr unsigned kMaxHeight = 16;

  // The first of [low, high) for which f is false; f must be true for a prefix.
  template <class F>
  static unsigned partition_point(unsigned low, unsigned high, F&& f) {
    while (low < high) {
      const unsigned middle = (low + high) / 2;
      if (f(middle))
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }

  struct Leaf {
    Leaf* previous = nullptr;
    Leaf* next = nullptr;
    uint32_t count = 0;
    ScoreNode* nodes[kLeafNodes];

    // By blocks of eight: the first nodes of all blocks are fetched together, then one block.
    template <class Before>
    unsigned count_nodes(Before&& before) const {
      constexpr unsigned kBlock = 8;
      const unsigned blocks = (count + kBlock - 1) / kBlock;
      for (unsigned i = 0; i < blocks; ++i) __builtin_prefetch(nodes[i * kBlock]);
      const auto is_before = [&](unsigned i) { return before(nodes[i], nodes[i]->score()); };
      const unsigned block =
          partition_point(0, blocks, [&](unsigned i) { return is_before(i * kBlock); });
      if (block == 0) return 0;
      const unsigned from = (block - 1) * kBlock + 1;
      const unsigned to = std::min(count, block * kBlock);
      for (unsigned i = from; i < to; ++i) __builtin_prefetch(nodes[i]);
      return partition_point(from, to, is_before);
    }
  };
  struct Inner {
    uint32_t count = 0;
    uint32_t sizes[kChildren];
    double scores[kChildren];    // of the lows
    ScoreNode* lows[kChildren];  // the first node below each child
    void* children[kChildren];

    template <class Before>
    unsigned count_lows(Before&& before) const {
      return partition_point(0, count, [&](unsigned i) { return before(lows[i], scores[i]); });
    }
    void put(unsigned index, void* child, uint32_t size, ScoreNode* first);
    void remove(unsigned index);
  };
  // The way from the root to a leaf: at each level the inner node and the child taken.
  struct Step {
    Inner* inner;
    unsigned index;
  };
  struct Path {
    std::array<Step, kMaxHeight> steps;
    unsigned depth = 0;
    Leaf* leaf = nullptr;
    unsigned index = 0;  // how many nodes of the leaf stand before
  };

  // Where the node stands, or is to stand.
  Path find(const ScoreNode* node) const;

  Leaf* make_leaf();
  Inner* make_inner();
  void free_leaf(Leaf* leaf);
  void free_inner(Inner* inner);
  void free_below(void* at, unsigned level);
  static Leaf* child_leaf(const Step& step, unsigned index) {
    return static_cast<Leaf*>(step.inner->children[index]);
  }
  // Writes down again what the inner nodes of the path keep of a child that has changed.
  static void update_lows(const Path& path);
  static void add_to_sizes(const Path& path, int difference);
  bool make_room_beside(Path& path);
  void split(Path& path);
  void add_child(Path& path, unsigned depth, void* child, uint32_t size, ScoreNode* first);
  void drop_child(Path& path, unsigned depth);
  void merge(Path& path);
  void check_below(void* at, unsigned level, const ScoreNode*& last, size_t& count,
                   size_t& bytes) const;

  void* root_ = nullptr;  // a leaf if height_ is 0
  unsigned height_ = 0;
  size_t size_ = 0;
  size_t memory_ = 0;
};

}  // namespace scrubjay::objects
