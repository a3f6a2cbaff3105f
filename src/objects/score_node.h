// One member of a large sorted set with its score, in one heap block: 8 bytes of score, 1 byte of
// length (or 255 and 4 bytes), the member's bytes. Ordered by score, then by the bytes.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

#include "base/memory.h"

namespace scrubjay::objects {

class ScoreNode {
 public:
  static ScoreNode* make(std::string_view member, double score) {
    char* const bytes = static_cast<char*>(std::malloc(size_for(member.size())));
    if (bytes == nullptr) throw std::bad_alloc();
    std::memcpy(bytes, &score, sizeof score);
    char* out = bytes + kLength;
    if (member.size() < kLong) {
      *out++ = static_cast<char>(member.size());
    } else {
      const auto size = static_cast<uint32_t>(member.size());
      *out++ = static_cast<char>(kLong);
      std::memcpy(out, &size, sizeof size);
      out += sizeof size;
    }
    std::memcpy(out, member.data(), member.size());
    return reinterpret_cast<ScoreNode*>(bytes);
  }
  static void destroy(ScoreNode* node) { std::free(node); }

  double score() const {
    double score;
    std::memcpy(&score, this, sizeof score);
    return score;
  }
  void set_score(double score) { std::memcpy(static_cast<void*>(this), &score, sizeof score); }
  std::string_view member() const {
    const char* const bytes = reinterpret_cast<const char*>(this);
    const auto first = static_cast<unsigned char>(bytes[kLength]);
    if (first != kLong) [[likely]]
      return {bytes + kLength + 1, first};
    uint32_t size;
    std::memcpy(&size, bytes + kLength + 1, sizeof size);
    return {bytes + kLength + 5, size};
  }
  size_t heap_bytes() const { return good_size(size_for(member().size())); }

  bool is_before(double score, std::string_view member) const {
    const double own = this->score();
    return own < score || (own == score && this->member() < member);
  }

 private:
  static constexpr size_t kLength = 8;
  static constexpr unsigned char kLong = 255;
  static size_t size_for(size_t member) { return kLength + (member < kLong ? 1 : 5) + member; }
};

}  // namespace scrubjay::objects
