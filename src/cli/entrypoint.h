// `scrubjay entrypoint`: what a container's command means, as the entry point of a redis image
// understands it.
#pragma once

#include <string>
#include <vector>

namespace scrubjay::cli {

// Whether a server's first argument names its configuration file: x.conf or x.toml.
bool is_configuration_file(const std::string& argument);

// The program to run with its arguments: nothing, options and a configuration file are for the
// server; anything else is a command of its own (redis-server, redis-cli, sh).
std::vector<std::string> entrypoint_command(const std::vector<std::string>& arguments);

// Becomes that program, found by PATH. Returns only if it cannot: 127 if there is none, 126 if it
// does not run, and one line that says so.
int run_entrypoint(const std::vector<std::string>& arguments);

}  // namespace scrubjay::cli
