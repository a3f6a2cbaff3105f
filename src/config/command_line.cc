#include "config/command_line.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "config/draft.h"
#include "config/redis_conf_file.h"
#include "config/toml_file.h"

namespace scrubjay::config {
namespace {

constexpr std::string_view kOrigin = "command line";
constexpr size_t kFirstFlagLine = 2;  // as Redis counts them

bool is_flag(std::string_view word) {
  return word.starts_with("--") && word.size() > 2;
}

Wanted wanted_by(std::string_view word) {
  if (word == "-h" || word == "--help") return Wanted::kHelp;
  if (word == "-v" || word == "--version") return Wanted::kVersion;
  if (word == "--example-config") return Wanted::kExampleConfig;
  return Wanted::kServer;
}

// Makes redis.conf lines of the flags. A flag right behind a flag is that one's value, so that a
// password may begin with dashes; but `--save` alone means no snapshots.
std::string lines_of_flags(std::span<const std::string_view> words) {
  std::string lines;
  std::string_view flag;
  size_t values = 0;
  const auto start_line = [&] {
    if (equal_ignoring_case(flag, "save") && values == 0) lines += " \"\"";
    if (!lines.empty()) lines += '\n';
    values = 0;
  };
  for (const std::string_view word : words) {
    const bool bare = !flag.empty() && values == 0 && !equal_ignoring_case(flag, "save");
    if (is_flag(word) && !bare) {
      start_line();
      flag = word.substr(2);
      lines += flag;
      // "--port 7000" may also come as one word.
      values = flag.find(' ') == std::string_view::npos ? 0 : 1;
    } else {
      if (!lines.empty()) lines += ' ';
      lines += quoted(word);
      ++values;
    }
  }
  start_line();
  return lines;
}

Status read_file(Draft& draft, const std::string& path) {
  return path.ends_with(".toml") ? read_toml(draft, path) : read_redis_conf(draft, path);
}

}  // namespace

Result<Startup> parse_command_line(std::span<const std::string_view> arguments) {
  Startup startup;
  if (!arguments.empty()) startup.wanted = wanted_by(arguments[0]);
  if (startup.wanted != Wanted::kServer) return startup;

  Draft draft;
  if (const char* mode = std::getenv("SCRUBJAY_PROTECTED_MODE")) {
    const std::string line = std::string("protected-mode ") + quoted(mode);
    const Status status = read_redis_conf_text(draft, line, "environment", 1);
    if (!status) return Error{status.error()};
  }
  const bool from_input = !arguments.empty() && arguments.back() == "-";
  if (from_input) arguments = arguments.first(arguments.size() - 1);
  if (!arguments.empty() && !arguments[0].starts_with('-')) {
    std::error_code error;
    startup.file = std::filesystem::absolute(arguments[0], error).string();
    arguments = arguments.subspan(1);
    const Status status = read_file(draft, startup.file);
    if (!status) return Error{status.error()};
  }
  if (from_input) {
    const Status status = read_redis_conf(draft, "-");
    if (!status) return Error{status.error()};
  }
  const Status status =
      read_redis_conf_text(draft, lines_of_flags(arguments), kOrigin, kFirstFlagLine);
  if (!status) return Error{status.error()};
  startup.config = draft.config();
  startup.unused = draft.unused();
  return startup;
}

std::string unused_warning(std::span<const std::string_view> unused) {
  if (unused.empty()) return {};
  return fmt::format("These options are accepted, but have no effect: {}", fmt::join(unused, ", "));
}

}  // namespace scrubjay::config
