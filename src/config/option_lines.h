// Values as people write them in a file: sizes with units, one line for each part of an option
// whose lines add up. Used by the rewriting of files, the example file and --help. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/option.h"

namespace scrubjay::config {

// "104857600" -> "100mb"; a number that is no multiple, 0 and percentages stay as they are.
std::string memory_text(std::string_view bytes);

// The option's value as the words behind its name in redis.conf, one element a line. None: there is
// nothing to write (no renamed command).
std::vector<std::string> value_lines(const Config& config, const Option& option);

}  // namespace scrubjay::config
