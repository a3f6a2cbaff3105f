// Replies as redis-cli prints them. Pure functions, used by the client.
#pragma once

#include <string>
#include <string_view>

#include "resp/reply_reader.h"

namespace scrubjay::cli {

// For a terminal: types told apart, strings quoted, nested aggregates indented; ends in a newline.
std::string terminal_text(const resp::Reply& reply);

// For a pipe: the bare bytes, elements apart by the delimiter; an error alone ends in a newline.
std::string raw_text(const resp::Reply& reply, std::string_view delimiter = "\n");

}  // namespace scrubjay::cli
