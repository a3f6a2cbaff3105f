// A large sorted set. Used under the lock of the value's owner.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace scrubjay::objects {

class SortedSet {
  using Order = std::set<std::pair<double, std::string>>;

 public:
  enum class Put { kAdded, kUpdated, kSame };
  struct Item {
    std::string_view member;
    double score;
  };
  class Iterator {
   public:
    Item operator*() const { return {at_->second, at_->first}; }
    Iterator& operator++() { return ++at_, *this; }
    Iterator& operator--() {
      if (at_ == order_->begin())
        at_ = order_->end();
      else
        --at_;
      return *this;
    }
    bool at_end() const { return at_ == order_->end(); }

   private:
    friend SortedSet;
    const Order* order_;
    Order::const_iterator at_;
  };

  size_t size() const { return order_.size(); }
  size_t memory_bytes() const { return sizeof *this + 100 * size(); }
  std::optional<double> score(std::string_view member) const {
    const auto found = scores_.find(std::string(member));
    if (found == scores_.end()) return std::nullopt;
    return found->second;
  }
  Put put(std::string_view member, double score) {
    const auto [place, fresh] = scores_.emplace(member, score);
    if (!fresh) {
      if (place->second == score) return Put::kSame;
      order_.erase({place->second, place->first});
      place->second = score;
    }
    order_.emplace(score, std::string(member));
    return fresh ? Put::kAdded : Put::kUpdated;
  }
  bool erase(std::string_view member) {
    const auto found = scores_.find(std::string(member));
    if (found == scores_.end()) return false;
    order_.erase({found->second, found->first});
    scores_.erase(found);
    return true;
  }
  std::optional<size_t> rank(std::string_view member) const {
    const auto found = score(member);
    if (!found) return std::nullopt;
    return rank_of_place(order_.find({*found, std::string(member)}));
  }
  Iterator at_rank(size_t rank) const {
    Iterator it;
    it.order_ = &order_;
    it.at_ = order_.begin();
    std::advance(it.at_, rank);
    return it;
  }
  size_t count_below(double score) const {
    return rank_of_place(order_.lower_bound({score, std::string()}));
  }
  size_t count_not_above(double score) const {
    size_t n = 0;
    for (auto& [s, m] : order_) n += s <= score;
    return n;
  }
  size_t count_lex_below(std::string_view member) const {
    size_t n = 0;
    for (auto& [s, m] : order_) n += m < member;
    return n;
  }
  size_t count_lex_not_above(std::string_view member) const {
    size_t n = 0;
    for (auto& [s, m] : order_) n += m <= member;
    return n;
  }
  template <class F>
  size_t erase_ranks(size_t first, size_t count, F&& f) {
    size_t gone = 0;
    auto it = std::next(order_.begin(), static_cast<ptrdiff_t>(first));
    for (; gone < count && it != order_.end(); ++gone) {
      f(Item{it->second, it->first});
      scores_.erase(it->second);
      it = order_.erase(it);
    }
    return gone;
  }
  Item at(size_t rank) const { return *at_rank(rank); }
  template <class Bits>
  Item random(Bits&& bits) const {
    return at(bits() % size());
  }
  template <class F>
  uint64_t scan(uint64_t, size_t, F&& f) const {
    for (auto& [s, m] : order_) f(Item{m, s});
    return 0;
  }
  template <class F>
  void for_each(F&& f) const {
    for (auto& [s, m] : order_) f(Item{m, s});
  }
  std::unique_ptr<SortedSet> clone() const { return std::make_unique<SortedSet>(*this); }
  void check_invariants() const {}

 private:
  size_t rank_of_place(Order::const_iterator it) const {
    return static_cast<size_t>(std::distance(order_.begin(), it));
  }
  Order order_;
  std::map<std::string, double> scores_;
};

}  // namespace scrubjay::objects
