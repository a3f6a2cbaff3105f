#include "objects/list_chunk.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/memory.h"

namespace scrubjay::objects {
namespace {

// Numbers of seven bits a byte, the lowest first; the top bit says that more follow.
size_t varint_size(uint32_t value) {
  size_t size = 1;
  for (; value >= 128; value >>= 7) ++size;
  return size;
}
char* write_varint(char* out, uint32_t value) {
  for (; value >= 128; value >>= 7) *out++ = static_cast<char>(value | 128);
  *out++ = static_cast<char>(value);
  return out;
}
uint32_t read_varint(const char*& at) {
  uint32_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    value |= static_cast<uint32_t>(byte & 127) << shift;
    if (byte < 128) return value;
  }
}
// The same read backwards: the lowest seven bits stand last.
char* write_reverse_varint(char* out, uint32_t value) {
  const size_t size = varint_size(value);
  for (size_t i = size; i-- > 0; value >>= 7)
    out[i] = static_cast<char>((value & 127) | (i > 0 ? 128 : 0));
  return out + size;
}
uint32_t read_reverse_varint(const char*& end) {
  uint32_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*--end);
    value |= static_cast<uint32_t>(byte & 127) << shift;
    if (byte < 128) return value;
  }
}

size_t plain_size(size_t text) {
  return text + 2 * varint_size(static_cast<uint32_t>(text));
}

// The header of a sealed element: two lengths of four bits, of which 15 says that a varint adds to
// it.
constexpr uint32_t kMore = 15;

size_t sealed_size(size_t shared, size_t rest) {
  size_t size = 1 + rest;
  if (shared >= kMore) size += varint_size(static_cast<uint32_t>(shared) - kMore);
  if (rest >= kMore) size += varint_size(static_cast<uint32_t>(rest) - kMore);
  return size;
}

size_t shared_prefix(std::string_view a, std::string_view b) {
  const size_t most = std::min(a.size(), b.size());
  return static_cast<size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(most), b.begin()).first -
      a.begin());
}

}  // namespace

ListChunk* ListChunk::make(size_t capacity, bool at_back) {
  void* const memory = std::malloc(sizeof(ListChunk) + capacity);
  if (memory == nullptr) throw std::bad_alloc();
  ListChunk* const chunk = new (memory) ListChunk;
  chunk->capacity_ = static_cast<uint32_t>(capacity);
  chunk->begin_ = chunk->end_ = at_back ? chunk->capacity_ : 0;
  return chunk;
}

void ListChunk::destroy(ListChunk* chunk) {
  std::free(chunk);
}

size_t ListChunk::heap_bytes() const {
  return good_size(sizeof *this + capacity_);
}

ListChunk* ListChunk::clone(const ListChunk& chunk) {
  ListChunk* const copy = make(chunk.capacity_);
  std::memcpy(static_cast<void*>(copy), &chunk, sizeof chunk);
  std::memcpy(copy->bytes() + chunk.begin_, chunk.bytes() + chunk.begin_,
              chunk.end_ - chunk.begin_);
  return copy;
}

// Moves the elements so that half of the room is on either side.
void ListChunk::center() {
  const uint32_t used = end_ - begin_;
  const uint32_t begin = (capacity_ - used) / 2;
  std::memmove(bytes() + begin, bytes() + begin_, used);
  begin_ = begin;
  end_ = begin + used;
}

bool ListChunk::push_front(std::string_view text) {
  const auto need = static_cast<uint32_t>(plain_size(text.size()));
  if (begin_ < need) {
    const uint32_t room = capacity_ - (end_ - begin_);
    if (room < capacity_ / 4 || room / 2 < need) return false;
    center();
  }
  begin_ -= need;
  const auto size = static_cast<uint32_t>(text.size());
  char* const out = write_varint(bytes() + begin_, size);
  std::memcpy(out, text.data(), text.size());
  write_reverse_varint(out + size, size);
  ++count_;
  text_ += size;
  return true;
}

