// What a client may be called: graphic ASCII only, so that CLIENT LIST stays readable.
#pragma once

#include <algorithm>
#include <string_view>

#include "engine/command_error.h"

namespace scrubjay::commands {

inline bool is_graphic(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char ch) { return ch >= '!' && ch <= '~'; });
}

inline void check_client_name(std::string_view name) {
  if (!is_graphic(name))
    engine::fail("ERR Client names cannot contain spaces, newlines or special characters.");
}

}  // namespace scrubjay::commands
