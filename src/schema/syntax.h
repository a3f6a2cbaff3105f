// Reads a row's syntax text: the arity that follows from it, and the tree of arguments that COMMAND
// DOCS shows. Notation: `[x]` optional, `a | b` one of, `...` multiple, UPPERCASE tokens, lower-case values.
#pragma once

#include <string_view>

namespace scrubjay::schema {

// Redis's arity: the number of words a request must have, the command's name included; negative if
// it may have more.
constexpr int arity_of(std::string_view syntax) {
  int words = 0;
  int depth = 0;        // inside [] or <>
  int optional = 0;     // inside []
  bool more = false;
  bool in_word = false;
  bool alternative = false;  // behind a | at the top level: it stands for the word before
  for (size_t i = 0; i <= syntax.size(); ++i) {
    const char c = i < syntax.size() ? syntax[i] : ' ';
    if (c == '[') { ++optional; more = true; in_word = false; continue; }
    if (c == ']') { --optional; continue; }
    if (optional > 0) continue;
    if (c == '<') {
      if (depth++ == 0 && !alternative) ++words;
      continue;
    }
    if (c == '>') { --depth; continue; }
    if (depth > 0) {
      continue;
    }
    if (c == '|') { alternative = true; in_word = false; continue; }
    if (c == ' ') {
      if (in_word) alternative = false;
      in_word = false;
      continue;
    }
    if (c == '.') { more = true; continue; }
    if (!in_word) {
      in_word = true;
      if (!alternative) ++words;
    }
  }
  return more ? -words : words;
}

}  // namespace scrubjay::schema
