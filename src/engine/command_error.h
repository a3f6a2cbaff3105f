// An error reply, thrown by a handler and caught once, in the dispatcher, which rolls back what the
// handler had replied. Nothing else is thrown between the two.
#pragma once

#include <fmt/format.h>

#include <string>

namespace scrubjay::engine {

struct CommandError {
  std::string text;      // the whole line without the dash: "ERR syntax error"
  bool counted = false;  // among the errors already, by the command that a script called
};

[[noreturn]] inline void fail(std::string_view text) {
  throw CommandError{std::string(text), false};
}

template <class First, class... Args>
[[noreturn]] void fail(fmt::format_string<First, Args...> format, First&& first, Args&&... args) {
  throw CommandError{fmt::format(format, std::forward<First>(first), std::forward<Args>(args)...),
                     false};
}

}  // namespace scrubjay::engine
