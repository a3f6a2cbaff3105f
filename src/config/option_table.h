// The one table of options: CONFIG GET and SET, both file formats, the command line, --help and the
// example file are made from it. Threads: functions on a Config follow Config's rule; the table
// itself never changes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/option.h"

namespace scrubjay::config {

// Every row, section by section.
std::span<const Option* const> options();

// By name or alias, in any case; nullptr if there is none.
const Option* find_option(std::string_view name);

// The option's value as CONFIG GET answers it.
std::string show(const Config& config, const Option& option);
std::string default_text(const Option& option);
bool is_default(const Config& config, const Option& option);

// What the option accepts, in words: "an integer from 0 to 65535".
std::string allowed_text(const Option& option);

// Gives the option the value made of these words. `first` is false if an earlier line of the same
// source set it, so that lines add up where they do. The error is Redis's reason.
Status assign(Config& config, const Option& option, std::span<const std::string> words,
              bool first = true);

// CONFIG GET: the name as it was asked for (or as a pattern found it) and the value, each once.
std::vector<std::pair<std::string, std::string>> get(const Config& config,
                                                     std::span<const std::string_view> patterns);

// CONFIG SET name value [name value ...], all or nothing. Returns the names of the options whose
// value is another now, for the caller to apply; the error text has no "ERR " before it. `local`:
// the client is on this host (for `enable-protected-configs local`).
Result<std::vector<std::string_view>> set(Config& config,
                                          std::span<const std::string_view> names_and_values,
                                          bool local = false);

// What CONFIG SET answers if the value was fine but could not be applied ("Unable to listen ...").
std::string set_error(std::string_view name, std::string_view reason);

}  // namespace scrubjay::config
