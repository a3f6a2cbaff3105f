// CONFIG REWRITE: brings a file up to the running configuration. Comments, order and whatever still
// holds stay; changed values are replaced in place, new ones are added at the end, superseded lines
// go. One thread at a time.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace scrubjay::config {

// Replaces the file at once (a new file beside it, synced, renamed). `path` empty: there is no
// file. The error text has no "ERR " before it.
Status rewrite_file(const Config& config, const std::string& path);

Result<std::string> rewritten_redis_conf(const Config& config, std::string_view text);
Result<std::string> rewritten_toml(const Config& config, std::string_view text);

}  // namespace scrubjay::config
