// What the program was started with: the file, standard input and the flags, in that order, later
// ones winning; SCRUBJAY_PROTECTED_MODE in the environment (container images set it) comes before
// all of them. Used by main.cc once.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace scrubjay::config {

enum class Wanted { kServer, kHelp, kVersion, kExampleConfig };

struct Startup {
  Wanted wanted = Wanted::kServer;
  Config config;
  std::string file;  // absolute path, for CONFIG REWRITE; empty: none
  // Options that were set to something, but have no use here: main warns of them in one line.
  std::vector<std::string_view> unused;
};

// `arguments` are those behind the program's name. The error text is for standard error as it is.
Result<Startup> parse_command_line(std::span<const std::string_view> arguments);

// One line for the log, or "" if there is nothing to warn of.
std::string unused_warning(std::span<const std::string_view> unused);

}  // namespace scrubjay::config
