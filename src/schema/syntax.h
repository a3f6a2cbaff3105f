// Reads the syntax text of a command's row. Notation, as redis.io shows it: `[x]` optional, `a | b`
// one of, `<a | b>` one of and required, `x [x ...]` or a trailing `...` several times. A word
// without a lower-case letter is a token that is typed as it stands; any other word names a value.
// Used by the command table (arity) and COMMAND DOCS (arguments). Stateless.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::schema {

enum class Piece : uint8_t { kEnd, kWord, kOptional, kChoice, kClose, kOr, kEllipsis };

// Cuts a syntax text into words and signs. `text` of a piece is the word itself.
class SyntaxScanner {
 public:
  constexpr explicit SyntaxScanner(std::string_view syntax) : rest_(syntax) { advance(); }

  constexpr Piece piece() const { return piece_; }
  constexpr std::string_view text() const { return text_; }
  constexpr void advance();

 private:
  std::string_view rest_;
  std::string_view text_;
  Piece piece_ = Piece::kEnd;
};

// The least number of arguments, and whether there may be more.
struct WordCount {
  int least = 0;
  bool exact = true;
};

constexpr WordCount count_words(SyntaxScanner& scanner);

// Redis's arity: the exact number of arguments, the command's own words among them, or minus the
// least number when it varies.
constexpr int arity_of(std::string_view syntax) {
  SyntaxScanner scanner(syntax);
  const WordCount count = count_words(scanner);
  return count.exact ? count.least : -count.least;
}

constexpr bool is_token(std::string_view word) {
  for (char c : word) {
    if (c >= 'a' && c <= 'z') return false;
  }
  return true;
}

struct CommandSpec;

// One argument of a command, as COMMAND DOCS describes it.
struct SyntaxArgument {
  enum class Type : uint8_t {
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
  std::string name{};
  Type type = Type::kString;
  std::string token{};  // the word before the value; of a pure token, which may be empty, the whole
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

// How many values follow the token `word` (compared without case) where the syntax first shows it;
// -1 when the syntax has no such token. The command's own first word is not looked at.
int values_after_token(std::string_view syntax, std::string_view word);

constexpr void SyntaxScanner::advance() {
  while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  text_ = {};
  if (rest_.empty()) {
    piece_ = Piece::kEnd;
    return;
  }
  std::size_t length = 1;
  switch (rest_.front()) {
    case '[':
      piece_ = Piece::kOptional;
      break;
    case '<':
      piece_ = Piece::kChoice;
      break;
    case ']':
    case '>':
      piece_ = Piece::kClose;
      break;
    case '|':
      piece_ = Piece::kOr;
      break;
    default:
      length = rest_.find_first_of(" []<>|");
      if (length == std::string_view::npos) length = rest_.size();
      text_ = rest_.substr(0, length);
      piece_ = text_ == "..." ? Piece::kEllipsis : Piece::kWord;
  }
  rest_.remove_prefix(length);
}

// Counts up to the end of the text or past the sign that closes the group.
constexpr WordCount count_words(SyntaxScanner& scanner) {
  WordCount best;
  bool first_branch = true;
  WordCount branch;
  const auto end_branch = [&] {
    if (first_branch) {
      best = branch;
    } else {
      best.exact = best.exact && branch.exact && best.least == branch.least;
      best.least = branch.least < best.least ? branch.least : best.least;
    }
    first_branch = false;
    branch = {};
  };
  for (;;) {
    const Piece piece = scanner.piece();
    scanner.advance();
    switch (piece) {
      case Piece::kEnd:
      case Piece::kClose:
        end_branch();
        return best;
      case Piece::kOr:
        end_branch();
        break;
      case Piece::kWord:
        ++branch.least;
        break;
      case Piece::kEllipsis:
        branch.exact = false;
        break;
      case Piece::kOptional:
        count_words(scanner);
        branch.exact = false;
        break;
      case Piece::kChoice: {
        const WordCount inner = count_words(scanner);
        branch.least += inner.least;
        branch.exact = branch.exact && inner.exact;
        break;
      }
    }
  }
}

}  // namespace scrubjay::schema
