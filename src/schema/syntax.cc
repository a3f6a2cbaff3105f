#include "schema/syntax.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"
#include "schema/argument_names.h"
#include "schema/command_spec.h"

namespace scrubjay::schema {
namespace {

using Type = SyntaxArgument::Type;

struct Node;
using Sequence = std::vector<Node>;

// The text as it is nested, before it is read as arguments.
struct Node {
  enum class Kind : uint8_t { kWord, kOptional, kChoice, kRepeat } kind = Kind::kWord;
  std::string_view word = {};
  std::vector<Sequence> branches = {};  // kRepeat has one: what is repeated
  bool several = false;                 // a `...` stands at its end or behind it

  bool operator==(const Node&) const = default;
  bool is_value() const { return kind == Kind::kWord && !is_token(word); }
  bool is_token_word() const { return kind == Kind::kWord && is_token(word); }
  // A value, or a value that may come several times.
  bool is_plain() const {
    return is_value() ||
           (kind == Kind::kRepeat && branches[0].size() == 1 && branches[0][0].is_value());
  }
};

std::vector<Sequence> read_branches(SyntaxScanner& scanner, bool bracket, bool& several) {
  std::vector<Sequence> branches(1);
  for (;;) {
    const Piece piece = scanner.piece();
    const std::string_view text = scanner.text();
    scanner.advance();
    Sequence& current = branches.back();
    switch (piece) {
      case Piece::kEnd:
      case Piece::kClose:
        return branches;
      case Piece::kOr:
        branches.emplace_back();
        break;
      case Piece::kWord:
        current.push_back({.word = text});
        break;
      case Piece::kEllipsis:
        if (bracket) {
          several = true;
        } else if (!current.empty()) {
          current.back().several = true;
        }
        break;
      case Piece::kOptional:
      case Piece::kChoice: {
        const bool optional = piece == Piece::kOptional;
        Node node{.kind = optional ? Node::Kind::kOptional : Node::Kind::kChoice};
        bool inner_several = false;
        node.branches = read_branches(scanner, optional, inner_several);
        node.several = inner_several;
        branches.back().push_back(std::move(node));
        break;
      }
    }
  }
}

// `x [x ...]` becomes one node that repeats.
Sequence fold_repeats(const Sequence& sequence) {
  Sequence folded;
  for (const Node& node : sequence) {
    if (node.kind == Node::Kind::kOptional && node.several && node.branches.size() == 1) {
      const Sequence& body = node.branches[0];
      if (body.size() <= folded.size() && std::equal(body.rbegin(), body.rend(), folded.rbegin())) {
        folded.resize(folded.size() - body.size());
        folded.push_back({.kind = Node::Kind::kRepeat, .branches = {body}, .several = true});
        continue;
      }
    }
    folded.push_back(node);
  }
  return folded;
}

class Converter {
 public:
  explicit Converter(std::string_view command) : command_(command) {}

  std::vector<SyntaxArgument> arguments_of(const Sequence& raw, bool in_group) const {
    const Sequence nodes = fold_repeats(raw);
    std::vector<SyntaxArgument> result;
    for (std::size_t i = 0; i < nodes.size();) {
      const Node& node = nodes[i];
      if (!node.is_token_word()) {
        result.push_back(argument_of(node));
        ++i;
        continue;
      }
      std::size_t end = i + 1;
      while (end < nodes.size() && nodes[end].is_plain()) ++end;
      // FAILOVER's TO and XINFO's FULL stand for the whole group, options included.
      const bool whole = in_group && (node.word == "TO" || node.word == "FULL");
      if (whole) end = nodes.size();
      if (whole || (end - i > 2 && (!in_group || end == nodes.size()))) {
        result.push_back(block_of(arguments_of({nodes.begin() + static_cast<long>(i) + 1,
                                                nodes.begin() + static_cast<long>(end)},
                                               true),
                                  node.word));
        i = end;
      } else if (i + 1 < nodes.size() && takes_token(nodes[i + 1])) {
        result.push_back(with_token(argument_of(nodes[i + 1]), node.word));
        i += 2;
      } else {
        result.push_back(pure_token(node.word));
        ++i;
      }
    }
    name_directions(result);
    return result;
  }

  SyntaxArgument group_of(const std::vector<Sequence>& branches) const {
    if (branches.size() == 1) return block_of(arguments_of(branches[0], true), {});
    std::vector<Sequence> plain = branches;
    const bool repeats = drop_repeat_of_whole(plain);
    SyntaxArgument choice{.type = Type::kOneOf};
    for (const Sequence& branch : plain) {
      choice.arguments.push_back(block_of(arguments_of(branch, true), {}));
    }
    choice.name = name_of_group({}, choice.arguments);
    if (repeats) choice.multiple = true;
    return choice;
  }

 private:
  // `a | b [a | b ...]`: the repeat hangs on the last branch but means the whole.
  static bool drop_repeat_of_whole(std::vector<Sequence>& branches) {
    Sequence& last = branches.back();
    if (last.empty() || !last.back().several || last.back().branches.size() != branches.size()) {
      return false;
    }
    const Node repeat = last.back();
    last.pop_back();
    if (repeat.branches == branches) return true;
    last.push_back(repeat);
    return false;
  }

  static bool takes_token(const Node& node) {
    return node.is_value() || node.kind == Node::Kind::kChoice ||
           (node.kind == Node::Kind::kRepeat && !node.branches[0][0].is_token_word());
  }

