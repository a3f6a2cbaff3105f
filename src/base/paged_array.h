// A large array of pointers in pages of its own, which go back to the system with it: in small
// parts, with the pauses of a background thread (base/background.h). The allocator would hand out
// megabytes in one step and take them back in another, a millisecond each.
#pragma once

#include <cstddef>
#include <utility>

namespace scrubjay {

class PagedArray {
 public:
  PagedArray() = default;
  // Nothing is in it yet; each of its pages is there. Throws std::bad_alloc.
  explicit PagedArray(size_t size);
  ~PagedArray();
  PagedArray(PagedArray&& other) noexcept { *this = std::move(other); }
  PagedArray& operator=(PagedArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  explicit operator bool() const { return data_ != nullptr; }
  void** data() const { return data_; }
  void*& operator[](size_t i) const { return data_[i]; }

 private:
  void** data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace scrubjay
