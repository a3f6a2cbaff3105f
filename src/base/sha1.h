// SHA-1, by which scripts are known to clients. Not for secrets. Any thread.
#pragma once

#include <array>
#include <string_view>

namespace scrubjay {

// 40 hex digits, lower case.
std::array<char, 40> sha1_hex(std::string_view bytes);

}  // namespace scrubjay
