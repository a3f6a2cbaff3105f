// A large list: a double-ended row of byte strings. Used under the lock of the value's owner.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace scrubjay::objects {

class List {
 public:
  size_t size() const { return items_.size(); }
  size_t text_bytes() const { return bytes_ - 32 * items_.size(); }
  size_t memory_bytes() const { return sizeof *this + bytes_; }
  void push_front(std::string_view text) { items_.emplace_front(text), bytes_ += 32 + text.size(); }
  void push_back(std::string_view text) { items_.emplace_back(text), bytes_ += 32 + text.size(); }
  void pop_front() { items_.pop_front(); }
  void pop_back() { items_.pop_back(); }
  std::string_view front(std::string&) const { return items_.front(); }
  std::string_view back(std::string&) const { return items_.back(); }
  std::string_view at(size_t index, std::string&) const { return items_[index]; }
  template <class F>
  void for_each(size_t index, F&& f) const {
    for (; index < items_.size(); ++index)
      if (!f(std::string_view(items_[index]))) return;
  }
  template <class F>
  void for_each_backwards(size_t index, F&& f) const {
    for (size_t i = index + 1; i-- > 0;)
      if (!f(std::string_view(items_[i]))) return;
  }
  void set(size_t index, std::string_view text) { items_[index] = std::string(text); }
  void insert(size_t index, std::string_view text) {
    items_.insert(items_.begin() + static_cast<ptrdiff_t>(index), std::string(text));
  }
  void erase(size_t first, size_t count) {
    const auto from = items_.begin() + static_cast<ptrdiff_t>(first);
    items_.erase(from, from + static_cast<ptrdiff_t>(count));
  }
  size_t remove(std::string_view value, size_t max_count, bool from_back) {
    size_t removed = 0;
    for (size_t i = 0; i < items_.size() && (max_count == 0 || removed < max_count);) {
      const size_t at = from_back ? items_.size() - 1 - i : i;
      if (items_[at] == value) {
        erase(at, 1);
        ++removed;
      } else {
        ++i;
      }
    }
    return removed;
  }
  std::unique_ptr<List> clone() const { return std::make_unique<List>(*this); }
  void check_invariants() const {}

 private:
  std::deque<std::string> items_;
  size_t bytes_ = 0;
};

}  // namespace scrubjay::objects
