// What a command is going to touch within a value, as far as its arguments tell. For prefetching: a
// wrong guess costs a cache line, nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace scrubjay::store {

struct Touch {
  static constexpr size_t kNowhere = SIZE_MAX;

  std::span<const std::string_view> members{};  // of a collection; elements of a HyperLogLog
  size_t byte = kNowhere;                       // of a string
};

}  // namespace scrubjay::store