bool ListChunk::push_back(std::string_view text) {
  const auto need = static_cast<uint32_t>(plain_size(text.size()));
  if (capacity_ - end_ < need) {
    const uint32_t room = capacity_ - (end_ - begin_);
    if (room < capacity_ / 4 || room / 2 < need) return false;
    center();
  }
  const auto size = static_cast<uint32_t>(text.size());
  char* const out = write_varint(bytes() + end_, size);
  std::memcpy(out, text.data(), text.size());
  write_reverse_varint(out + size, size);
  end_ += need;
  ++count_;
  text_ += size;
  return true;
}

std::string_view ListChunk::front() const {
  const char* at = bytes() + begin_;
  const uint32_t size = read_varint(at);
  return {at, size};
}

std::string_view ListChunk::back() const {
  const char* end = bytes() + end_;
  const uint32_t size = read_reverse_varint(end);
  return {end - size, size};
}

void ListChunk::pop_front() {
  const size_t size = front().size();
  begin_ += static_cast<uint32_t>(plain_size(size));
  text_ -= static_cast<uint32_t>(size);
  --count_;
}

void ListChunk::pop_back() {
  const size_t size = back().size();
  end_ -= static_cast<uint32_t>(plain_size(size));
  text_ -= static_cast<uint32_t>(size);
  --count_;
}

void ListChunk::append_views(std::vector<std::string_view>& views) const {
  const char* at = bytes() + begin_;
  const char* const end = bytes() + end_;
  while (at < end) {
    const uint32_t size = read_varint(at);
    views.emplace_back(at, size);
    at += size + varint_size(size);
  }
}

std::string_view ListChunk::Reader::next() {
  const char* at = chunk_.bytes() + at_;
  std::string_view text;
  if (!chunk_.sealed_) {
    const uint32_t size = read_varint(at);
    text = {at, size};
    at += size + varint_size(size);
  } else {
    const auto header = static_cast<unsigned char>(*at++);
    uint32_t shared = header >> 4;
    uint32_t rest = header & 15;
    if (shared == kMore) shared += read_varint(at);
    if (rest == kMore) rest += read_varint(at);
    text_.resize(shared);
    text_.append(at, rest);
    at += rest;
    text = text_;
  }
  at_ = static_cast<uint32_t>(at - chunk_.bytes());
  return text;
}

ListChunk* ListChunk::seal(const ListChunk& plain) {
  size_t size = 0;
  std::string_view before;
  for (Reader reader(plain); !reader.at_end();) {
    const std::string_view text = reader.next();
    const size_t shared = shared_prefix(before, text);
    size += sealed_size(shared, text.size() - shared);
    before = text;
  }
  ListChunk* const sealed = make(size);
  char* out = sealed->bytes();
  before = {};
  for (Reader reader(plain); !reader.at_end();) {
    const std::string_view text = reader.next();
    const auto shared = static_cast<uint32_t>(shared_prefix(before, text));
    const auto rest = static_cast<uint32_t>(text.size()) - shared;
    *out++ = static_cast<char>(std::min(shared, kMore) << 4 | std::min(rest, kMore));
    if (shared >= kMore) out = write_varint(out, shared - kMore);
    if (rest >= kMore) out = write_varint(out, rest - kMore);
    std::memcpy(out, text.data() + shared, rest);
    out += rest;
    before = text;
  }
  sealed->end_ = static_cast<uint32_t>(size);
  sealed->count_ = plain.count_;
  sealed->text_ = plain.text_;
  sealed->sealed_ = true;
  return sealed;
}

ListChunk* ListChunk::unseal(const ListChunk& sealed) {
  size_t size = 0;
  for (Reader reader(sealed); !reader.at_end();) size += plain_size(reader.next().size());
  ListChunk* const plain = make(std::max<size_t>(size, kPlainSize));
  for (Reader reader(sealed); !reader.at_end();) plain->push_back(reader.next());
  return plain;
}

}  // namespace scrubjay::objects
