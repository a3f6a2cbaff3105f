#include "objects/rank_tree.h"

namespace scrubjay::objects {

RankTree::~RankTree() {
  if (root_ == nullptr) return;
  Burial leaves(memory_ / good_size(sizeof(Leaf)),
                [](void* leaf) { delete static_cast<Leaf*>(leaf); });
  free_below(root_, height_, leaves);
}

void RankTree::free_below(void* at, unsigned level, Burial& leaves) {
  if (level == 0) return leaves.add(at);
  Inner* const inner = static_cast<Inner*>(at);
  for (unsigned i = 0; i < inner->count; ++i) free_below(inner->children[i], level - 1, leaves);
  free_inner(inner);
}

RankTree::Leaf* RankTree::make_leaf() {
  memory_ += good_size(sizeof(Leaf));
  return new Leaf;
}
RankTree::Inner* RankTree::make_inner() {
  memory_ += good_size(sizeof(Inner));
  return new Inner;
}
void RankTree::free_leaf(Leaf* leaf) {
  memory_ -= good_size(sizeof(Leaf));
  delete leaf;
}
void RankTree::free_inner(Inner* inner) {
  memory_ -= good_size(sizeof(Inner));
  delete inner;
}

RankTree::Iterator& RankTree::Iterator::operator++() {
  constexpr unsigned kAhead = 4;
  if (index_ + kAhead < leaf_->count) __builtin_prefetch(leaf_->nodes[index_ + kAhead]);
  if (++index_ < leaf_->count) return *this;
  leaf_ = leaf_->next;
  index_ = 0;
  return *this;
}

RankTree::Iterator& RankTree::Iterator::operator--() {
  if (index_ == 0) {
    leaf_ = leaf_->previous;
    index_ = leaf_ == nullptr ? 0 : leaf_->count;
    if (leaf_ == nullptr) return *this;
  }
  --index_;
  return *this;
}

RankTree::Iterator RankTree::at_rank(size_t rank) const {
  void* at = root_;
  for (unsigned level = height_; level > 0; --level) {
    const Inner& inner = *static_cast<Inner*>(at);
    unsigned i = 0;
    while (rank >= inner.sizes[i]) rank -= inner.sizes[i++];
    at = inner.children[i];
  }
  Leaf* const leaf = static_cast<Leaf*>(at);
  const auto first = static_cast<unsigned>(rank);
  for (unsigned i = first; i < std::min(first + 4, leaf->count); ++i)
    __builtin_prefetch(leaf->nodes[i]);
  return {leaf, first};
}

RankTree::Iterator RankTree::at_score(double score) const {
  const auto before = [&](const ScoreNode*, double other) { return other < score; };
  if (root_ == nullptr) return {nullptr, 0};
  void* at = root_;
  for (unsigned level = height_; level > 0; --level) {
    const Inner& inner = *static_cast<Inner*>(at);
    at = inner.children[std::max(inner.count_lows(before), 1u) - 1];
  }
  Leaf* const leaf = static_cast<Leaf*>(at);
  const unsigned index = leaf->count_nodes(static_cast<float>(score), before);
  return index < leaf->count ? Iterator(leaf, index) : Iterator(leaf->next, 0);
}

void RankTree::Inner::put(unsigned index, void* child, uint32_t size, ScoreNode* first) {
  for (unsigned i = count; i > index; --i) {
    sizes[i] = sizes[i - 1];
    scores[i] = scores[i - 1];
    lows[i] = lows[i - 1];
    children[i] = children[i - 1];
  }
  sizes[index] = size;
  scores[index] = first->score();
  lows[index] = first;
  children[index] = child;
  ++count;
}

void RankTree::Inner::remove(unsigned index) {
  --count;
  for (unsigned i = index; i < count; ++i) {
    sizes[i] = sizes[i + 1];
    scores[i] = scores[i + 1];
    lows[i] = lows[i + 1];
    children[i] = children[i + 1];
  }
}

RankTree::Path RankTree::find(double score, std::string_view member) const {
  const auto not_after = [&](const ScoreNode* other, double other_score) {
    return other_score < score || (other_score == score && other->member() <= member);
  };
  Path path;
  void* at = root_;
  for (unsigned level = height_; level > 0; --level) {
    Inner* const inner = static_cast<Inner*>(at);
    const unsigned children = inner->count_lows(not_after);
    const unsigned index = children == 0 ? 0 : children - 1;
    path.steps[path.depth++] = {inner, index};
    at = inner->children[index];
  }
  path.leaf = static_cast<Leaf*>(at);
  path.index = path.leaf->count_nodes(
      static_cast<float>(score), [&](const ScoreNode* other, double other_score) {
        return other_score < score || (other_score == score && other->member() < member);
      });
  return path;
}

void RankTree::Leaf::move_to_front(Leaf& from, Leaf& to, uint32_t moved) {
  std::copy_backward(to.nodes, to.nodes + to.count, to.nodes + to.count + moved);
  std::copy_backward(to.scores, to.scores + to.count, to.scores + to.count + moved);
  from.count -= moved;
  to.count += moved;
  std::copy(from.nodes + from.count, from.nodes + from.count + moved, to.nodes);
  std::copy(from.scores + from.count, from.scores + from.count + moved, to.scores);
}

void RankTree::Leaf::move_to_back(Leaf& from, Leaf& to, uint32_t moved) {
  std::copy(from.nodes, from.nodes + moved, to.nodes + to.count);
  std::copy(from.scores, from.scores + moved, to.scores + to.count);
  std::copy(from.nodes + moved, from.nodes + from.count, from.nodes);
  std::copy(from.scores + moved, from.scores + from.count, from.scores);
  from.count -= moved;
  to.count += moved;
}

void RankTree::add_to_sizes(const Path& path, int difference) {
  for (unsigned i = 0; i < path.depth; ++i)
    path.steps[i].inner->sizes[path.steps[i].index] += static_cast<uint32_t>(difference);
}

void RankTree::update_lows(const Path& path) {
  ScoreNode* const first = path.leaf->nodes[0];
  for (unsigned i = path.depth; i-- > 0;) {
    const auto [inner, index] = path.steps[i];
    inner->lows[index] = first;
    inner->scores[index] = first->score();
    if (index > 0) return;
  }
}

// Moves nodes of a full leaf to one beside it under the same parent, if that has room, and sets the
// path to where the new node belongs now.
bool RankTree::make_room_beside(Path& path) {
  constexpr uint32_t kWorthIt = 8;
  if (path.depth == 0) return false;
  Step& step = path.steps[path.depth - 1];
  Inner& parent = *step.inner;
  Leaf* const leaf = path.leaf;
  if (step.index + 1 < parent.count) {
    Leaf* const right = child_leaf(step, step.index + 1);
    if (right->count + kWorthIt <= kLeafNodes) {
      const uint32_t moved = (kLeafNodes - right->count + 1) / 2;
      Leaf::move_to_front(*leaf, *right, moved);
      parent.sizes[step.index] -= moved;
      parent.sizes[step.index + 1] += moved;
      parent.lows[step.index + 1] = right->nodes[0];
      parent.scores[step.index + 1] = right->nodes[0]->score();
      if (path.index > leaf->count) {
        path.index -= leaf->count;
        path.leaf = right;
        ++step.index;
      }
      return true;
    }
  }
  if (step.index == 0) return false;
  Leaf* const left = child_leaf(step, step.index - 1);
  if (left->count + kWorthIt > kLeafNodes) return false;
  const uint32_t moved = (kLeafNodes - left->count + 1) / 2;
  Leaf::move_to_back(*leaf, *left, moved);
  parent.sizes[step.index - 1] += moved;
  parent.sizes[step.index] -= moved;
  parent.lows[step.index] = leaf->nodes[0];
  parent.scores[step.index] = leaf->nodes[0]->score();
  if (path.index <= moved) {
    path.index += left->count - moved;
    path.leaf = left;
    --step.index;
  } else {
    path.index -= moved;
  }
  return true;
}

// Splits the full leaf of the path, which is then to be found anew.
void RankTree::split(Path& path) {
  Leaf* const leaf = path.leaf;
  Leaf* const right = make_leaf();
  uint32_t kept = leaf->count / 2;
  if (leaf->next == nullptr && path.index == leaf->count) kept = leaf->count - 1;
  if (leaf->previous == nullptr && path.index == 0) kept = 1;
  Leaf::move_to_front(*leaf, *right, leaf->count - kept);
  right->next = leaf->next;
  right->previous = leaf;
  if (right->next != nullptr) right->next->previous = right;
  leaf->next = right;
  if (path.depth > 0) {
    Step& step = path.steps[path.depth - 1];
    step.inner->sizes[step.index] = kept;
  }
  add_child(path, path.depth, right, right->count, right->nodes[0]);
}

// Puts a child behind the one that the path takes at step depth - 1. Inner nodes that are full
// split in turn; the path stays right for the old child only above.
void RankTree::add_child(Path& path, unsigned depth, void* child, uint32_t size, ScoreNode* first) {
  if (depth == 0) {
    Inner* const root = make_inner();
    uint32_t left_size = height_ == 0 ? static_cast<Leaf*>(root_)->count : 0;
    ScoreNode* left_first = nullptr;
    if (height_ == 0) {
      left_first = static_cast<Leaf*>(root_)->nodes[0];
    } else {
      const Inner& old = *static_cast<Inner*>(root_);
      for (unsigned i = 0; i < old.count; ++i) left_size += old.sizes[i];
      left_first = old.lows[0];
    }
    root->put(0, root_, left_size, left_first);
    root->put(1, child, size, first);
    root_ = root;
    ++height_;
    return;
  }
  const auto [inner, index] = path.steps[depth - 1];
  if (inner->count < kChildren) return inner->put(index + 1, child, size, first);
  Inner* const right = make_inner();
  // At the end of the order a full inner node stays full.
  const unsigned kept = index + 1 == kChildren ? kChildren - 1 : kChildren / 2;
  uint32_t moved = 0;
  for (unsigned i = kept; i < inner->count; ++i) {
    right->put(i - kept, inner->children[i], inner->sizes[i], inner->lows[i]);
    moved += inner->sizes[i];
  }
  inner->count = kept;
  if (index + 1 > kept) {
    right->put(index + 1 - kept, child, size, first);
    moved += size;
  } else {
    inner->put(index + 1, child, size, first);
  }
  if (depth > 1) {
    // What was split off a child is counted in the parent already, in the old child's size.
    const auto [parent, place] = path.steps[depth - 2];
    parent->sizes[place] -= moved;
  }
  add_child(path, depth - 1, right, moved, right->lows[0]);
}

void RankTree::insert(ScoreNode* node) {
  if (root_ == nullptr) root_ = make_leaf();
  Path path = find(node->score(), node->member());
  if (path.leaf->count == kLeafNodes && !make_room_beside(path)) {
    split(path);
    path = find(node->score(), node->member());
  }
  Leaf* const leaf = path.leaf;
  leaf->open(path.index);
  leaf->put(path.index, node);
  ++size_;
  add_to_sizes(path, 1);
  if (path.index == 0) update_lows(path);
}

void RankTree::drop_child(Path& path, unsigned depth) {
  const auto [inner, index] = path.steps[depth - 1];
  inner->remove(index);
  if (inner->count == 0) {
    free_inner(inner);
    if (depth == 1) {
      root_ = nullptr;
      height_ = 0;
      return;
    }
    return drop_child(path, depth - 1);
  }
  if (index > 0) return;
  // The first node below has changed.
  for (unsigned i = depth - 1; i-- > 0;) {
    path.steps[i].inner->lows[path.steps[i].index] = inner->lows[0];
    path.steps[i].inner->scores[path.steps[i].index] = inner->scores[0];
    if (path.steps[i].index > 0) return;
  }
}

// Moves what a nearly empty leaf holds to the one beside it.
void RankTree::merge(Path& path) {
  if (path.depth == 0) return;
  Step& step = path.steps[path.depth - 1];
  Inner& parent = *step.inner;
  constexpr uint32_t kRoomLeft = 8;
  Leaf* const leaf = path.leaf;
  if (step.index + 1 < parent.count) {
    Leaf* const right = child_leaf(step, step.index + 1);
    if (leaf->count + right->count + kRoomLeft <= kLeafNodes) {
      parent.sizes[step.index] += right->count;
      Leaf::move_to_back(*right, *leaf, right->count);
      leaf->next = right->next;
      if (leaf->next != nullptr) leaf->next->previous = leaf;
      free_leaf(right);
      ++step.index;
      drop_child(path, path.depth);
      return;
    }
  }
  if (step.index == 0) return;
  Leaf* const left = child_leaf(step, step.index - 1);
  if (leaf->count + left->count + kRoomLeft > kLeafNodes) return;
  parent.sizes[step.index - 1] += leaf->count;
  Leaf::move_to_back(*leaf, *left, leaf->count);
  left->next = leaf->next;
  if (left->next != nullptr) left->next->previous = left;
  free_leaf(leaf);
  drop_child(path, path.depth);
}

void RankTree::erase(const ScoreNode* node) {
  Path path = find(node->score(), node->member());
  erase_at(path);
}

void RankTree::erase_at(Path& path) {
  Leaf* const leaf = path.leaf;
  leaf->close(path.index);
  --size_;
  add_to_sizes(path, -1);
  if (leaf->count == 0) {
    if (leaf->previous != nullptr) leaf->previous->next = leaf->next;
    if (leaf->next != nullptr) leaf->next->previous = leaf->previous;
    free_leaf(leaf);
    if (path.depth == 0)
      root_ = nullptr;
    else
      drop_child(path, path.depth);
  } else {
    if (path.index == 0) update_lows(path);
    if (leaf->count < kLeafNodes / 4) merge(path);
  }
  // A root with one child is not needed.
  while (height_ > 0 && static_cast<Inner*>(root_)->count == 1) {
    Inner* const old = static_cast<Inner*>(root_);
    root_ = old->children[0];
    free_inner(old);
    --height_;
  }
}

void RankTree::change_score(ScoreNode* node, double score) {
  Path path = find(node->score(), node->member());
  Leaf& leaf = *path.leaf;
  const auto key = static_cast<float>(score);
  const auto is_before = [&](unsigned i) {
    return leaf.scores[i] != key ? leaf.scores[i] < key
                                 : leaf.nodes[i]->is_before(score, node->member());
  };
  const auto stays_between = [&] {
    return is_before(path.index - 1) && !is_before(path.index + 1);
  };
  if (path.index > 0 && path.index + 1 < leaf.count && stays_between()) {
    node->set_score(score);
    return leaf.put(path.index, node);
  }
  erase_at(path);
  node->set_score(score);
  insert(node);
}

void RankTree::check_below(void* at, unsigned level, const ScoreNode*& last, size_t& count,
                           size_t& bytes) const {
  const auto check = [](bool good) {
    if (!good) std::abort();
  };
  if (level == 0) {
    const Leaf& leaf = *static_cast<Leaf*>(at);
    bytes += good_size(sizeof(Leaf));
    check(leaf.count > 0 && leaf.count <= kLeafNodes);
    for (unsigned i = 0; i < leaf.count; ++i) {
      const ScoreNode* const node = leaf.nodes[i];
      check(last == nullptr || last->is_before(node->score(), node->member()));
      check(leaf.scores[i] == static_cast<float>(node->score()));
      last = node;
    }
    count += leaf.count;
    return;
  }
  const Inner& inner = *static_cast<Inner*>(at);
  bytes += good_size(sizeof(Inner));
  check(inner.count > 0 && inner.count <= kChildren);
  for (unsigned i = 0; i < inner.count; ++i) {
    void* first = inner.children[i];
    for (unsigned below = level - 1; below > 0; --below)
      first = static_cast<Inner*>(first)->children[0];
    check(inner.lows[i] == static_cast<Leaf*>(first)->nodes[0]);
    check(inner.scores[i] == inner.lows[i]->score());
    const size_t before = count;
    check_below(inner.children[i], level - 1, last, count, bytes);
    check(count - before == inner.sizes[i]);
  }
}

void RankTree::check_invariants() const {
  const ScoreNode* last = nullptr;
  size_t count = 0;
  size_t bytes = 0;
  if (root_ != nullptr) check_below(root_, height_, last, count, bytes);
  size_t walked = 0;
  if (size_ > 0) {
    for (Iterator it = at_rank(0); !it.at_end(); ++it) ++walked;
  }
  if (count != size_ || walked != size_ || bytes != memory_) std::abort();
}

}  // namespace scrubjay::objects
