// FUNCTION DUMP's payload: the code of every library behind opcode 245, then version and checksum
// as those of DUMP. Used by FUNCTION DUMP and RESTORE. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scrubjay::rdb {

std::string write_libraries(const std::vector<std::string_view>& codes, bool compress);

// The libraries of a payload whose footer is good. The bytes come from outside: the error is what
// Redis says of damage.
Result<std::vector<std::string>> read_libraries(std::string_view payload);

}  // namespace scrubjay::rdb
