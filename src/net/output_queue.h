// Replies that the socket would not take yet: short stretches are copied, one behind the other,
// into blocks of 16 KB, so that a client that takes nothing costs little more than the bytes that
// wait for it; long ones are kept by reference. One thread.
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
  // Keeps a message to be sent by flush(): `head`, then the message, if there is one, from byte
  // `from` on. Long ones are not copied.
  void push(std::string_view head, const SharedBytes& message, size_t from);
  void append(std::string_view bytes);
  // Sends what waits.
  Sent flush(int socket, uint64_t& sent);

  size_t bytes() const { return bytes_; }
  bool empty() const { return pieces_.empty(); }

 private:
  struct Piece {
    SharedBytes block;
    size_t from;
    size_t to;
  };
  void push(SharedBytes block, size_t from, size_t to);
  void push_own(resp::ReplyBuffer& replies, size_t from, size_t to);

  std::deque<Piece> pieces_;
  SharedBytes open_;  // the block that append() fills, which pieces refer to
  size_t open_used_ = 0;
  bool last_is_open_ = false;  // the last piece ends where that block goes on
  size_t bytes_ = 0;
};

}  // namespace scrubjay::net
