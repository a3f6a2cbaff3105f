#include "objects/list.h"

#include <algorithm>
#include <cstdlib>

#include "base/background.h"
#include "base/memory.h"

namespace scrubjay::objects {

List::~List() {
  for (size_t i = 0; i < chunks_; ++i) {
    ListChunk::destroy(slot(i).chunk);
    Background::pause_if_due();
  }
  delete[] slots_;
}

size_t List::memory_bytes() const {
  return sizeof *this + chunk_bytes_ + (capacity_ > 0 ? good_size(capacity_ * sizeof(Slot)) : 0);
}

void List::count_in(const ListChunk& chunk) {
  size_ += chunk.count();
  text_bytes_ += chunk.text_bytes();
  chunk_bytes_ += chunk.heap_bytes();
}
void List::count_out(const ListChunk& chunk) {
  size_ -= chunk.count();
  text_bytes_ -= chunk.text_bytes();
  chunk_bytes_ -= chunk.heap_bytes();
}

void List::insert_slot(size_t at, ListChunk* chunk) {
  if (chunks_ == capacity_) {
    const uint32_t larger = capacity_ == 0 ? 4 : capacity_ * 2;
    Slot* const slots = new Slot[larger];
    for (size_t i = 0; i < chunks_; ++i) slots[i] = slot(i);
    delete[] slots_;
    slots_ = slots;
    capacity_ = larger;
    first_ = 0;
  }
  if (at < chunks_ / 2) {
    first_ = (first_ - 1) & (capacity_ - 1);
    ++chunks_;
    for (size_t i = 0; i < at; ++i) slot(i) = slot(i + 1);
  } else {
    ++chunks_;
    for (size_t i = chunks_ - 1; i > at; --i) slot(i) = slot(i - 1);
  }
  slot(at) = {chunk, chunk->count()};
}

void List::remove_slot(size_t at) {
  if (at < chunks_ / 2) {
    for (size_t i = at; i > 0; --i) slot(i) = slot(i - 1);
    first_ = (first_ + 1) & (capacity_ - 1);
  } else {
    for (size_t i = at; i + 1 < chunks_; ++i) slot(i) = slot(i + 1);
  }
  --chunks_;
}

void List::know_ends() {
  if (chunks_ == 0) {
    front_ = back_ = nullptr;
    return;
  }
  front_ = slot(0).chunk;
  back_ = slot(chunks_ - 1).chunk;
  front_place_ = front_->begin_address();
  back_place_ = back_->end_address();
}

void List::put_chunk(size_t at, ListChunk* chunk) {
  insert_slot(at, chunk);
  count_in(*chunk);
}

void List::drop_chunk(size_t at) {
  ListChunk* const gone = slot(at).chunk;
  remove_slot(at);
  count_out(*gone);
  ListChunk::destroy(gone);
}

// The chunks at the ends are plain, those between sealed, unless a single element fills them.
void List::settle(size_t at) {
  if (at >= chunks_) return;
  ListChunk* const old = slot(at).chunk;
  slot(at).count = old->count();
  const bool at_end = at == 0 || at + 1 == chunks_;
  const bool is_settled = at_end ? !old->is_sealed() : old->is_sealed() || old->count() == 1;
  if (is_settled) return;
  ListChunk* const fresh = at_end ? ListChunk::unseal(*old) : ListChunk::seal(*old);
  chunk_bytes_ += fresh->heap_bytes() - old->heap_bytes();
  slot(at).chunk = fresh;
  ListChunk::destroy(old);
}

namespace {

ListChunk* fresh_chunk(std::string_view text, bool at_back) {
  constexpr size_t kLengths = 10;  // of one element, at most
  const size_t capacity =
      text.size() > ListChunk::kLongest ? text.size() + kLengths : ListChunk::kPlainSize;
  ListChunk* const chunk = ListChunk::make(capacity, at_back);
  if (at_back)
    chunk->push_front(text);
  else
    chunk->push_back(text);
  return chunk;
}

}  // namespace

void List::push_back(std::string_view text) {
  if (chunks_ > 0) {
    __builtin_prefetch(back_place_);
    if (back_->push_back(text)) {
      back_place_ = back_->end_address();
      ++size_;
      text_bytes_ += text.size();
      return;
    }
  }
  put_chunk(chunks_, fresh_chunk(text, false));
  if (chunks_ > 2) settle(chunks_ - 2);
  know_ends();
}

void List::push_front(std::string_view text) {
  if (chunks_ > 0) {
    __builtin_prefetch(front_place_);
    if (front_->push_front(text)) {
      front_place_ = front_->begin_address();
      ++size_;
      text_bytes_ += text.size();
      return;
    }
  }
  put_chunk(0, fresh_chunk(text, true));
  if (chunks_ > 2) settle(1);
  know_ends();
}

void List::pop_front() {
  text_bytes_ -= front_->front().size();
  front_->pop_front();
  --size_;
  if (front_->count() > 0) {
    front_place_ = front_->begin_address();
    return;
  }
  drop_chunk(0);
  settle(0);
  know_ends();
}

void List::pop_back() {
  text_bytes_ -= back_->back().size();
  back_->pop_back();
  --size_;
  if (back_->count() > 0) {
    back_place_ = back_->end_address();
    return;
  }
  drop_chunk(chunks_ - 1);
  if (chunks_ > 0) settle(chunks_ - 1);
  know_ends();
}

List::Place List::locate(size_t index) const {
  if (index < size_ / 2) {
    size_t i = 0;
    while (index >= count_at(i)) index -= count_at(i++);
    return {i, index};
  }
  if (index >= size_) return {chunks_, 0};
  size_t from_back = size_ - 1 - index;
  size_t i = chunks_ - 1;
  while (from_back >= count_at(i)) from_back -= count_at(i--);
  return {i, count_at(i) - 1 - from_back};
}

std::string_view List::at(size_t index, std::string& scratch) const {
  const Place place = locate(index);
  ListChunk::Reader reader(chunk(place.chunk));
  for (size_t i = 0; i < place.index; ++i) reader.next();
  const std::string_view text = reader.next();
  if (!chunk(place.chunk).is_sealed()) return text;
  scratch = text;
  return scratch;
}

// Replaces a chunk by chunks with these elements, which may be views of its own bytes.
void List::rebuild(size_t at, const std::vector<std::string_view>& views) {
  ListChunk* const old = slot(at).chunk;
  remove_slot(at);
  count_out(*old);
  size_t place = at;
  for (size_t i = 0; i < views.size();) {
    ListChunk* const fresh = fresh_chunk(views[i], false);
    const bool alone = views[i].size() > ListChunk::kLongest;
    for (++i; !alone && i < views.size() && views[i].size() <= ListChunk::kLongest; ++i) {
      if (!fresh->push_back(views[i])) break;
    }
    put_chunk(place++, fresh);
  }
  ListChunk::destroy(old);
  const size_t from = at == 0 ? 0 : at - 1;
  for (size_t i = from; i <= place && i < chunks_; ++i) settle(i);
  if (chunks_ > 0) settle(chunks_ - 1);
  know_ends();
}

void List::set(size_t index, std::string_view text) {
  const Place place = locate(index);
  std::vector<std::string_view> views;
  const Plain plain(chunk(place.chunk));
  plain->append_views(views);
  views[place.index] = text;
  rebuild(place.chunk, views);
}

void List::insert(size_t index, std::string_view text) {
  if (index == 0) return push_front(text);
  if (index == size_) return push_back(text);
  const Place place = locate(index);
  std::vector<std::string_view> views;
  const Plain plain(chunk(place.chunk));
  plain->append_views(views);
  views.insert(views.begin() + static_cast<ptrdiff_t>(place.index), text);
  rebuild(place.chunk, views);
}

void List::erase_in_chunk(size_t at, size_t first, size_t count) {
  std::vector<std::string_view> views;
  const Plain plain(chunk(at));
  plain->append_views(views);
  const auto from = views.begin() + static_cast<ptrdiff_t>(first);
  views.erase(from, from + static_cast<ptrdiff_t>(count));
  rebuild(at, views);
}

void List::erase(size_t first, size_t count) {
  const bool to_back = first + count == size_;
  while (count > 0) {
    const Place place = to_back ? locate(size_ - 1) : locate(first);
    const size_t here = count_at(place.chunk);
    const size_t from = to_back ? (count < here ? here - count : 0) : place.index;
    const size_t gone = std::min(count, here - from);
    count -= gone;
    if (gone == here) {
      drop_chunk(place.chunk);
      settle(0);
      if (chunks_ > 0) settle(chunks_ - 1);
      know_ends();
    } else if (to_back) {
      for (size_t i = 0; i < gone; ++i) pop_back();
    } else if (place.chunk == 0 && from == 0) {
      for (size_t i = 0; i < gone; ++i) pop_front();
    } else {
      erase_in_chunk(place.chunk, from, gone);
    }
  }
}

size_t List::remove(std::string_view text, size_t most, bool from_back) {
  if (most == 0) most = SIZE_MAX;
  size_t removed = 0;
  std::vector<std::string_view> views;
  size_t at = from_back ? chunks_ : 0;
  while (removed < most && (from_back ? at > 0 : at < chunks_)) {
    if (from_back) --at;
    views.clear();
    const size_t before = removed;
    const size_t chunks = chunks_;
    {
      const Plain plain(chunk(at));
      plain->append_views(views);
      const auto wanted = [&](std::string_view other) {
        if (other != text || removed == most) return false;
        ++removed;
        return true;
      };
      if (from_back) {
        std::reverse(views.begin(), views.end());
        std::erase_if(views, wanted);
        std::reverse(views.begin(), views.end());
      } else {
        std::erase_if(views, wanted);
      }
      if (removed > before) rebuild(at, views);
    }
    if (!from_back && chunks_ == chunks) ++at;
  }
  return removed;
}

std::unique_ptr<List> List::clone() const {
  auto copy = std::make_unique<List>();
  for (size_t i = 0; i < chunks_; ++i) copy->put_chunk(i, ListChunk::clone(chunk(i)));
  copy->know_ends();
  return copy;
}

void List::check_invariants() const {
  const auto check = [](bool good) {
    if (!good) std::abort();
  };
  size_t size = 0;
  size_t text = 0;
  size_t bytes = 0;
  for (size_t i = 0; i < chunks_; ++i) {
    const ListChunk& part = chunk(i);
    check(part.count() > 0 && part.count() == count_at(i));
    if (i == 0 || i + 1 == chunks_) check(!part.is_sealed());
    size_t count = 0;
    size_t own_text = 0;
    for (ListChunk::Reader reader(part); !reader.at_end(); ++count)
      own_text += reader.next().size();
    check(count == part.count() && own_text == part.text_bytes());
    size += count;
    text += own_text;
    bytes += part.heap_bytes();
  }
  check(chunks_ == 0 || (front_ == &chunk(0) && back_ == &chunk(chunks_ - 1)));
  check(size == size_ && text == text_bytes_ && bytes == chunk_bytes_);
}

}  // namespace scrubjay::objects
