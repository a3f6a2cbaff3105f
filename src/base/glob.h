// Redis's glob patterns: * ? [abc] [^a-z] and backslash escapes, over bytes.
#pragma once

#include <string_view>

namespace scrubjay {

// Never backtracks over more than the last star, so no pattern takes more than O(pattern * text).
// As in Redis an empty text matches the empty pattern only, and more than 1000 stars match nothing.
bool glob_match(std::string_view pattern, std::string_view text, bool ignore_case = false);

}  // namespace scrubjay
