// The bytes of replies on their way to a socket: own bytes, with long values spliced in by
// reference instead of being copied. Used by ReplyBuilder, which writes, and by a session, which
// sends. One thread at a time.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/shared_bytes.h"

namespace scrubjay::resp {

class ReplyBuffer {
 public:
  // Room for at least `bytes` more; returns where to write. commit() says how many were written.
  char* reserve(size_t bytes) {
    if (capacity_ - size_ < bytes) grow(bytes);
    return data_ + size_;
  }
  void commit(size_t bytes) { size_ += bytes; }
  void append(std::string_view bytes) {
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void append(SharedBytes block) {
    spliced_bytes_ += block.size();
    splices_.push_back({size_, std::move(block)});
  }

  void set(size_t at, char byte) { data_[at] = byte; }

  // A place in the buffer that truncate() can go back to.
  size_t mark() const { return size_; }
  void truncate(size_t mark) {
    // A splice always stands behind the header line of its bulk, so one before the mark is below
    // it.
    while (!splices_.empty() && splices_.back().at >= mark) {
      spliced_bytes_ -= splices_.back().block.size();
      splices_.pop_back();
    }
    size_ = mark;
  }
  void insert(size_t at, std::string_view bytes) {
    reserve(bytes.size());
    std::memmove(data_ + at + bytes.size(), data_ + at, size_ - at);
    std::memcpy(data_ + at, bytes.data(), bytes.size());
    size_ += bytes.size();
    for (Splice& splice : splices_) {
      if (splice.at >= at) splice.at += bytes.size();
    }
  }

  struct Splice {
    size_t at;  // stands before own byte number `at`
    SharedBytes block;
  };
  std::string_view own_bytes() const { return {data_, size_}; }
  // A reference to the block of the own bytes: what is not sent yet can be kept without a copy.
  SharedBytes share_own() {
    bytes_.set_size(size_);
    return bytes_;
  }
  const std::vector<Splice>& splices() const { return splices_; }
  size_t total_bytes() const { return size_ + spliced_bytes_; }
  bool empty() const { return total_bytes() == 0; }
  // All of it in one block.
  SharedBytes to_bytes() const {
    SharedBytes whole = SharedBytes::with_capacity(total_bytes());
    char* out = whole.data();
    size_t from = 0;
    const auto copy = [&](std::string_view part) {
      if (!part.empty()) std::memcpy(out, part.data(), part.size());
      out += part.size();
    };
    for (const Splice& splice : splices_) {
      copy(own_bytes().substr(from, splice.at - from));
      copy(splice.block.view());
      from = splice.at;
    }
    copy(own_bytes().substr(from));
    whole.set_size(total_bytes());
    return whole;
  }
  void clear() {
    size_ = 0;
    spliced_bytes_ = 0;
    splices_.clear();
    if (capacity_ > 0 && (capacity_ > kKeptCapacity || !bytes_.unique())) {
      bytes_ = {};
      data_ = nullptr;
      capacity_ = 0;
    }
  }

 private:
  static constexpr size_t kKeptCapacity = 1 << 20;

  void grow(size_t bytes) {
    size_t capacity = capacity_ < 16384 ? 16384 : capacity_ * 2;
    while (capacity - size_ < bytes) capacity *= 2;
    SharedBytes larger = SharedBytes::with_capacity(capacity);
    if (size_ > 0) std::memcpy(larger.data(), data_, size_);
    bytes_ = std::move(larger);
    data_ = bytes_.data();
    capacity_ = capacity;
  }

  SharedBytes bytes_;
  char* data_ = nullptr;  // bytes_'s
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t spliced_bytes_ = 0;
  std::vector<Splice> splices_;
};

}  // namespace scrubjay::resp
