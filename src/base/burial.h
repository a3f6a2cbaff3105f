// Frees many heap blocks, in the order of their addresses. A hash table has them in the order of
// their hashes, in which each is on a page of its own, and so is what the allocator keeps about
// that page: most of the time then goes into finding both, and a hundred blocks that the allocator
// takes back at once may take it milliseconds (docs/memory.md).
//
// Threads: for one. In the background (base/background.h) it pauses as it has to.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/background.h"
#include "base/paged_array.h"

namespace scrubjay {

class Burial {
 public:
  using Free = void (*)(void* block);

  // How many blocks may come, about. A few are freed as they come.
  Burial(size_t blocks, Free free);
  ~Burial() { free_all(); }
  Burial(const Burial&) = delete;
  Burial& operator=(const Burial&) = delete;

  // Takes a block that nobody refers to. It is freed by the end of the burial.
  void add(void* block) {
    if (room_ == 0) return free_now(block);
    if (!blocks_) blocks_ = PagedArray(room_);
    if (count_ == room_) free_all();
    blocks_[count_++] = block;
    if (count_ % kStep == 0) Background::pause_if_due();
  }

 private:
  static constexpr size_t kStep = 256;  // so many are added before a pause may come
  void free_all();
  void free_now(void* block) const {
    free_(block);
    Background::pause_if_due();
  }
  void free_few(void** blocks, size_t count) const;
  void free_in_order(void** blocks, size_t count) const;

  const Free free_;
  const size_t room_;
  PagedArray blocks_;  // made for the first
  size_t count_ = 0;
};

}  // namespace scrubjay
