// What the words of a syntax text do not say themselves: the type of a value, the name of a choice
// or of values that belong together. Used by the parser in syntax.cc only. Stateless.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/syntax.h"

namespace scrubjay::schema {

// `command` is the first word of the syntax: "start" is a number for GETRANGE and a text for
// ZRANGE.
SyntaxArgument::Type type_of_value(std::string_view command, std::string_view word);

std::string name_of_token(std::string_view token);

// The name of a choice or block by its token (may be empty) and its members, of which there is one
// at least.
std::string name_of_group(std::string_view token, const std::vector<SyntaxArgument>& arguments);

}  // namespace scrubjay::schema
