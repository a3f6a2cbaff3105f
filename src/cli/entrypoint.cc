#include "cli/entrypoint.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace scrubjay::cli {

using Words = std::vector<std::string>;

bool is_configuration_file(const std::string& argument) {
  return !argument.starts_with('-') && (argument.ends_with(".conf") || argument.ends_with(".toml"));
}

Words entrypoint_command(const Words& arguments) {
  const bool serves =
      arguments.empty() || arguments[0].starts_with('-') || is_configuration_file(arguments[0]);
  Words command = arguments;
  if (serves) command.insert(command.begin(), "redis-server");
  return command;
}

int run_entrypoint(const Words& arguments) {
  Words command = entrypoint_command(arguments);
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  const int code = errno;
  std::fprintf(stderr, "exec: %s: %s\n", words[0],
               code == ENOENT ? "not found" : std::strerror(code));
  return code == ENOENT ? 127 : 126;
}

}  // namespace scrubjay::cli
