// What a DUMP payload holds, whatever the encoding it came in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "objects/stream.h"

namespace scrubjay::rdb {

struct Value {
  enum class Kind : uint8_t { kString, kList, kSet, kHash, kSortedSet, kStream };
  static constexpr int64_t kNoDeadline = -1;

  Kind kind = Kind::kString;
  std::string text{};  // of a string
  std::vector<std::string>
      items{};                   // elements or members; of a hash field, value, field, value ...
  std::vector<double> scores{};  // of a sorted set, one for each member
  std::vector<int64_t>
      deadlines{};  // of a hash with deadlines on fields: one for each field, in ms
  std::unique_ptr<objects::Stream> stream{};
};

}  // namespace scrubjay::rdb
