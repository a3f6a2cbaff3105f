// Rows of one kind of request each, measured on both servers over the same data. Used by the
// scenarios about collections.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "comparison.h"

namespace scrubjay::load {

using Random = std::mt19937_64;

struct Operation {
  std::string name;
  std::optional<double> ratio_limit;
  std::function<void(std::string&, Random&)> write;  // appends one request
};

inline std::uint64_t draw(Random& random, std::uint64_t bound) {
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random);
}

// Each round starts both servers anew, fills them and loads them in turn with each operation.
void measure_operations(Bench& bench, const std::string& scenario,
                        const std::vector<Operation>& operations,
                        const std::function<void(const ServerProcess&)>& fill);

}  // namespace scrubjay::load
