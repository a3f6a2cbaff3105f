#include "objects/intset.h"

#include <cstring>

namespace scrubjay::objects {
namespace {

uint32_t load32(const char* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
void store32(char* p, uint32_t value) {
  std::memcpy(p, &value, sizeof value);
}

int64_t read(const char* p, unsigned width) {
  if (width == 2) {
    int16_t value;
    std::memcpy(&value, p, sizeof value);
    return value;
  }
  if (width == 4) {
    int32_t value;
    std::memcpy(&value, p, sizeof value);
    return value;
  }
  int64_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

unsigned width_of(int64_t number) {
  if (number == static_cast<int16_t>(number)) return 2;
  return number == static_cast<int32_t>(number) ? 4 : 8;
}

void set_count(char* header, size_t count) {
  store32(header + 4, static_cast<uint32_t>(count));
}

// Rewrites all numbers with a larger width, from the last to the first.
void widen(ByteBuffer& buffer, unsigned width) {
  const Intset old(buffer.view());
  const unsigned old_width = old.width();
  const size_t count = old.count();
  const size_t end = Intset::kHeader + count * old_width;
  char* const header = buffer.splice(end, 0, count * (width - old_width)) - end;
  char* const numbers = header + Intset::kHeader;
  for (size_t i = count; i-- > 0;) {
    const int64_t number = read(numbers + i * old_width, old_width);
    std::memcpy(numbers + i * width, &number, width);
  }
  store32(header, width);
}

}  // namespace

size_t Intset::count() const {
  return load32(bytes_.data() + 4);
}
unsigned Intset::width() const {
  return load32(bytes_.data());
}
int64_t Intset::at(size_t index) const {
  const unsigned bytes = width();
  return read(bytes_.data() + kHeader + index * bytes, bytes);
}

Intset::Place Intset::find(int64_t number) const {
  size_t low = 0;
  size_t high = count();
  if (high > 0 && at(high - 1) < number) return {high, false};
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (at(middle) < number)
      low = middle + 1;
    else
      high = middle;
  }
  return {low, low < count() && at(low) == number};
}

std::string_view empty_intset() {
  return {"\x02\0\0\0\0\0\0\0", Intset::kHeader};
}

bool intset_insert(ByteBuffer& buffer, int64_t number) {
  const auto place = Intset(buffer.view()).find(number);
  if (place.found) return false;
  if (width_of(number) > Intset(buffer.view()).width()) widen(buffer, width_of(number));
  const unsigned width = Intset(buffer.view()).width();
  const size_t count = Intset(buffer.view()).count();
  const size_t at = Intset::kHeader + place.index * width;
  char* const out = buffer.splice(at, 0, width);
  std::memcpy(out, &number, width);
  set_count(out - at, count + 1);
  return true;
}

void intset_erase_at(ByteBuffer& buffer, size_t index) {
  const unsigned width = Intset(buffer.view()).width();
  const size_t count = Intset(buffer.view()).count();
  const size_t at = Intset::kHeader + index * width;
  set_count(buffer.splice(at, width, 0) - at, count - 1);
}

bool intset_erase(ByteBuffer& buffer, int64_t number) {
  const auto place = Intset(buffer.view()).find(number);
  if (place.found) intset_erase_at(buffer, place.index);
  return place.found;
}

bool is_intset(std::string_view bytes) {
  if (bytes.size() < Intset::kHeader) return false;
  const Intset set(bytes);
  const unsigned width = set.width();
  if (width != 2 && width != 4 && width != 8) return false;
  if (bytes.size() != Intset::kHeader + set.count() * width) return false;
  for (size_t i = 1; i < set.count(); ++i) {
    if (set.at(i - 1) >= set.at(i)) return false;
  }
  return true;
}

}  // namespace scrubjay::objects
