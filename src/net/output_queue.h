// Replies that the socket would not take yet: copies of short stretches, references to long ones.
// One thread.
#pragma once

#include <deque>

#include "base/shared_bytes.h"
#include "resp/reply_buffer.h"

namespace scrubjay::net {

class OutputQueue {
 public:
  enum class Sent { kAll, kSome, kFailed };

  // Sends the replies behind what waits already; what the socket does not take is kept. `sent`
  // grows by the number of bytes sent. The reply buffer may be cleared afterwards.
  Sent send(int socket, resp::ReplyBuffer& replies, uint64_t& sent);
  Sent send(int socket, std::string_view replies, uint64_t& sent);
  // A message without a copy: `head`, then the message from byte `from` on.
  Sent send(int socket, const SharedBytes& message, std::string_view head, size_t from,
            uint64_t& sent);
  // Sends what waits.
  Sent flush(int socket, uint64_t& sent);

  size_t bytes() const { return bytes_; }
  bool empty() const { return pieces_.empty(); }
  void clear() {
    pieces_.clear();
    bytes_ = 0;
  }

 private:
  struct Piece {
    SharedBytes block;
    size_t from;
    size_t to;
  };
  void push(SharedBytes block, size_t from, size_t to);
  void push_own(resp::ReplyBuffer& replies, size_t from, size_t to);

  std::deque<Piece> pieces_;
  size_t bytes_ = 0;
};

}  // namespace scrubjay::net
