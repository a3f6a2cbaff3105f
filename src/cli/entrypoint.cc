#include "cli/entrypoint.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace scrubjay::cli {

using Words = std::vector<std::string>;

Words entrypoint_command(const Words& arguments) {
  const bool serves = arguments.empty() || arguments[0].starts_with('-') ||
                      arguments[0].ends_with(".conf") || arguments[0].ends_with(".toml");
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
