// Texts made from the option table: --help and config.example.toml. Pure functions.
#pragma once

#include <string>

namespace scrubjay::config {

std::string help_text();

// Every option with a use, its default and a comment; what `--example-config` prints.
std::string example_toml();

}  // namespace scrubjay::config
