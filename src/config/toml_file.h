// The same options in TOML, one table for each section: `[memory]`, `maxmemory = "100mb"`. A name
// may have _ for -. Lists are arrays; of an option whose lines add up, each element is one line.
// Used by command_line and rewrite. One thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/draft.h"

namespace scrubjay::config {

Status read_toml(Draft& draft, const std::string& path);
Status read_toml_text(Draft& draft, std::string_view text, std::string_view origin);

// By the name as a TOML key: _ may stand for -.
const Option* find_toml_option(std::string_view key);

// `text` as a TOML string, in double quotes.
std::string toml_string(std::string_view text);

// The option's value as TOML writes it: true, 16, "100mb", ["127.0.0.1", "-::1"].
std::string toml_value(const Config& config, const Option& option);

}  // namespace scrubjay::config
