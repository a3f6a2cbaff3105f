// Words of a configuration line: blanks part them, "..." takes escapes (\n \r \t \b \a \xHH), '...'
// only \'. Pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::config {

// No value: a quote is not closed, or is closed in the middle of a word.
std::optional<std::vector<std::string>> split_words(std::string_view line);

// Parts at single spaces, as CONFIG SET does; empty parts are dropped.
std::vector<std::string> split_at_spaces(std::string_view text);

// The word itself if split_words would read it back, else in double quotes.
std::string word_text(std::string_view word);

std::string join_words(std::span<const std::string> words);

std::string_view trim(std::string_view text);

}  // namespace scrubjay::config
