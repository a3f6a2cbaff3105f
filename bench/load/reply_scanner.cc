#include "reply_scanner.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace scrubjay::load {
namespace {

std::int64_t length_in(std::string_view line) {
  std::int64_t length = 0;
  const auto [end, error] = std::from_chars(line.data() + 1, line.data() + line.size(), length);
  if (error != std::errc{} || end != line.data() + line.size()) {
    throw std::runtime_error(fmt::format("not a length in a reply: '{}'", line));
  }
  return length;
}

}  // namespace

std::size_t ReplyScanner::end_value() {
  if (--elements_left_ > 0) return 0;
  elements_left_ = 1;
  return std::exchange(in_push_, false) ? 0 : 1;
}

// `line` comes without its line end.
std::size_t ReplyScanner::take_line(std::string_view line) {
  switch (line.empty() ? '\0' : line.front()) {
    case '+':
    case ':':
    case '_':
      return end_value();
    case '-':
      if (errors_++ == 0) first_error_ = line.substr(1);
      return end_value();
    case '$': {
      const std::int64_t length = length_in(line);
      if (length < 0) return end_value();
      body_left_ = static_cast<std::size_t>(length) + 2;
      return 0;
    }
    case '%':
      elements_left_ += 2 * static_cast<std::uint64_t>(length_in(line));
      return end_value();
    case '>':
      in_push_ = true;
      [[fallthrough]];
    case '*':
      elements_left_ += static_cast<std::uint64_t>(std::max<std::int64_t>(length_in(line), 0));
      return end_value();
    default:
      throw std::runtime_error(fmt::format("not a reply: '{}'", line.substr(0, 80)));
  }
}

std::size_t ReplyScanner::consume(std::string_view bytes) {
  std::size_t replies = 0;
  while (!bytes.empty()) {
    if (body_left_ > 0) {
      const std::size_t step = std::min(body_left_, bytes.size());
      body_left_ -= step;
      bytes.remove_prefix(step);
      if (body_left_ == 0) replies += end_value();
      continue;
    }
    const void* newline = std::memchr(bytes.data(), '\n', bytes.size());
    if (newline == nullptr) {
      cut_line_.append(bytes);
      break;
    }
    const auto size = static_cast<std::size_t>(static_cast<const char*>(newline) - bytes.data());
    std::string_view line = bytes.substr(0, size);
    if (!cut_line_.empty()) line = cut_line_.append(line);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    replies += take_line(line);
    cut_line_.clear();
    bytes.remove_prefix(size + 1);
  }
  return replies;
}

}  // namespace scrubjay::load
