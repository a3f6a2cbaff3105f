#include "objects/listpack.h"

#include <array>
#include <cstring>
#include <limits>

namespace scrubjay::objects {
namespace {

constexpr unsigned char kEnd = 0xff;
constexpr uint16_t kManyItems = UINT16_MAX;

unsigned char byte_at(const char* p, size_t i = 0) {
  return static_cast<unsigned char>(p[i]);
}

template <class T>
T load(const char* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
template <class T>
void store(char* p, T value) {
  std::memcpy(p, &value, sizeof value);
}

// Length of header and bytes of the entry at p, without the length behind it.
size_t body_size(const char* p) {
  const unsigned char head = byte_at(p);
  if (head < 0x80) return 1;                  // 0xxxxxxx: 7-bit number
  if (head < 0xc0) return 1 + (head & 0x3f);  // 10xxxxxx: string below 64 bytes
  if (head < 0xe0) return 2;                  // 110xxxxx: 13-bit number
  if (head < 0xf0) return 2 + ((head & 0x0f) << 8 | byte_at(p, 1));  // 1110xxxx: below 4096
  switch (head) {
    case 0xf0:
      return 5 + size_t{load<uint32_t>(p + 1)};
    case 0xf1:
      return 3;
    case 0xf2:
      return 4;
    case 0xf3:
      return 5;
    default:
      return 9;
  }
}

// The length of the body in groups of 7 bits, most significant first; a set top bit says that the
// group before belongs to it, so that it is read from its end.
size_t length_size(size_t body) {
  size_t size = 1;
  while (body >= 128) {
    body >>= 7;
    ++size;
  }
  return size;
}
void write_length(char* out, size_t body) {
  const size_t size = length_size(body);
  for (size_t i = size; i-- > 0; body >>= 7) {
    out[i] = static_cast<char>((body & 127) | (i > 0 ? 128 : 0));
  }
}

PackedItem decode(const char* p) {
  const unsigned char head = byte_at(p);
  if (head < 0x80) return {.number = head};
  if (head < 0xc0) return {p + 1, static_cast<size_t>(head & 0x3f)};
  if (head < 0xe0) {
    const int value = (head & 0x1f) << 8 | byte_at(p, 1);
    return {.number = value >= 1 << 12 ? value - (1 << 13) : value};
  }
  if (head < 0xf0) return {p + 2, static_cast<size_t>((head & 0x0f) << 8 | byte_at(p, 1))};
  switch (head) {
    case 0xf0:
      return {p + 5, load<uint32_t>(p + 1)};
    case 0xf1:
      return {.number = load<int16_t>(p + 1)};
    case 0xf2: {
      const uint32_t bits =
          byte_at(p, 1) | byte_at(p, 2) << 8 | static_cast<uint32_t>(byte_at(p, 3)) << 16;
      return {.number = static_cast<int32_t>(bits << 8) >> 8};
    }
    case 0xf3:
      return {.number = load<int32_t>(p + 1)};
    default:
      return {.number = load<int64_t>(p + 1)};
  }
}

size_t number_size(int64_t value) {
  if (value >= 0 && value < 128) return 1;
  if (value >= -(1 << 12) && value < 1 << 12) return 2;
  if (value == static_cast<int16_t>(value)) return 3;
  if (value >= -(1 << 23) && value < 1 << 23) return 4;
  if (value == static_cast<int32_t>(value)) return 5;
  return 9;
}

size_t body_size_of(const PackedText& text) {
  if (text.number) return number_size(*text.number);
  const size_t size = text.text.size();
  return size + (size < 64 ? 1 : size < 4096 ? 2 : 5);
}

void write_number(char* out, int64_t value, size_t size) {
  const auto bits = static_cast<uint64_t>(value);
  switch (size) {
    case 1:
      out[0] = static_cast<char>(bits);
      return;
    case 2:
      out[0] = static_cast<char>(0xc0 | (bits >> 8 & 0x1f));
      out[1] = static_cast<char>(bits);
      return;
    default:
      out[0] = static_cast<char>(size == 3 ? 0xf1 : size == 4 ? 0xf2 : size == 5 ? 0xf3 : 0xf4);
      std::memcpy(out + 1, &bits, size - 1);
  }
}

void write_body(char* out, const PackedText& text, size_t size) {
  if (text.number) return write_number(out, *text.number, size);
  const size_t length = text.text.size();
  if (length < 64) {
    *out++ = static_cast<char>(0x80 | length);
  } else if (length < 4096) {
    *out++ = static_cast<char>(0xe0 | length >> 8);
    *out++ = static_cast<char>(length);
  } else {
    *out++ = static_cast<char>(0xf0);
    store(out, static_cast<uint32_t>(length));
    out += 4;
  }
  std::memcpy(out, text.text.data(), length);
}

// Replaces `removed` bytes and `removed_items` items at `at` by the item.
size_t put(ByteBuffer& buffer, size_t at, size_t removed, size_t removed_items,
           const PackedText& text) {
  const size_t body = body_size_of(text);
  const size_t size = body + length_size(body);
  const size_t total = buffer.view().size() - removed + size;
  char* const out = buffer.splice(at, removed, size);
  write_body(out, text, body);
  write_length(out + body, body);
  char* const header = out - at;
  store(header, static_cast<uint32_t>(total));
  const auto count = load<uint16_t>(header + 4);
  if (count != kManyItems && removed_items == 0)
    store(header + 4, static_cast<uint16_t>(count + 1));
  return at + size;
}

}  // namespace

size_t Listpack::count() const {
  const auto counted = load<uint16_t>(bytes_.data() + 4);
  if (counted != kManyItems) return counted;
  size_t items = 0;
  for (size_t at = begin(); at != end(); at = next(at)) ++items;
  return items;
}

size_t Listpack::next(size_t at) const {
  const size_t body = body_size(bytes_.data() + at);
  return at + body + length_size(body);
}

size_t Listpack::previous(size_t at) const {
  size_t body = 0;
  unsigned shift = 0;
  size_t last = at - 1;
  for (;; --last, shift += 7) {
    const unsigned char group = byte_at(bytes_.data(), last);
    body |= static_cast<size_t>(group & 127) << shift;
    if (group < 128) break;
  }
  return last - body;
}

size_t Listpack::at_index(size_t index) const {
  const size_t items = count();
  if (index >= items) return end();
  if (index < items / 2) {
    size_t at = begin();
    for (; index > 0; --index) at = next(at);
    return at;
  }
  size_t at = end();
  for (size_t steps = items - index; steps > 0; --steps) at = previous(at);
  return at;
}

PackedItem Listpack::item(size_t at) const {
  return decode(bytes_.data() + at);
}

PackedItem Listpack::read(size_t& at) const {
  const PackedItem found = item(at);
  at = next(at);
  return found;
}

size_t Listpack::find(const PackedText& text, size_t from, size_t step) const {
  const size_t stop = end();
  size_t skip = 0;
  for (size_t at = from; at < stop; at = next(at)) {
    if (skip == 0) {
      if (item(at) == text) return at;
      skip = step;
    }
    --skip;
  }
  return stop;
}

std::string_view empty_listpack() {
  return {"\x07\0\0\0\0\0\xff", Listpack::kEmptySize};
}

size_t listpack_item_size(const PackedText& text) {
  const size_t body = body_size_of(text);
  return body + length_size(body);
}

size_t packed_body_size(const PackedText& text) {
  return body_size_of(text);
}
void write_packed_body(char* out, const PackedText& text, size_t size) {
  write_body(out, text, size);
}
size_t packed_body_size_at(const char* body) {
  return body_size(body);
}
PackedItem read_packed_body(const char* body) {
  return decode(body);
}

size_t listpack_insert(ByteBuffer& buffer, size_t at, const PackedText& text) {
  return put(buffer, at, 0, 0, text);
}

void listpack_replace(ByteBuffer& buffer, size_t at, const PackedText& text) {
  put(buffer, at, Listpack(buffer.view()).next(at) - at, 1, text);
}

void listpack_erase(ByteBuffer& buffer, size_t at, size_t count) {
  const Listpack pack(buffer.view());
  const size_t stop = pack.end();
  size_t behind = at;
  size_t erased = 0;
  for (; erased < count && behind != stop; ++erased) behind = pack.next(behind);
  if (erased == 0) return;
  const size_t total = buffer.view().size() - (behind - at);
  const auto counted = load<uint16_t>(buffer.view().data() + 4);
  char* const header = buffer.splice(at, behind - at, 0) - at;
  store(header, static_cast<uint32_t>(total));
  if (counted != kManyItems) {
    store(header + 4, static_cast<uint16_t>(counted - erased));
  } else {
    const size_t left = Listpack(buffer.view()).count();
    if (left < kManyItems) store(header + 4, static_cast<uint16_t>(left));
  }
}

bool is_listpack(std::string_view bytes) {
  if (bytes.size() < Listpack::kEmptySize || load<uint32_t>(bytes.data()) != bytes.size() ||
      static_cast<unsigned char>(bytes.back()) != kEnd) {
    return false;
  }
  const size_t end = bytes.size() - 1;
  size_t items = 0;
  for (size_t at = Listpack::kHeader; at < end; ++items) {
    const char* const p = bytes.data() + at;
    const unsigned char head = byte_at(p);
    const size_t room = end - at;
    const size_t header = head < 0xe0 ? 1 : head < 0xf0 ? 2 : head == 0xf0 ? 5 : 1;
    if (head > 0xf4 || header > room) return false;
    const size_t body = body_size(p);
    const size_t length = length_size(body);
    if (body > room || length > room - body) return false;
    std::array<char, 10> expected{};
    write_length(expected.data(), body);
    if (std::memcmp(p + body, expected.data(), length) != 0) return false;
    at += body + length;
  }
  const auto counted = load<uint16_t>(bytes.data() + 4);
  return counted == kManyItems ? true : counted == items;
}

}  // namespace scrubjay::objects
