// The first line of a library of functions, "#!lua name=lib". Used by FUNCTION LOAD. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace scrubjay::lua {

struct LibraryHeader {
  std::string name;
  std::string_view body;  // the code behind the line, with its line end
};

// The errors are Redis's, without "ERR".
Result<LibraryHeader> parse_library_header(std::string_view code);

// Names of libraries and functions: letters, digits and underscores, at least one.
bool is_library_name(std::string_view name);
inline constexpr std::string_view kBadLibraryName =
    "Library names can only contain letters, numbers, or underscores(_) and must be at least one "
    "character long";

}  // namespace scrubjay::lua
