#include "schema/syntax.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "schema/command_spec.h"

namespace scrubjay::schema {
namespace {

using Type = SyntaxArgument::Type;
using ArgumentList = std::vector<SyntaxArgument>;

template <size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_token(std::string_view word) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return std::any_of(word.begin(), word.end(), is_upper) &&
         std::none_of(word.begin(), word.end(), is_lower);
}

// What a value is follows from what it is called.
Type type_of_value(std::string_view name, std::string_view command) {
  constexpr std::array<std::string_view, 33> kIntegers{
      "bit",       "client-id",      "count",       "cursor",       "decrement",
      "delta",     "destination-db", "db",          "end",          "expire",
      "frequency", "index",          "index1",      "index2",       "len",
      "max-age",   "maxage",         "maxlen",      "milliseconds", "min-match-len",
      "numkeys",   "numreplicas",    "num-matches", "offset",       "port",
      "protover",  "rank",           "seconds",     "start",        "stop",
      "threshold", "timeout",        "ttl"};
  constexpr std::array<std::string_view, 5> kDoubles{"latitude", "longitude", "radius", "score",
                                                     "weight"};
  if (name.starts_with("unix-time")) return Type::kUnixTime;
  if (name == "pattern") return Type::kPattern;
  if (name == "increment")
    return command.find("FLOAT") != std::string_view::npos ? Type::kDouble : Type::kInteger;
  if (is_one_of(name, kIntegers)) return Type::kInteger;
  if (is_one_of(name, kDoubles)) return Type::kDouble;
  return Type::kString;
}

bool is_key_name(std::string_view name) {
  constexpr std::array<std::string_view, 9> kNames{
      "key", "key1", "key2", "newkey", "source", "destination", "destkey", "sourcekey", "srckey"};
  return is_one_of(name, kNames);
}

// A choice has no name in the notation: it is called after its first word.
std::string name_of_choice(const ArgumentList& choices) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kNames{
      {{"nx", "condition"},
       {"xx", "condition"},
       {"gt", "comparison"},
       {"seconds", "expiration"},
       {"asc", "order"},
       {"async", "flush-type"},
       {"left", "where"},
       {"on", "enabled"},
       {"byradius", "by"}}};
  for (const auto& [first, name] : kNames) {
    if (choices[0].name == first) return std::string(name);
  }
  return "options";
}

SyntaxArgument make_choice(ArgumentList choices) {
  SyntaxArgument argument{.name = name_of_choice(choices), .type = Type::kOneOf};
  argument.arguments = std::move(choices);
  return argument;
}

