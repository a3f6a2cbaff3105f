// Files in the syntax of redis.conf: a name and its words on each line, # for comments, quotes,
// `include` with wildcards. Later lines win, or add up where they do (save, rename-command). Used
// by command_line and rewrite. One thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/draft.h"

namespace scrubjay::config {

// Takes over what the file says; "-" is standard input.
Status read_redis_conf(Draft& draft, const std::string& path);

// Takes over what the text says. Errors name `origin` and lines from `first_line` on.
Status read_redis_conf_text(Draft& draft, std::string_view text, std::string_view origin,
                            size_t first_line = 1);

}  // namespace scrubjay::config
