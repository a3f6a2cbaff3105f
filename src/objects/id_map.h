// An ordered map from stream ids, kept as sorted runs of limited length: a B+ tree of two levels.
// Made for lists of pending entries: ids mostly arrive in order, leave in any order, and are walked
// by range. Not for use by several threads.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "objects/stream_id.h"

namespace scrubjay::objects {

template <class Value>
class IdMap {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Of a map that is not empty.
  const StreamId& first_id() const { return runs_.front().front().id; }
  const StreamId& last_id() const { return runs_.back().back().id; }

  Value* find(const StreamId& id) {
    const Place place = lower_bound(id);
    if (place.run == runs_.size()) return nullptr;
    Item& item = runs_[place.run][place.item];
    return item.id == id ? &item.value : nullptr;
  }
  const Value* find(const StreamId& id) const { return const_cast<IdMap*>(this)->find(id); }

  // The id must not be there yet.
  void insert(const StreamId& id, const Value& value) {
    ++size_;
    if (runs_.empty() || runs_.back().back().id < id) return append({id, value});
    Place place = lower_bound(id);
    Run& run = runs_[place.run];
    if (run.size() == kRun) {
      Run upper(run.begin() + kRun / 2, run.end());
      run.resize(kRun / 2);
      runs_.insert(runs_.begin() + static_cast<ptrdiff_t>(place.run) + 1, std::move(upper));
      place = lower_bound(id);
    }
    Run& target = runs_[place.run];
    target.insert(target.begin() + static_cast<ptrdiff_t>(place.item), {id, value});
  }
  // Returns whether it was there.
  bool erase(const StreamId& id) {
    const Place place = lower_bound(id);
    if (place.run == runs_.size()) return false;
    Run& run = runs_[place.run];
    if (run[place.item].id != id) return false;
    run.erase(run.begin() + static_cast<ptrdiff_t>(place.item));
    if (run.empty()) runs_.erase(runs_.begin() + static_cast<ptrdiff_t>(place.run));
    --size_;
    return true;
  }

  // f(id, value&) -> bool in ascending order from `from` on; stops at false.
  template <class F>
  void for_each_from(const StreamId& from, F&& f) {
    Place place = lower_bound(from);
    for (; place.run < runs_.size(); ++place.run, place.item = 0) {
      for (; place.item < runs_[place.run].size(); ++place.item) {
        Item& item = runs_[place.run][place.item];
        if (!f(item.id, item.value)) return;
      }
    }
  }
  template <class F>
  void for_each_from(const StreamId& from, F&& f) const {
    const_cast<IdMap*>(this)->for_each_from(
        from, [&](const StreamId& id, const Value& value) { return f(id, value); });
  }

  size_t memory_bytes() const {
    size_t bytes = runs_.capacity() * sizeof(Run);
    for (const Run& run : runs_) bytes += run.capacity() * sizeof(Item);
    return bytes;
  }
  // Aborts if the ids are out of order or the size is wrong.
  void check_invariants() const {
    size_t counted = 0;
    std::optional<StreamId> last;
    for (const Run& run : runs_) {
      if (run.empty() || run.size() > kRun) std::abort();
      for (const Item& item : run) {
        if (last && *last >= item.id) std::abort();
        last = item.id;
        ++counted;
      }
    }
    if (counted != size_) std::abort();
  }

 private:
  static constexpr size_t kRun = 128;
  struct Item {
    StreamId id;
    [[no_unique_address]] Value value;
  };
  using Run = std::vector<Item>;
  struct Place {
    size_t run;
    size_t item;
  };

  void append(const Item& item) {
    if (runs_.empty() || runs_.back().size() == kRun) {
      runs_.emplace_back();
      if (runs_.size() > 1) runs_.back().reserve(kRun);
    }
    runs_.back().push_back(item);
  }
  // The first item that is not below the id; {runs_.size(), 0} if there is none.
  Place lower_bound(const StreamId& id) const {
    const auto run = std::partition_point(runs_.begin(), runs_.end(),
                                          [&](const Run& other) { return other.back().id < id; });
    if (run == runs_.end()) return {runs_.size(), 0};
    const auto item = std::partition_point(run->begin(), run->end(),
                                           [&](const Item& other) { return other.id < id; });
    return {static_cast<size_t>(run - runs_.begin()), static_cast<size_t>(item - run->begin())};
  }

  std::vector<Run> runs_;  // none is empty
  size_t size_ = 0;
};

// An ordered set of ids.
struct Nothing {};
using IdSet = IdMap<Nothing>;

}  // namespace scrubjay::objects
