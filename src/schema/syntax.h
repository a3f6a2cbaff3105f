// Reads a row's syntax text: the arity that follows from it, and the tree of arguments that COMMAND
// DOCS shows. Notation: `[x]` optional, `a | b` one of, `...` multiple, UPPERCASE tokens,
// lower-case values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::schema {

struct CommandSpec;

// One argument of a command, as COMMAND DOCS describes it.
struct SyntaxArgument {
  enum class Type {
    kString,
    kInteger,
    kDouble,
    kKey,
    kPattern,
    kUnixTime,
    kPureToken,
    kOneOf,
    kBlock,
  };
  std::string name;
  Type type = Type::kString;
  std::string token{};  // the word before the value, or the whole of a pure token
  int key_spec = -1;    // which of the row's key specs finds it
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;              // the token is repeated with each value
  std::vector<SyntaxArgument> arguments{};  // of kOneOf and kBlock

  bool operator==(const SyntaxArgument&) const = default;
};

std::string_view type_name(SyntaxArgument::Type type);

// The arguments behind the command's name, which is one word or, for a subcommand, two.
std::vector<SyntaxArgument> parse_arguments(const CommandSpec& command, bool is_subcommand);

// Redis's arity: the number of words a request must have, the command's name included; negative if
// it may have more.
constexpr int arity_of(std::string_view syntax) {
  int words = 0;
  int depth = 0;     // inside [] or <>
  int optional = 0;  // inside []
  bool more = false;
  bool in_word = false;
  bool alternative = false;  // behind a | at the top level: it stands for the word before
  for (size_t i = 0; i <= syntax.size(); ++i) {
    const char c = i < syntax.size() ? syntax[i] : ' ';
    if (c == '[') {
      ++optional;
      more = true;
      in_word = false;
      continue;
    }
    if (c == ']') {
      --optional;
      continue;
    }
    if (optional > 0) continue;
    if (c == '<') {
      if (depth++ == 0 && !alternative) ++words;
      continue;
    }
    if (c == '>') {
      --depth;
      continue;
    }
    if (depth > 0) {
      continue;
    }
    if (c == '|') {
      alternative = true;
      in_word = false;
      continue;
    }
    if (c == ' ') {
      if (in_word) alternative = false;
      in_word = false;
      continue;
    }
    if (c == '.') {
      more = true;
      continue;
    }
    if (!in_word) {
      in_word = true;
      if (!alternative) ++words;
    }
  }
  return more ? -words : words;
}

}  // namespace scrubjay::schema
