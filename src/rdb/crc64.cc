#include "rdb/crc64.h"

#include <array>
#include <cstring>

namespace scrubjay::rdb {
namespace {

constexpr uint64_t kReflected = 0x95ac9329ac4bc9b5;  // 0xad93d23594c935a9, lowest bit first
constexpr size_t kSlices = 8;

// Slicing by eight (Kounavis, Berry, 2005): table k advances a byte over k more bytes.
constexpr auto make_tables() {
  std::array<std::array<uint64_t, 256>, kSlices> tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kReflected : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < kSlices; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t before = tables[k - 1][byte];
      tables[k][byte] = before >> 8 ^ tables[0][before & 0xff];
    }
  }
  return tables;
}
constexpr auto kTables = make_tables();

}  // namespace

uint64_t crc64(std::string_view bytes) {
  uint64_t crc = 0;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= kSlices; at += kSlices, left -= kSlices) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    word ^= crc;
    crc = 0;
    for (size_t k = 0; k < kSlices; ++k) crc ^= kTables[kSlices - 1 - k][word >> 8 * k & 0xff];
  }
  for (; left > 0; ++at, --left)
    crc = crc >> 8 ^ kTables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xff];
  return crc;
}

}  // namespace scrubjay::rdb
