#include "pubsub/message.h"

#include <fmt/format.h>

#include <cstring>

namespace scrubjay::pubsub {

SharedBytes make_message(std::span<const std::string_view> words) {
  constexpr size_t kHeader = 24;  // of a word at most: '$', the digits of its size, two line ends
  size_t capacity = kHeader;
  for (const std::string_view word : words) capacity += kHeader + word.size();
  SharedBytes message = SharedBytes::with_capacity(capacity);
  char* out = message.data();
  out = fmt::format_to(out, FMT_STRING("*{}\r\n"), words.size());
  for (const std::string_view word : words) {
    out = fmt::format_to(out, FMT_STRING("${}\r\n"), word.size());
    if (!word.empty()) std::memcpy(out, word.data(), word.size());
    out += word.size();
    *out++ = '\r';
    *out++ = '\n';
  }
  message.set_size(static_cast<size_t>(out - message.data()));
  return message;
}

}  // namespace scrubjay::pubsub