SyntaxArgument make_block(ArgumentList items, std::string name) {
  SyntaxArgument block{.name = std::move(name), .type = Type::kBlock};
  block.arguments = std::move(items);
  return block;
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view command) : rest_(text), command_(command) {}

  ArgumentList parse_all() { return parse_sequence().items; }

 private:
  struct Sequence {
    ArgumentList items;
    bool repeats = false;  // it ends in "..."
  };

  void skip_blanks() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }
  bool take(std::string_view mark) {
    skip_blanks();
    if (!rest_.starts_with(mark)) return false;
    rest_.remove_prefix(mark.size());
    return true;
  }
  bool at_close() {
    skip_blanks();
    return rest_.empty() || rest_.front() == ']' || rest_.front() == '>' || rest_.front() == '|';
  }
  std::string_view take_word() {
    skip_blanks();
    const std::string_view word = rest_.substr(0, rest_.find_first_of(" []<>|"));
    rest_.remove_prefix(word.size());
    return word;
  }

  SyntaxArgument value(std::string_view name) {
    return {.name = std::string(name), .type = type_of_value(name, command_)};
  }

  // "key [key ...]": the group repeats what stands before it. Folds it in; false if it does not.
  static bool fold(ArgumentList& items, const Sequence& group) {
    const size_t count = group.items.size();
    if (!group.repeats || count == 0 || count > items.size()) return false;
    const auto begin = items.end() - static_cast<std::ptrdiff_t>(count);
    if (!std::equal(begin, items.end(), group.items.begin())) return false;
    if (count > 1) {
      items.erase(begin, items.end());
      items.push_back(make_block(group.items, "data"));
    }
    items.back().multiple = true;
    items.back().multiple_token = !items.back().token.empty();
    return true;
  }

  static SyntaxArgument as_one(Sequence sequence, std::string name) {
    SyntaxArgument argument = sequence.items.size() == 1
                                  ? std::move(sequence.items[0])
                                  : make_block(std::move(sequence.items), std::move(name));
    argument.multiple |= sequence.repeats;
    return argument;
  }

  // Up to the closing bracket, which is taken.
  Sequence parse_group(std::string_view close) {
    Sequence first = parse_sequence();
    ArgumentList choices;
    bool repeats = false;
    while (take("|")) {
      // NOLINTNEXTLINE(bugprone-use-after-move): only in the first round
      if (choices.empty()) choices.push_back(as_one(std::move(first), "data"));
      Sequence next = parse_sequence();
      repeats = next.repeats;
      next.repeats = false;
      choices.push_back(as_one(std::move(next), "data"));
    }
    take(close);
    if (choices.empty()) return first;
    return {{make_choice(std::move(choices))}, repeats};
  }

  // The values that belong to the token just read.
  SyntaxArgument parse_token(std::string_view token, ArgumentList& before, bool& folded) {
    ArgumentList values;
    Sequence group;
    bool group_open = false;
    while (!at_close() && !group_open) {
      if (rest_.starts_with("...")) break;
      if (take("<")) {
        values.push_back(as_one(parse_group(">"), "data"));
        if (take("...")) values.back().multiple = true;
      } else if (rest_.front() == '[') {
        if (values.empty()) break;
        take("[");
        group = parse_group("]");
        group_open = !fold(values, group);
      } else {
        const std::string_view ahead = rest_;
        const std::string_view word = take_word();
        if (is_token(word)) {
          rest_ = ahead;
          break;
        }
        values.push_back(value(word));
      }
    }
    SyntaxArgument argument;
    if (values.empty())
      argument = {.name = to_lower(token), .type = Type::kPureToken};
    else if (values.size() == 1)
      argument = std::move(values[0]);
    else
      argument = make_block(std::move(values), to_lower(token));
    argument.token = token;
    folded = group_open;
    if (group_open) {
      before.push_back(std::move(argument));
      add_optional(before, std::move(group));
      return {};
    }
    return argument;
  }

  static void add_optional(ArgumentList& items, Sequence group) {
    if (group.items.empty() || fold(items, group)) return;
    SyntaxArgument argument = as_one(std::move(group), "arguments");
    argument.optional = true;
    items.push_back(std::move(argument));
  }

  Sequence parse_sequence() {
    Sequence sequence;
    while (!at_close()) {
      if (take("...")) {
        sequence.repeats = true;
      } else if (take("[")) {
        add_optional(sequence.items, parse_group("]"));
      } else if (take("<")) {
        sequence.items.push_back(as_one(parse_group(">"), "data"));
        if (take("...")) sequence.items.back().multiple = true;
      } else {
        const std::string_view word = take_word();
        if (!is_token(word)) {
          sequence.items.push_back(value(word));
          continue;
        }
        bool added = false;
        SyntaxArgument argument = parse_token(word, sequence.items, added);
        if (!added) sequence.items.push_back(std::move(argument));
      }
    }
    return sequence;
  }

  std::string_view rest_;
  std::string_view command_;
};

// Keys take the row's key specs in turn; when there are more keys than specs the last spec goes on.
void name_keys(ArgumentList& arguments, int& next, int last) {
  for (SyntaxArgument& argument : arguments) {
    if (argument.arguments.empty() && argument.type == Type::kString &&
        is_key_name(argument.name)) {
      argument.type = Type::kKey;
      argument.key_spec = next;
      next = std::min(next + 1, last);
    }
    name_keys(argument.arguments, next, last);
  }
}

}  // namespace

std::string_view type_name(Type type) {
  constexpr std::string_view kNames[] = {"string",    "integer",    "double", "key",  "pattern",
                                         "unix-time", "pure-token", "oneof",  "block"};
  return kNames[static_cast<size_t>(type)];
}

std::vector<SyntaxArgument> parse_arguments(const CommandSpec& command, bool is_subcommand) {
  std::string_view text = command.syntax;
  for (int i = is_subcommand ? 2 : 1; i > 0; --i) {
    const size_t blank = text.find(' ');
    text = blank == std::string_view::npos ? "" : text.substr(blank + 1);
  }
  ArgumentList arguments =
      Parser(text, command.syntax.substr(0, command.syntax.find(' '))).parse_all();
  int specs = 0;
  for (const KeySpec& spec : command.keys) specs += spec.shape != KeySpec::Shape::kNone ? 1 : 0;
  int next = 0;
  if (specs > 0) name_keys(arguments, next, specs - 1);
  return arguments;
}

}  // namespace scrubjay::schema
