// A large list: a double-ended row of chunks. The chunks at both ends are plain, so that pushing
// and popping there costs no allocation; those between are sealed, so that a long list of alike
// strings takes little more than what tells them apart. Any index is found through the counts of
// the chunks, from the nearer end. Used under the lock of the value's owner; freed by whichever
// thread drops it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "objects/list_chunk.h"

namespace scrubjay::objects {

class List {
 public:
  List() = default;
  ~List();
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  size_t size() const { return size_; }
  // Of the elements alone.
  size_t text_bytes() const { return text_bytes_; }
  // Of the heap, as the allocator rounds it.
  size_t memory_bytes() const;

  void push_front(std::string_view text);
  void push_back(std::string_view text);
  // Preconditions of all that follows: the elements named are there. Views die with the next edit.
  void pop_front();
  void pop_back();
  std::string_view front() const { return front_->front(); }
  std::string_view back() const { return back_->back(); }
  std::string_view at(size_t index, std::string& scratch) const;

  // f(std::string_view) -> bool, from `index` on to the back; stops at false.
  template <class F>
  void for_each(size_t index, F&& f) const {
    Place place = locate(index);
    for (; place.chunk < chunks_; ++place.chunk, place.index = 0) {
      ListChunk::Reader reader(chunk(place.chunk));
      for (size_t i = 0; i < place.index; ++i) reader.next();
      while (!reader.at_end()) {
        if (!f(reader.next())) return;
      }
    }
  }
  // The same from `index` on to the front.
  template <class F>
  void for_each_backwards(size_t index, F&& f) const {
    const Place place = locate(index);
    std::vector<std::string_view> views;
    size_t wanted = place.index + 1;  // elements of the chunk, from its front
    for (size_t at = place.chunk + 1; at-- > 0; wanted = SIZE_MAX) {
      views.clear();
      const Plain plain(chunk(at));
      plain->append_views(views);
      for (size_t i = std::min(wanted, views.size()); i-- > 0;) {
        if (!f(views[i])) return;
      }
    }
  }

  void set(size_t index, std::string_view text);
  // Before the element that is at `index` now; at the back for size().
  void insert(size_t index, std::string_view text);
  void erase(size_t first, size_t count);
  // Removes elements equal to `text`, at most `most` (0: all); returns how many.
  size_t remove(std::string_view text, size_t most, bool from_back);

  // Fetches what pushing and popping will touch.
  void prefetch_ends() const {
    if (chunks_ == 0) return;
    constexpr int kForWriting = 1;
    __builtin_prefetch(front_, kForWriting);
    __builtin_prefetch(front_place_, kForWriting);
    __builtin_prefetch(back_, kForWriting);
    __builtin_prefetch(back_place_, kForWriting);
  }

  std::unique_ptr<List> clone() const;
  void check_invariants() const;

 private:
  // The count of elements is kept here for the chunks between the ends alone, so that pushing and
  // popping need not come here.
  struct Slot {
    ListChunk* chunk;
    uint32_t count;
  };
  struct Place {
    size_t chunk;
    size_t index;  // in the chunk
  };
  // A chunk that can be read as a plain one: itself, or a copy.
  class Plain {
   public:
    explicit Plain(const ListChunk& chunk)
        : chunk_(chunk.is_sealed() ? ListChunk::unseal(chunk) : &chunk),
          is_copy_(chunk.is_sealed()) {}
    ~Plain() {
      if (is_copy_) ListChunk::destroy(const_cast<ListChunk*>(chunk_));
    }
    Plain(const Plain&) = delete;
    Plain& operator=(const Plain&) = delete;
    const ListChunk* operator->() const { return chunk_; }

   private:
    const ListChunk* chunk_;
    bool is_copy_;
  };

  Slot& slot(size_t i) const { return slots_[(first_ + i) & (capacity_ - 1)]; }
  ListChunk& chunk(size_t i) const { return *slot(i).chunk; }
  size_t count_at(size_t i) const {
    return i == 0 || i + 1 == chunks_ ? chunk(i).count() : slot(i).count;
  }
  // To be called when the chunks at the ends may be others.
  void know_ends();
  Place locate(size_t index) const;
  void insert_slot(size_t at, ListChunk* chunk);
  void remove_slot(size_t at);
  void put_chunk(size_t at, ListChunk* chunk);
  void drop_chunk(size_t at);
  void settle(size_t at);
  void rebuild(size_t at, const std::vector<std::string_view>& views);
  void erase_in_chunk(size_t at, size_t first, size_t count);
  void count_in(const ListChunk& chunk);
  void count_out(const ListChunk& chunk);

  ListChunk* front_ = nullptr;
  ListChunk* back_ = nullptr;
  const char* front_place_ = nullptr;  // where in the chunks the ends were lately
  const char* back_place_ = nullptr;
  // A ring of slots; its capacity is a power of two.
  Slot* slots_ = nullptr;
  uint32_t capacity_ = 0;
  uint32_t first_ = 0;
  uint32_t chunks_ = 0;
  size_t size_ = 0;
  size_t text_bytes_ = 0;
  size_t chunk_bytes_ = 0;
};

}  // namespace scrubjay::objects
