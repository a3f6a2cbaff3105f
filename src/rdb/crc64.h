// CRC-64 with the polynomial of Jones, as DUMP payloads end with: crc64("123456789") is
// e9c6d914c4b8d9ca. Pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace scrubjay::rdb {

uint64_t crc64(std::string_view bytes);

}  // namespace scrubjay::rdb
