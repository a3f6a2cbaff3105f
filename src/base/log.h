// The server's log: lines in Redis's form, `<pid>:M 23 Nov 2026 04:51:52.571 * text`, written to
// standard output or a file. Safe from any thread once set up.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace scrubjay::log {

enum class Level { kDebug, kVerbose, kNotice, kWarning, kNothing };

// `file` empty: standard output. Returns the reason if the file can't be opened, else "".
std::string open(const std::string& file, Level level);
void set_level(Level level);
bool enabled(Level level);
void write(Level level, std::string_view text);

template <class... Args>
void notice(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kNotice, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void verbose(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kVerbose))
    write(Level::kVerbose, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace scrubjay::log
