#include "config/draft.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "config/option_table.h"

namespace scrubjay::config {

Status Draft::assign(const Option& option, std::span<const std::string> words) {
  Status status = config::assign(config_, option, words, !named(option));
  if (status) named_.insert(option.name);
  return status;
}

std::vector<std::string_view> Draft::unused() const {
  std::vector<std::string_view> names;
  for (const std::string_view name : named_) {
    const Option& option = *find_option(name);
    if (!(option.flags & kKept)) continue;
    const std::string value = show(config_, option);
    if (!value.empty() && value != "no" && value != option.kept_default) names.push_back(name);
  }
  return names;
}

Error source_error(const SourceLine& line, std::string_view reason, const Option* option) {
  std::string text = fmt::format(
      "*** FATAL CONFIG FILE ERROR (Redis 7.4.0) ***\n"
      "Reading the configuration file, at line {}\n"
      ">>> '{}'\n"
      "{}\n"
      "({}",
      line.number, line.text, reason, line.origin);
  if (option) text += fmt::format("; {}: {}", option->name, allowed_text(*option));
  return {text + ")"};
}

Result<std::string> read_source(const std::string& path) {
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  const bool from_input = path == "-";
  const File file(from_input ? stdin : std::fopen(path.c_str(), "rb"),
                  from_input ? [](std::FILE*) { return 0; } : &std::fclose);
  const auto failed = [&] {
    return Error{
        fmt::format("Fatal error, can't open config file '{}': {}", path, std::strerror(errno))};
  };
  if (!file) return failed();
  std::string text;
  char part[4096];
  while (const size_t count = std::fread(part, 1, sizeof part, file.get())) {
    text.append(part, count);
  }
  if (std::ferror(file.get())) return failed();
  return text;
}

}  // namespace scrubjay::config
