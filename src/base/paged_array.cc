#include "base/paged_array.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "base/background.h"

namespace scrubjay {

PagedArray::PagedArray(size_t size) : bytes_(size * sizeof(void*)) {
  void* const memory =
      ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<void**>(memory);
  // The first touch of a page takes up to a tenth of a millisecond on a virtual machine; what is
  // written here and there later must not be the first.
  constexpr size_t kPerPage = 4096 / sizeof(void*);
  for (size_t i = 0; i < size; i += kPerPage) {
    data_[i] = nullptr;
    Background::pause_if_due();
  }
}

PagedArray::~PagedArray() {
  if (data_ == nullptr) return;
  constexpr size_t kPart = 64 << 10;
  auto* const begin = reinterpret_cast<char*>(data_);
  for (size_t at = 0; at < bytes_; at += kPart) {
    ::madvise(begin + at, std::min(kPart, bytes_ - at), MADV_DONTNEED);
    Background::pause_if_due();
  }
  ::munmap(data_, bytes_);
}

}  // namespace scrubjay
