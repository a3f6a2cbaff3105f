// A quicksort that stops where nobody looks: the first `wanted` items come out sorted, the rest in
// any order. Bentley and McIlroy, Engineering a Sort Function (1993): the pivot is the median of
// three, of many items the median of three medians, and what equals it is gathered at both ends
// while partitioning. It is not stable, but equal items always come out in the same order, that of
// every program which follows the paper step by step, Redis among them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace scrubjay {

// `compare(a, b)` is negative, zero or positive.
template <class T, class Compare>
class PartialQuickSort {
 public:
  PartialQuickSort(T* items, size_t wanted, Compare order)
      : items_(items), wanted_(wanted), compare_(std::move(order)) {}

  // Sorts what is wanted of [first, last).
  void sort(size_t first, size_t last) {
    while (first < wanted_ && last - first >= kFew) {
      const auto [left, right] = partition(first, last);
      sort(first, left);
      first = right;
    }
    if (first < wanted_) insertion_sort(first, last);
  }

 private:
  static constexpr size_t kFew = 7;
  static constexpr size_t kMany = 40;

  int compare(size_t a, size_t b) const { return compare_(items_[a], items_[b]); }
  void swap(size_t a, size_t b) { std::swap(items_[a], items_[b]); }

  void insertion_sort(size_t first, size_t last) {
    for (size_t i = first + 1; i < last; ++i) {
      for (size_t j = i; j > first && compare(j - 1, j) > 0; --j) swap(j - 1, j);
    }
  }

  size_t median(size_t a, size_t b, size_t c) const {
    if (compare(a, b) < 0) return compare(b, c) < 0 ? b : compare(a, c) < 0 ? c : a;
    return compare(b, c) > 0 ? b : compare(a, c) < 0 ? a : c;
  }
  size_t pivot(size_t first, size_t last) const {
    const size_t size = last - first;
    size_t low = first;
    size_t middle = first + size / 2;
    size_t high = last - 1;
    if (size == kFew) return middle;
    if (size > kMany) {
      const size_t step = size / 8;
      low = median(low, low + step, low + 2 * step);
      middle = median(middle - step, middle, middle + step);
      high = median(high - 2 * step, high - step, high);
    }
    return median(low, middle, high);
  }

  // Returns where the smaller items end and the larger ones begin.
  std::pair<size_t, size_t> partition(size_t first, size_t last) {
    swap(first, pivot(first, last));
    size_t equal_left = first + 1;  // what equals the pivot: [first, equal_left)
    size_t low = equal_left;
    size_t high = last;         // one behind what is still unseen
    size_t equal_right = last;  // and [equal_right, last)
    for (;;) {
      for (; low < high; ++low) {
        const int order = compare(low, first);
        if (order > 0) break;
        if (order == 0) swap(equal_left++, low);
      }
      for (; low < high; --high) {
        const int order = compare(high - 1, first);
        if (order < 0) break;
        if (order == 0) swap(high - 1, --equal_right);
      }
      if (low >= high) break;
      swap(low++, --high);
    }
    const size_t smaller = low - equal_left;
    const size_t larger = equal_right - high;
    exchange(first, low, std::min(equal_left - first, smaller));
    exchange(low, last, std::min(larger, last - equal_right));
    return {first + smaller, last - larger};
  }
  // Swaps `count` items from `front` on with those before `end`.
  void exchange(size_t front, size_t end, size_t count) {
    std::swap_ranges(items_ + front, items_ + front + count, items_ + end - count);
  }

  T* items_;
  size_t wanted_;
  Compare compare_;
};

template <class T, class Compare>
void partial_quick_sort(T* items, size_t size, size_t wanted, Compare compare) {
  PartialQuickSort(items, wanted, std::move(compare)).sort(0, size);
}

}  // namespace scrubjay