  SyntaxArgument argument_of(const Node& node) const {
    SyntaxArgument argument;
    switch (node.kind) {
      case Node::Kind::kWord:
        argument = is_token(node.word) ? pure_token(node.word) : value(node.word);
        break;
      case Node::Kind::kOptional:
      case Node::Kind::kChoice:
        argument = group_of(node.branches);
        break;
      case Node::Kind::kRepeat:
        argument = block_of(arguments_of(node.branches[0], true), {});
        if (node.branches[0][0].is_token_word()) argument.multiple_token = true;
        break;
    }
    if (node.kind == Node::Kind::kOptional) argument.optional = true;
    if (node.several) argument.multiple = true;
    return argument;
  }

  SyntaxArgument value(std::string_view word) const {
    return {
        .name = std::string(word),
        .type = type_of_value(command_, word),
    };
  }

  static SyntaxArgument pure_token(std::string_view word) {
    return with_token({.name = name_of_token(word), .type = Type::kPureToken}, word);
  }

  static SyntaxArgument with_token(SyntaxArgument argument, std::string_view token) {
    if (token != "\"\"") argument.token = token;
    if (argument.type == Type::kOneOf) argument.name = name_of_group(token, argument.arguments);
    return argument;
  }

  // Several members make a block; a single one without a token stands for itself.
  static SyntaxArgument block_of(std::vector<SyntaxArgument> members, std::string_view token) {
    if (members.size() == 1 && token.empty()) return std::move(members[0]);
    SyntaxArgument block{.type = Type::kBlock, .arguments = std::move(members)};
    if (!block.arguments.empty()) block.name = name_of_group(token, block.arguments);
    return token.empty() ? block : with_token(std::move(block), token);
  }

  // Two directions side by side (LMOVE) are told apart.
  static void name_directions(std::vector<SyntaxArgument>& arguments) {
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      if (arguments[i - 1].name == "where" && arguments[i].name == "where") {
        arguments[i - 1].name = "wherefrom";
        arguments[i].name = "whereto";
      }
    }
  }

  std::string_view command_;
};

// Gives each key argument the index of the spec that finds it.
class KeySpecNumbering {
 public:
  KeySpecNumbering(std::span<const KeySpec> keys, int position)
      : keys_(keys), position_(position) {}

  void number(std::vector<SyntaxArgument>& arguments, std::string_view outer_token) {
    for (SyntaxArgument& argument : arguments) number(argument, outer_token);
  }

 private:
  using Shape = KeySpec::Shape;

  void number(SyntaxArgument& argument, std::string_view outer_token) {
    const std::string_view token =
        argument.token.empty() ? outer_token : std::string_view(argument.token);
    const bool varies = argument.optional || argument.multiple;
    if (!argument.token.empty() && argument.type != Type::kPureToken) ++position_;
    switch (argument.type) {
      case Type::kKey:
        argument.key_spec = find(token);
        ++position_;
        break;
      case Type::kPattern:
        if (!argument.token.empty() && !keys_.empty() && keys_[0].shape == Shape::kRange) {
          argument.key_spec = first_of(Shape::kEveryKey);
        }
        ++position_;
        break;
      case Type::kOneOf: {
        const int start = position_;
        int end = start;
        for (SyntaxArgument& child : argument.arguments) {
          position_ = start;
          number(child, token);
          end = position_;
        }
        position_ = end;
        break;
      }
      case Type::kBlock:
        number(argument.arguments, token);
        break;
      default:
        ++position_;
        break;
    }
    if (varies) known_ = false;
  }

  int first_of(Shape shape) const {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i].shape == shape) return static_cast<int>(i);
    }
    return -1;
  }

  int find(std::string_view token) const {
    int last = -1;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const KeySpec& key = keys_[i];
      if (key.shape == Shape::kNone) continue;
      last = static_cast<int>(i);
      if (key.shape == Shape::kRange && known_ && position_ >= key.first &&
          (key.last < 0 || position_ <= key.last)) {
        return last;
      }
      if (key.shape == Shape::kAfterWord && key.word == token) return last;
      if (key.shape == Shape::kCounted && position_ == key.first + 1) return last;
    }
    return last;
  }

  std::span<const KeySpec> keys_;
  int position_;
  bool known_ = true;
};

// Counts values that follow at once, in the same group.
int values_ahead(SyntaxScanner scanner) {
  int count = 0;
  while (scanner.piece() == Piece::kWord && !is_token(scanner.text())) {
    ++count;
    scanner.advance();
  }
  if (count == 0 && scanner.piece() == Piece::kChoice) count = 1;
  return count;
}

}  // namespace

std::string_view type_name(Type type) {
  constexpr std::array<std::string_view, 9> kNames = {
      "string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block"};
  return kNames[static_cast<std::size_t>(type)];
}

std::vector<SyntaxArgument> parse_arguments(const CommandSpec& command, bool is_subcommand) {
  SyntaxScanner scanner(command.syntax);
  const Converter converter(scanner.text());
  const int name_words = is_subcommand ? 2 : 1;
  for (int i = 0; i < name_words; ++i) scanner.advance();
  bool several = false;
  const std::vector<Sequence> branches = read_branches(scanner, false, several);
  std::vector<SyntaxArgument> arguments;
  if (branches.size() == 1) {
    arguments = converter.arguments_of(branches[0], false);
  } else {
    arguments.push_back(converter.group_of(branches));
  }
  KeySpecNumbering(command.keys, name_words).number(arguments, {});
  return arguments;
}

int values_after_token(std::string_view syntax, std::string_view word) {
  SyntaxScanner scanner(syntax);
  while (scanner.piece() != Piece::kEnd) {
    scanner.advance();
    if (scanner.piece() == Piece::kWord && is_token(scanner.text()) &&
        equal_ignoring_case(scanner.text(), word)) {
      scanner.advance();
      return values_ahead(scanner);
    }
  }
  return -1;
}

}  // namespace scrubjay::schema
