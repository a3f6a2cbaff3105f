// Bytes above 127 on their way through toml++, which has undefined behaviour for some letters
// beyond ASCII and counts columns in letters. Each such byte travels as one letter of a private
// range, so columns count bytes and every text, UTF-8 or not, comes back as it was. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace scrubjay::config {

std::string disguise_bytes(std::string_view text);
std::string restore_bytes(std::string_view text);

}  // namespace scrubjay::config
