// A reference-counted block of bytes: long string values and messages that several threads send.
// The count is atomic; the bytes are written only while one reference exists.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace scrubjay {

class SharedBytes {
 public:
  SharedBytes() = default;
  // A block with room for `capacity` bytes and none used.
  static SharedBytes with_capacity(size_t capacity) {
    void* memory = std::malloc(sizeof(Block) + capacity);
    if (memory == nullptr) throw std::bad_alloc();
    return SharedBytes(new (memory) Block{{1}, 0, capacity});
  }
  static SharedBytes copy_of(std::string_view bytes) {
    SharedBytes copy = with_capacity(bytes.size());
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    copy.set_size(bytes.size());
    return copy;
  }
  SharedBytes(const SharedBytes& other) : block_(other.block_) {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedBytes() {
    if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      std::free(block_);
    }
  }

  explicit operator bool() const { return block_ != nullptr; }
  std::string_view view() const { return {bytes(block_), block_->size}; }
  char* data() { return bytes(block_); }
  size_t size() const { return block_->size; }
  size_t capacity() const { return block_->capacity; }
  bool unique() const { return block_->references.load(std::memory_order_acquire) == 1; }
  void set_size(size_t size) { block_->size = size; }

  // The bare pointer carries the reference: for owners that keep it in a tagged or packed field.
  void* release() { return std::exchange(block_, nullptr); }
  static SharedBytes adopt(void* released) { return SharedBytes(static_cast<Block*>(released)); }

 private:
  struct Block {
    std::atomic<uint32_t> references;
    size_t size;
    size_t capacity;
  };
  explicit SharedBytes(Block* block) : block_(block) {}
  static char* bytes(Block* block) { return reinterpret_cast<char*>(block + 1); }

  Block* block_ = nullptr;
};

}  // namespace scrubjay
