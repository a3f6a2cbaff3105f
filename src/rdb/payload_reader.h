// Reads DUMP payloads in every encoding that Redis 3 to 7.4 wrote
// (github.com/redis/redis, rdb.h; the format is described at rdb.fnordig.de/file_format.html).
// The bytes come from outside: nothing in them is believed. Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "rdb/value.h"

namespace scrubjay::rdb {

// The newest version of the format that is read.
inline constexpr unsigned kNewestVersion = 12;

// Whether the payload ends with a known version and the right checksum.
bool footer_is_good(std::string_view payload);
// What the payload holds; nothing if it is corrupt or of a kind that is not known. Bytes behind the
// value are ignored, as Redis does.
std::optional<Value> read_payload(std::string_view payload);
// The same of a payload without its footer.
std::optional<Value> read_value(std::string_view bytes);

}  // namespace scrubjay::rdb
