#include "net/output_queue.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace scrubjay::net {
namespace {

constexpr size_t kMaxPieces = 64;
// Blocks for copies: as large as what waits already, so that a client that takes its messages at
// once costs little and one that does not has few blocks.
constexpr size_t kSmallestBlock = 1000;
constexpr size_t kLargestBlock = 16'000;

// Bytes taken by the socket; 0 when it is full; -1 when it is broken.
ssize_t send_pieces(int socket, iovec* pieces, size_t count) {
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = count;
  for (;;) {
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return sent;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
  }
}

// The same of one piece.
ssize_t send_bytes(int socket, std::string_view bytes) {
  for (;;) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return sent;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
  }
}

}  // namespace

void OutputQueue::push(SharedBytes block, size_t from, size_t to) {
  bytes_ += to - from;
  pieces_.push_back({std::move(block), from, to});
  last_is_open_ = false;
}

void OutputQueue::append(std::string_view bytes) {
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (!open_ || open_used_ == open_.capacity()) {
      open_ = SharedBytes::with_capacity(std::clamp(bytes_, kSmallestBlock, kLargestBlock));
      open_used_ = 0;
      last_is_open_ = false;
    }
    const std::string_view part = bytes.substr(0, open_.capacity() - open_used_);
    std::memcpy(open_.data() + open_used_, part.data(), part.size());
    if (!last_is_open_) pieces_.push_back({open_, open_used_, open_used_});
    open_used_ += part.size();
    pieces_.back().to = open_used_;
    last_is_open_ = true;
    bytes.remove_prefix(part.size());
  }
}

void OutputQueue::push_own(resp::ReplyBuffer& replies, size_t from, size_t to) {
  constexpr size_t kWorthSharing = 64 * 1024;
  if (to - from >= kWorthSharing)
    push(replies.share_own(), from, to);
  else if (to > from)
    append(replies.own_bytes().substr(from, to - from));
}

OutputQueue::Sent OutputQueue::send(int socket, std::string_view replies, uint64_t& sent) {
  if (!pieces_.empty()) {
    append(replies);
    return flush(socket, sent);
  }
  const ssize_t taken = send_bytes(socket, replies);
  if (taken < 0) return Sent::kFailed;
  const auto done = static_cast<size_t>(taken);
  sent += done;
  if (done == replies.size()) return Sent::kAll;
  append(replies.substr(done));
  return Sent::kSome;
}

OutputQueue::Sent OutputQueue::send(int socket, resp::ReplyBuffer& replies, uint64_t& sent) {
  const std::string_view own = replies.own_bytes();
  if (pieces_.empty() && replies.splices().empty()) {
    const ssize_t taken = send_bytes(socket, own);
    if (taken < 0) return Sent::kFailed;
    const auto done = static_cast<size_t>(taken);
    sent += done;
    if (done == own.size()) return Sent::kAll;
    push_own(replies, done, own.size());
    return Sent::kSome;
  }
  size_t from = 0;
  for (const auto& splice : replies.splices()) {
    push_own(replies, from, splice.at);
    push(splice.block, 0, splice.block.size());
    from = splice.at;
  }
  push_own(replies, from, own.size());
  return flush(socket, sent);
}

void OutputQueue::push(std::string_view head, const SharedBytes& message, size_t from) {
  constexpr size_t kWorthSharing = 1024;
  append(head);
  if (!message) return;
  if (message.size() < kWorthSharing)
    append(message.view().substr(from));
  else
    push(message, from, message.size());
}

OutputQueue::Sent OutputQueue::flush(int socket, uint64_t& sent) {
  while (!pieces_.empty()) {
    iovec pieces[kMaxPieces];
    const size_t count = std::min(pieces_.size(), kMaxPieces);
    for (size_t i = 0; i < count; ++i) {
      Piece& piece = pieces_[i];
      pieces[i] = {piece.block.data() + piece.from, piece.to - piece.from};
    }
    const ssize_t taken =
        count == 1 ? send_bytes(socket, {static_cast<char*>(pieces[0].iov_base), pieces[0].iov_len})
                   : send_pieces(socket, pieces, count);
    if (taken < 0) return Sent::kFailed;
    if (taken == 0) return Sent::kSome;
    sent += static_cast<uint64_t>(taken);
    bytes_ -= static_cast<size_t>(taken);
    auto left = static_cast<size_t>(taken);
    while (left > 0) {
      Piece& first = pieces_.front();
      const size_t size = first.to - first.from;
      if (left < size) {
        first.from += left;
        break;
      }
      left -= size;
      pieces_.pop_front();
    }
  }
  open_ = {};
  last_is_open_ = false;
  return Sent::kAll;
}

}  // namespace scrubjay::net
