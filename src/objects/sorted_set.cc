#include "objects/sorted_set.h"

#include "base/burial.h"

namespace scrubjay::objects {

SortedSet::~SortedSet() {
  Burial burial(table_.size(),
                [](void* node) { ScoreNode::destroy(static_cast<ScoreNode*>(node)); });
  table_.clear([&](ScoreNode* node) { burial.add(node); });
}

std::optional<double> SortedSet::score(std::string_view member) const {
  const Table::Slot slot = find(member, hash_of(member));
  if (!slot) return std::nullopt;
  return slot.get()->score();
}

SortedSet::Put SortedSet::put(std::string_view member, double score) {
  const uint64_t hash = hash_of(member);
  if (const Table::Slot slot = find(member, hash)) {
    if (slot.get()->score() == score) return Put::kSame;
    tree_.change_score(slot.get(), score);
    return Put::kUpdated;
  }
  ScoreNode* const node = ScoreNode::make(member, score);
  node_bytes_ += node->heap_bytes();
  table_.insert(hash, node);
  tree_.insert(node);
  return Put::kAdded;
}

void SortedSet::discard(Table::Slot slot) {
  ScoreNode* const node = table_.erase(slot);
  tree_.erase(node);
  node_bytes_ -= node->heap_bytes();
  ScoreNode::destroy(node);
}

bool SortedSet::erase(std::string_view member) {
  const Table::Slot slot = find(member, hash_of(member));
  if (!slot) return false;
  discard(slot);
  return true;
}

std::optional<size_t> SortedSet::rank(std::string_view member) const {
  const Table::Slot slot = find(member, hash_of(member));
  if (!slot) return std::nullopt;
  return tree_.rank(slot.get());
}

size_t SortedSet::count_below(double score) const {
  return tree_.count_while(score, [&](const ScoreNode*, double other) { return other < score; });
}
size_t SortedSet::count_not_above(double score) const {
  return tree_.count_while(score, [&](const ScoreNode*, double other) { return other <= score; });
}
size_t SortedSet::count_lex_below(std::string_view member) const {
  if (size() == 0) return 0;
  return tree_.count_while(at(0).score,
                           [&](const ScoreNode* node, double) { return node->member() < member; });
}
size_t SortedSet::count_lex_not_above(std::string_view member) const {
  if (size() == 0) return 0;
  return tree_.count_while(at(0).score,
                           [&](const ScoreNode* node, double) { return node->member() <= member; });
}

void SortedSet::erase_ranks(size_t first, size_t count) {
  for (; count > 0; --count) {
    const ScoreNode* const node = *tree_.at_rank(first);
    discard(find(node->member(), hash_of(node->member())));
  }
}

std::unique_ptr<SortedSet> SortedSet::clone() const {
  auto copy = std::make_unique<SortedSet>();
  if (size() == 0) return copy;
  for (Iterator it = at_rank(0); !it.at_end(); ++it) copy->put((*it).member, (*it).score);
  return copy;
}

void SortedSet::check_invariants() const {
  table_.check_invariants();
  tree_.check_invariants();
  size_t bytes = 0;
  table_.for_each([&](const ScoreNode* node) { bytes += node->heap_bytes(); });
  if (bytes != node_bytes_ || table_.size() != tree_.size()) std::abort();
}

}  // namespace scrubjay::objects
