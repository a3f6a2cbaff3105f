// SHA-256 (FIPS 180-4), for showing passwords without telling them. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace scrubjay {

std::array<uint8_t, 32> sha256(std::string_view bytes);

// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace scrubjay
