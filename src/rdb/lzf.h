// The LZF format of compressed strings in DUMP payloads (Marc Lehmann's liblzf; Debian has no
// static one). A control byte below 32 announces so many literal bytes and one; another one a copy
// of 3 to 264 bytes from at most 8 KB before. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace scrubjay::rdb {

// Nothing if it would not get smaller.
std::optional<std::string> lzf_compress(std::string_view bytes);
// Nothing if the bytes are no LZF of exactly `size` bytes.
std::optional<std::string> lzf_decompress(std::string_view packed, size_t size);

}  // namespace scrubjay::rdb
