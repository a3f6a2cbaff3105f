// Messages in a row for the same clients, put together once for all of them: each client's output
// then refers to the one block. Used by its thread.
#pragma once

#include <array>
#include <cstring>
#include <vector>

#include "base/shared_bytes.h"

namespace scrubjay::net {

class MessageBatch {
 public:
  static constexpr size_t kMaxBytes = 64 * 1024;

  void clear() {
    messages_.clear();
    blocks_ = {};
    size_ = 0;
  }
  bool has_room_for(const SharedBytes& message) const {
    return size_ + message.size() <= kMaxBytes;
  }
  void add(SharedBytes message) {
    size_ += message.size();
    messages_.push_back(std::move(message));
  }
  size_t count() const { return messages_.size(); }
  const SharedBytes& single() const { return messages_.front(); }

  // All of them as the protocol has them: RESP2 and RESP3 differ in each message's first byte.
  const SharedBytes& bytes(int protocol) {
    const bool resp3 = protocol > 2;
    SharedBytes& block = blocks_[resp3 ? 1 : 0];
    if (block) return block;
    block = SharedBytes::with_capacity(size_);
    char* out = block.data();
    for (const SharedBytes& message : messages_) {
      std::memcpy(out, message.view().data(), message.size());
      *out = resp3 ? '>' : '*';
      out += message.size();
    }
    block.set_size(size_);
    return block;
  }

 private:
  std::vector<SharedBytes> messages_;
  std::array<SharedBytes, 2> blocks_;
  size_t size_ = 0;
};

}  // namespace scrubjay::net
