// What a connection has received and not yet consumed: the start of an incomplete request. Empty
// (and without memory) nearly always, since whole requests are parsed where the socket put them.
#pragma once

#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

namespace scrubjay::net {

class InputBuffer {
 public:
  InputBuffer() = default;
  ~InputBuffer() { std::free(data_); }
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  std::string_view view() const { return {data_, size_}; }
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }

  // What reserve() would allocate for that; 0 if there is room.
  size_t allocation_for(size_t bytes) const {
    if (capacity_ - size_ >= bytes) return 0;
    return size_ + bytes > capacity_ * 2 ? size_ + bytes : capacity_ * 2;
  }
  // Room for `bytes` behind what is there; commit() says how many were used.
  char* reserve(size_t bytes) {
    if (const size_t grown = allocation_for(bytes); grown != 0) {
      char* larger = static_cast<char*>(std::realloc(data_, grown));
      if (larger == nullptr) throw std::bad_alloc();
      data_ = larger;
      capacity_ = grown;
    }
    return data_ + size_;
  }
  size_t room() const { return capacity_ - size_; }
  void commit(size_t bytes) { size_ += bytes; }
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void consume(size_t bytes) {
    size_ -= bytes;
    if (size_ == 0) {
      std::free(data_);
      data_ = nullptr;
      capacity_ = 0;
    } else if (bytes > 0) {
      std::memmove(data_, data_ + bytes, size_);
    }
  }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace scrubjay::net
