// Several rounds of a measurement, and which of them counts.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "clock.h"

namespace scrubjay::load {

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

// The quietest of up to `rounds` results: none follows one that is within the limit. A virtual
// machine pauses by chance, and then counts the pause to whoever runs; what a server does to others
// comes back in each round. `longest_ms(result)` is what must not be exceeded; result.round is set.
template <class Measure, class LongestMs>
auto quietest_of(int rounds, double limit_ms, const Measure& measure, const LongestMs& longest_ms) {
  auto quietest = measure();
  quietest.round = 1;
  for (int round = 2; round <= rounds && longest_ms(quietest) > limit_ms; ++round) {
    auto next = measure();
    next.round = round;
    if (longest_ms(next) < longest_ms(quietest)) quietest = std::move(next);
  }
  return quietest;
}

}  // namespace scrubjay::load
