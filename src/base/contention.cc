#include "base/contention.h"

#include <atomic>

namespace scrubjay {
namespace {

// A thread counts on a line or two of its own, unless there are more threads than that.
struct alignas(64) Counters {
  std::array<std::atomic<uint64_t>, kContentions> of{};
};
std::array<Counters, 64> all;
std::atomic<size_t> threads{0};

Counters& own_counters() {
  thread_local Counters& own = all[threads.fetch_add(1, std::memory_order_relaxed) % all.size()];
  return own;
}

}  // namespace

void ContentionCounters::add(Contention what) {
  own_counters().of[static_cast<size_t>(what)].fetch_add(1, std::memory_order_relaxed);
}

ContentionCounts ContentionCounters::sum() {
  ContentionCounts total{};
  for (const Counters& counters : all) {
    for (size_t i = 0; i < kContentions; ++i)
      total[i] += counters.of[i].load(std::memory_order_relaxed);
  }
  return total;
}

void ContentionCounters::reset() {
  for (Counters& counters : all) {
    for (auto& count : counters.of) count.store(0, std::memory_order_relaxed);
  }
}

}  // namespace scrubjay
