// Bytes that grow, shrink and move: what the compact encodings are written into. A collection's
// bytes may stand in the key's own entry or in a heap block; the encodings don't know which.
#pragma once

#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace scrubjay::objects {

class ByteBuffer {
 public:
  virtual std::string_view view() const = 0;
  // Replaces `removed` bytes at `at` by `inserted` bytes that the caller fills in; what stands
  // before and behind is kept. Returns where to write. Older views of the bytes are dead.
  virtual char* splice(size_t at, size_t removed, size_t inserted) = 0;

 protected:
  ~ByteBuffer() = default;
};

// A block of its own, exactly as large as its content.
class OwnBytes final : public ByteBuffer {
 public:
  OwnBytes() = default;
  explicit OwnBytes(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(splice(0, 0, bytes.size()), bytes.data(), bytes.size());
  }
  OwnBytes(OwnBytes&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  OwnBytes& operator=(OwnBytes&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~OwnBytes() { std::free(bytes_); }

  std::string_view view() const override { return {bytes_, size_}; }
  size_t size() const { return size_; }
  char* data() { return bytes_; }

  char* splice(size_t at, size_t removed, size_t inserted) override {
    const size_t tail = size_ - at - removed;
    const size_t size = size_ - removed + inserted;
    if (inserted < removed) std::memmove(bytes_ + at + inserted, bytes_ + at + removed, tail);
    if (size != size_) {
      void* const moved = std::realloc(bytes_, size > 0 ? size : 1);
      if (moved == nullptr) throw std::bad_alloc();
      bytes_ = static_cast<char*>(moved);
    }
    if (inserted > removed) std::memmove(bytes_ + at + inserted, bytes_ + at + removed, tail);
    size_ = size;
    return bytes_ + at;
  }

 private:
  char* bytes_ = nullptr;
  size_t size_ = 0;
};

}  // namespace scrubjay::objects
