#include "base/burial.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

namespace scrubjay {
namespace {

// Fewer are not worth sorting.
constexpr size_t kFew = 256;
// At most so many are sorted at once: 4 MB of pointers, and as much for sorting.
constexpr size_t kMost = 512 << 10;
// So many are looked at before a pause may come.
constexpr size_t kStep = 32;

size_t room_for(size_t blocks) {
  return blocks < kFew ? 0 : std::min(blocks, kMost);
}

uint64_t address(const void* block) {
  return reinterpret_cast<uint64_t>(block);
}

// Calls f(block) for each, and pauses now and then.
template <class F>
void each(void* const* blocks, size_t count, F&& f) {
  for (size_t i = 0; i < count; ++i) {
    f(blocks[i]);
    if (i % kStep == 0) Background::pause_if_due();
  }
}

}  // namespace

Burial::Burial(size_t blocks, Free free) : free_(free), room_(room_for(blocks)) {}

void Burial::free_all() {
  free_in_order(blocks_.data(), std::exchange(count_, 0));
}

void Burial::free_few(void** blocks, size_t count) const {
  std::sort(blocks, blocks + count);
  for (size_t i = 0; i < count; ++i) free_now(blocks[i]);
}

// Parts them by the upper bits of their addresses into runs of some hundred, which are sorted one
// by one: no step takes longer than a background thread may work without a pause.
void Burial::free_in_order(void** blocks, size_t count) const {
  constexpr size_t kRun = 256;
  if (count <= 4 * kRun) return free_few(blocks, count);
  uint64_t lowest = UINT64_MAX;
  uint64_t highest = 0;
  each(blocks, count, [&](const void* block) {
    lowest = std::min(lowest, address(block));
    highest = std::max(highest, address(block));
  });
  const size_t runs = std::bit_floor(count / kRun);
  const int bits = static_cast<int>(std::bit_width(highest - lowest));
  const int shift = std::max(0, bits - std::countr_zero(runs));
  const auto run_of = [&](const void* block) { return (address(block) - lowest) >> shift; };

  std::vector<size_t> places(runs + 1, 0);  // first the runs' sizes, then where they begin
  each(blocks, count, [&](const void* block) { ++places[run_of(block) + 1]; });
  for (size_t i = 1; i <= runs; ++i) places[i] += places[i - 1];
  const PagedArray parted(count);
  each(blocks, count, [&](void* block) { parted[places[run_of(block)]++] = block; });
  size_t begin = 0;  // each place is where its run ends by now
  for (size_t i = 0; i < runs; ++i) {
    free_in_order(&parted[begin], places[i] - begin);
    begin = places[i];
  }
}

}  // namespace scrubjay
