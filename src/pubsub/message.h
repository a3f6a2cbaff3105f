// Messages as RESP2 has them, arrays of bulk strings. RESP3 differs in the first byte: '>'.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "base/shared_bytes.h"

namespace scrubjay::pubsub {

SharedBytes make_message(std::span<const std::string_view> words);
inline SharedBytes make_message(std::initializer_list<std::string_view> words) {
  return make_message(std::span(words.begin(), words.size()));
}

}  // namespace scrubjay::pubsub
