// A run of list elements in one heap block. A plain chunk can be read and edited from both ends:
// each element has its length on either side, and there may be room before the first and behind the
// last. A sealed chunk is dense and read-only: it is front-coded, as the blocks of sorted tables
// are (each element gives the length of the prefix it shares with the one before, and the rest).
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::objects {

class ListChunk {
 public:
  static constexpr uint32_t kPlainSize = 2048 - 24;  // bytes of elements in a plain chunk
  static constexpr size_t kLongest = 1000;           // a longer element has a chunk of its own

  // A plain chunk without elements; `at_back`: all room is before them.
  static ListChunk* make(size_t capacity, bool at_back = false);
  static void destroy(ListChunk* chunk);
  // A sealed copy of a plain chunk.
  static ListChunk* seal(const ListChunk& plain);
  // A plain copy of a sealed chunk.
  static ListChunk* unseal(const ListChunk& sealed);
  static ListChunk* clone(const ListChunk& chunk);

  uint32_t count() const { return count_; }
  bool is_sealed() const { return sealed_; }
  // Bytes of the elements' texts.
  uint32_t text_bytes() const { return text_; }
  size_t heap_bytes() const;

  // Of plain chunks. False if there is no room.
  bool push_front(std::string_view text);
  bool push_back(std::string_view text);
  std::string_view front() const;
  std::string_view back() const;
  void pop_front();
  void pop_back();

  // Reads the elements of either kind one after the other.
  class Reader {
   public:
    explicit Reader(const ListChunk& chunk) : chunk_(chunk), at_(chunk.begin_) {}
    bool at_end() const { return at_ >= chunk_.end_; }
    // Dies with the next call.
    std::string_view next();

   private:
    const ListChunk& chunk_;
    uint32_t at_;
    std::string text_;
  };
  // Where the first element begins and the last one ends.
  const char* begin_address() const { return bytes() + begin_; }
  const char* end_address() const { return bytes() + end_; }
  // All elements of a plain chunk; the views live as long as it is not edited.
  void append_views(std::vector<std::string_view>& views) const;

 private:
  friend class Reader;
  ListChunk() = default;
  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  void center();

  uint32_t capacity_ = 0;
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
  uint32_t count_ = 0;
  uint32_t text_ = 0;
  bool sealed_ = false;
};

}  // namespace scrubjay::objects
