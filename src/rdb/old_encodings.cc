#include "rdb/old_encodings.h"

#include <cstdint>
#include <cstring>

namespace scrubjay::rdb {
namespace {

// Takes bytes from the front; `good` turns false at the first one that is not there.
struct Bytes {
  std::string_view left;
  bool good = true;

  std::string_view take(size_t count) {
    if (count > left.size()) {
      good = false;
      return {};
    }
    const std::string_view taken = left.substr(0, count);
    left.remove_prefix(count);
    return taken;
  }
  unsigned byte() {
    const std::string_view one = take(1);
    return one.empty() ? 0 : static_cast<unsigned char>(one[0]);
  }
  uint64_t little(size_t count) {
    const std::string_view bytes = take(count);
    uint64_t value = 0;
    for (size_t i = bytes.size(); i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }
  uint64_t big(size_t count) {
    uint64_t value = 0;
    for (const char c : take(count)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string number(size_t count) {
    const unsigned unused = static_cast<unsigned>(64 - 8 * count);
    return std::to_string(static_cast<int64_t>(little(count) << unused) >> unused);
  }
};

constexpr unsigned kEnd = 255;

std::string read_ziplist_entry(Bytes& bytes) {
  const unsigned head = bytes.byte();
  switch (head >> 6) {
    case 0:
      return std::string(bytes.take(head & 0x3f));
    case 1:
      return std::string(bytes.take((head & 0x3f) << 8 | bytes.byte()));
    case 2:
      return std::string(bytes.take(bytes.big(4)));
    default:
      break;
  }
  switch (head) {
    case 0xc0:
      return bytes.number(2);
    case 0xd0:
      return bytes.number(4);
    case 0xe0:
      return bytes.number(8);
    case 0xf0:
      return bytes.number(3);
    case 0xfe:
      return bytes.number(1);
    default:
      break;
  }
  if (head < 0xf1 || head > 0xfd) bytes.good = false;
  return std::to_string((head & 0x0f) - 1);
}

}  // namespace

std::optional<std::vector<std::string>> read_ziplist(std::string_view ziplist) {
  Bytes bytes{ziplist};
  if (bytes.little(4) != ziplist.size()) return std::nullopt;
  const uint64_t tail = bytes.little(4);
  const uint64_t counted = bytes.little(2);
  std::vector<std::string> items;
  size_t last = ziplist.size() - bytes.left.size();
  size_t before = 0;  // length of the entry before
  while (bytes.good && !bytes.left.empty() && static_cast<unsigned char>(bytes.left[0]) != kEnd) {
    const size_t start = ziplist.size() - bytes.left.size();
    const unsigned short_length = bytes.byte();
    const uint64_t length = short_length == 254 ? bytes.little(4) : short_length;
    if (length != before) return std::nullopt;
    items.push_back(read_ziplist_entry(bytes));
    before = ziplist.size() - bytes.left.size() - start;
    last = start;
  }
  if (!bytes.good || bytes.byte() != kEnd || !bytes.good || !bytes.left.empty())
    return std::nullopt;
  if (tail != last || (counted != UINT16_MAX && counted != items.size())) return std::nullopt;
  return items;
}

std::optional<std::vector<std::string>> read_zipmap(std::string_view zipmap) {
  Bytes bytes{zipmap};
  const unsigned counted = bytes.byte();  // 254 for more than can be said
  std::vector<std::string> items;
  const auto length_of = [&](unsigned head) { return head == 254 ? bytes.little(4) : head; };
  for (;;) {
    const unsigned head = bytes.byte();
    if (!bytes.good) return std::nullopt;
    if (head == kEnd) break;
    items.emplace_back(bytes.take(length_of(head)));
    const unsigned value_head = bytes.byte();
    if (value_head == kEnd) return std::nullopt;
    const uint64_t value = length_of(value_head);
    const unsigned unused = bytes.byte();
    items.emplace_back(bytes.take(value));
    bytes.take(unused);
    if (!bytes.good) return std::nullopt;
  }
  if (!bytes.left.empty()) return std::nullopt;
  if (counted < 254 && counted != items.size() / 2) return std::nullopt;
  return items;
}

}  // namespace scrubjay::rdb
