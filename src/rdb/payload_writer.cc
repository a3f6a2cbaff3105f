#include "rdb/payload_writer.h"

#include <optional>

#include "base/number.h"
#include "rdb/crc64.h"
#include "rdb/lzf.h"

namespace scrubjay::rdb {
namespace {

constexpr uint16_t kVersion = 10;       // of Redis 7.0
constexpr uint16_t kTimedVersion = 12;  // of Redis 7.4

template <class T>
void append_little(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

void PayloadWriter::length(uint64_t value) {
  if (value < 1 << 6) {
    bytes_ += static_cast<char>(value);
  } else if (value < 1 << 14) {
    bytes_ += static_cast<char>(kLength14 << 6 | value >> 8);
    bytes_ += static_cast<char>(value);
  } else {
    const bool wide = value > UINT32_MAX;
    bytes_ += static_cast<char>(wide ? 0x81 : 0x80);
    for (int shift = wide ? 56 : 24; shift >= 0; shift -= 8)
      bytes_ += static_cast<char>(value >> shift);
  }
}

void PayloadWriter::string(std::string_view text) {
  constexpr size_t kLongestNumber = 11;
  constexpr size_t kWorthPacking = 20;
  constexpr size_t kSavedAtLeast = 4;
  const auto number = text.size() <= kLongestNumber ? parse_int64(text) : std::nullopt;
  const auto encoded = [&](unsigned encoding) {
    bytes_ += static_cast<char>(kEncoded << 6 | encoding);
  };
  if (number && *number == static_cast<int8_t>(*number)) {
    encoded(kInt8);
    return append_little(bytes_, static_cast<int8_t>(*number));
  }
  if (number && *number == static_cast<int16_t>(*number)) {
    encoded(kInt16);
    return append_little(bytes_, static_cast<int16_t>(*number));
  }
  if (number && *number == static_cast<int32_t>(*number)) {
    encoded(kInt32);
    return append_little(bytes_, static_cast<int32_t>(*number));
  }
  if (compress_ && text.size() > kWorthPacking) {
    const auto packed = lzf_compress(text);
    if (packed && packed->size() + kSavedAtLeast <= text.size()) {
      encoded(kLzf);
      length(packed->size());
      length(text.size());
      bytes_ += *packed;
      return;
    }
  }
  length(text.size());
  bytes_ += text;
}

void PayloadWriter::score(double value) {
  append_little(bytes_, value);
}

void PayloadWriter::number(int64_t value) {
  append_little(bytes_, value);
}

void PayloadWriter::begin_timed_hash(uint64_t fields, int64_t first_deadline) {
  timed_ = true;
  first_deadline_ = first_deadline;
  begin(kTimedHashCode);
  append_little(bytes_, first_deadline);
  length(fields);
}

void PayloadWriter::field_deadline(int64_t deadline) {
  length(deadline < 0 ? 0 : static_cast<uint64_t>(deadline - first_deadline_ + 1));
}

std::string PayloadWriter::finish() {
  append_little(bytes_, timed_ ? kTimedVersion : kVersion);
  append_little(bytes_, crc64(bytes_));
  return std::move(bytes_);
}

}  // namespace scrubjay::rdb
