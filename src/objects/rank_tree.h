// An order-statistic B+ tree of ScoreNodes: the order of a large sorted set. Any rank, score or
// member is found in O(log n), and so is the rank of what was found.
//
// Leaves hold for each node its address and its score as a float, and are linked both ways. An
// inner node keeps for each child the number of nodes below it, and the child's first node with a
// copy of its score. So the way down touches a node only where scores are equal: rounding a score
// to a float keeps the order, and scores that differ as floats need no closer look. A full leaf
// gives to a neighbour before it splits (as B*-trees do: Knuth, The Art of Computer Programming
// 3, 6.2.4), and at either end it splits unevenly, so that ascending inserts leave full leaves
// behind.
//
// Cost: some 15 bytes a node after random inserts, 13 after ascending ones. The tree does not
// own the nodes. Used under the lock of the value's owner.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/burial.h"
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
  void erase(const ScoreNode* node);
  // Gives a node of the tree another score, and its place.
  void change_score(ScoreNode* node, double score);

  // Precondition: rank < size().
  Iterator at_rank(size_t rank) const;
  // The first node whose score is not below the given one; at_end() if there is none.
  Iterator at_score(double score) const;
  size_t rank(const ScoreNode* node) const {
    return count_while(node->score(), [&](const ScoreNode* other, double score) {
      return score < node->score() || (score == node->score() && other->member() < node->member());
    });
  }
  // How many nodes stand before the first for which before(node, score) is false. It must be true
  // for all below the score `key` and false for all above it, and change once among its equals.
  template <class Before>
  size_t count_while(double key, Before&& before) const {
    size_t count = 0;
    void* at = root_;
    for (unsigned level = height_; level > 0; --level) {
      const Inner& inner = *static_cast<Inner*>(at);
      const unsigned children = inner.count_lows(before);
      if (children == 0) return count;
      for (unsigned i = 0; i + 1 < children; ++i) count += inner.sizes[i];
      at = inner.children[children - 1];
    }
    if (at == nullptr) return 0;
    return count + static_cast<Leaf*>(at)->count_nodes(static_cast<float>(key), before);
  }

  // Aborts when something is wrong; reads every node.
  void check_invariants() const;

 private:
  static constexpr unsigned kLeafNodes = 61;  // a leaf of 768 bytes
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
    float scores[kLeafNodes];
    ScoreNode* nodes[kLeafNodes];

    // before(node, score) as for count_while; `key` is the score that decides it, as a float.
    template <class Before>
    unsigned count_nodes(float key, Before&& before) const {
      return partition_point(0, count, [&](unsigned i) {
        return scores[i] != key ? scores[i] < key : before(nodes[i], nodes[i]->score());
      });
    }
    void open(unsigned index) {
      std::copy_backward(nodes + index, nodes + count, nodes + count + 1);
      std::copy_backward(scores + index, scores + count, scores + count + 1);
      ++count;
    }
    void close(unsigned index) {
      std::copy(nodes + index + 1, nodes + count, nodes + index);
      std::copy(scores + index + 1, scores + count, scores + index);
      --count;
    }
    void put(unsigned index, ScoreNode* node) {
      nodes[index] = node;
      scores[index] = static_cast<float>(node->score());
    }
    // Moves `moved` nodes from the end of one leaf to the front of the one behind it.
    static void move_to_front(Leaf& from, Leaf& to, uint32_t moved);
    // Moves `moved` nodes from the front of one leaf to the end of the one before it.
    static void move_to_back(Leaf& from, Leaf& to, uint32_t moved);
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
  Path find(double score, std::string_view member) const;
  void erase_at(Path& path);

  Leaf* make_leaf();
  Inner* make_inner();
  void free_leaf(Leaf* leaf);
  void free_inner(Inner* inner);
  void free_below(void* at, unsigned level, Burial& leaves);
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
