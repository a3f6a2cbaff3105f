// The compact encodings that older servers wrote: ziplist (until 6.2) and zipmap (until 2.4). They
// are only read. Pure functions over foreign bytes; nothing on any error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::rdb {

std::optional<std::vector<std::string>> read_ziplist(std::string_view bytes);
std::optional<std::vector<std::string>> read_zipmap(std::string_view bytes);

}  // namespace scrubjay::rdb
