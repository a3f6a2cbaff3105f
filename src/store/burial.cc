#include "store/burial.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>
#include <vector>

#include "base/background.h"

namespace scrubjay::store {
namespace {

// At most so many are sorted at once: 4 MB of pointers, and as much for sorting.
constexpr size_t kMost = 512 << 10;
// So many are moved before a pause may come: each may be the first to touch its page of memory.
constexpr size_t kStep = 32;

uint64_t address(const Entry* entry) {
  return reinterpret_cast<uint64_t>(entry);
}

// Calls f(entry) for each, and pauses now and then.
template <class F>
void each(std::span<Entry* const> entries, F&& f) {
  for (size_t i = 0; i < entries.size(); ++i) {
    f(entries[i]);
    if (i % kStep == 0) Background::pause_if_due();
  }
}

void free_few(std::span<Entry*> entries) {
  constexpr size_t kAhead = 8;
  std::sort(entries.begin(), entries.end());
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i + kAhead < entries.size()) __builtin_prefetch(entries[i + kAhead]);
    Entry::destroy(entries[i]);
    Background::pause_if_due();
  }
}

// Parts them by the upper bits of their addresses into runs of some hundred, which are sorted one
// by one: no step takes longer than a background thread may work without a pause.
void free_in_order(std::span<Entry*> entries) {
  constexpr size_t kRun = 256;
  if (entries.size() <= 4 * kRun) return free_few(entries);
  uint64_t lowest = UINT64_MAX;
  uint64_t highest = 0;
  each(entries, [&](const Entry* entry) {
    lowest = std::min(lowest, address(entry));
    highest = std::max(highest, address(entry));
  });
  const size_t runs = std::bit_floor(entries.size() / kRun);
  const int bits = static_cast<int>(std::bit_width(highest - lowest));
  const int shift = std::max(0, bits - std::countr_zero(runs));
  const auto run_of = [&](const Entry* entry) { return (address(entry) - lowest) >> shift; };

  std::vector<size_t> places(runs + 1, 0);  // first the runs' sizes, then where they begin
  each(entries, [&](const Entry* entry) { ++places[run_of(entry) + 1]; });
  for (size_t i = 1; i <= runs; ++i) places[i] += places[i - 1];
  const auto parted = std::make_unique_for_overwrite<Entry*[]>(entries.size());
  each(entries, [&](Entry* entry) { parted[places[run_of(entry)]++] = entry; });
  size_t begin = 0;  // each place is where its run ends by now
  for (size_t i = 0; i < runs; ++i) {
    free_in_order({&parted[begin], places[i] - begin});
    begin = places[i];
  }
}

}  // namespace

Burial::Burial(size_t entries)
    : room_(std::clamp<size_t>(entries, 1, kMost)),
      entries_(std::make_unique_for_overwrite<Entry*[]>(room_)) {}

void Burial::free_all() {
  const size_t count = std::exchange(count_, 0);
  free_in_order({entries_.get(), count});
}

}  // namespace scrubjay::store
