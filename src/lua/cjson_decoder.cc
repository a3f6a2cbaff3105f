#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "lua/cjson_settings.h"
#include "lua/lua_bytes.h"

// A Lua error may leave any of these functions, so no object here needs a destructor. Lua ends
// every string with a NUL, which ends the text here too.
namespace scrubjay::lua {
namespace {

enum class TokenKind {
  kObject,
  kObjectEnd,
  kArray,
  kArrayEnd,
  kColon,
  kComma,
  kEnd,
  kString,
  kNumber,
  kTrue,
  kFalse,
  kNull,
  kWrong
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t place = 0;  // where it begins; of a wrong one, where it is wrong
  double number = 0;
  std::string_view string;  // of a wrong one: what is wrong
};

// Names as the error messages of Lua CJSON show them.
const char* name_of(const Token& token) {
  switch (token.kind) {
    case TokenKind::kObject:
      return "T_OBJ_BEGIN";
    case TokenKind::kObjectEnd:
      return "T_OBJ_END";
    case TokenKind::kArray:
      return "T_ARR_BEGIN";
    case TokenKind::kArrayEnd:
      return "T_ARR_END";
    case TokenKind::kColon:
      return "T_COLON";
    case TokenKind::kComma:
      return "T_COMMA";
    case TokenKind::kEnd:
      return "T_END";
    case TokenKind::kString:
      return "T_STRING";
    case TokenKind::kNumber:
      return "T_NUMBER";
    case TokenKind::kTrue:
    case TokenKind::kFalse:
      return "T_BOOLEAN";
    case TokenKind::kNull:
      return "T_NULL";
    case TokenKind::kWrong:
      return token.string.data();
  }
  return "T_ERROR";
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// -1 if they are no hexadecimal digits.
int four_digits(const char* text) {
  int number = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text[i];
    const char low = static_cast<char>(c | 0x20);
    if (is_digit(c))
      number = number * 16 + (c - '0');
    else if (low >= 'a' && low <= 'f')
      number = number * 16 + (low - 'a' + 10);
    else
      return -1;
  }
  return number;
}

void append_utf8(LuaBytes& out, uint32_t code) {
  const auto tail = [&](uint32_t shift) {
    out.append(static_cast<char>(0x80 | ((code >> shift) & 0x3f)));
  };
  if (code <= 0x7f) return out.append(static_cast<char>(code));
  if (code <= 0x7ff) {
    out.append(static_cast<char>(0xc0 | code >> 6));
    return tail(0);
  }
  if (code <= 0xffff) {
    out.append(static_cast<char>(0xe0 | code >> 12));
    tail(6);
    return tail(0);
  }
  out.append(static_cast<char>(0xf0 | code >> 18));
  tail(12);
  tail(6);
  tail(0);
}

char unescaped(char escape) {
  switch (escape) {
    case 'b':
      return '\b';
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'f':
      return '\f';
    case 'r':
      return '\r';
    case '"':
    case '\\':
    case '/':
      return escape;
    default:
      return 0;
  }
}

// What strtod would take, but JSON does not know: +1, 01, 0x1, inf, nan.
bool is_invalid_number(const char* text) {
  if (*text == '+') return true;
  if (*text == '-') ++text;
  if (*text == '0') return (text[1] | 0x20) == 'x' || is_digit(text[1]);
  if (*text <= '9') return false;
  const std::string_view word(text, ::strnlen(text, 3));
  return equal_ignoring_case(word, "inf") || equal_ignoring_case(word, "nan");
}

class Decoder {
 public:
  Decoder(lua_State* state, std::string_view text, const CjsonSettings& settings)
      : state_(state),
        settings_(settings),
        text_(text.data()),
        next_(text.data()),
        unescaped_(state) {}

  void decode() {
    push_value(take_token());
    const Token token = take_token();
    if (token.kind != TokenKind::kEnd) expected("the end", token);
  }

 private:
  size_t place() const { return static_cast<size_t>(next_ - text_); }

  Token wrong(std::string_view what) const { return {TokenKind::kWrong, place(), 0, what}; }

  Token take_token() {
    while (*next_ == ' ' || *next_ == '\t' || *next_ == '\n' || *next_ == '\r') ++next_;
    const size_t begin = place();
    const auto word = [&](TokenKind kind, size_t size) {
      next_ += size;
      return Token{kind, begin, 0, {}};
    };
    switch (*next_) {
      case '\0':
        return word(TokenKind::kEnd, 0);
      case '{':
        return word(TokenKind::kObject, 1);
      case '}':
        return word(TokenKind::kObjectEnd, 1);
      case '[':
        return word(TokenKind::kArray, 1);
      case ']':
        return word(TokenKind::kArrayEnd, 1);
      case ':':
        return word(TokenKind::kColon, 1);
      case ',':
        return word(TokenKind::kComma, 1);
      case '"':
        return take_string(begin);
      default:
        break;
    }
    if (*next_ == '-' || is_digit(*next_)) {
      if (!settings_.decode_invalid_numbers && is_invalid_number(next_))
        return wrong("invalid number");
      return take_number(begin);
    }
    if (begins_with("true")) return word(TokenKind::kTrue, 4);
    if (begins_with("false")) return word(TokenKind::kFalse, 5);
    if (begins_with("null")) return word(TokenKind::kNull, 4);
    if (settings_.decode_invalid_numbers && std::string_view("+iInN").find(*next_) != kNotFound &&
        is_invalid_number(next_))
      return take_number(begin);
    return wrong("invalid token");
  }

  bool begins_with(std::string_view word) const {
    return std::string_view(next_, ::strnlen(next_, word.size())) == word;
  }

  Token take_number(size_t begin) {
    char* end = nullptr;
    const double number = std::strtod(next_, &end);
    if (end == next_) return wrong("invalid number");
    next_ = end;
    return {TokenKind::kNumber, begin, number, {}};
  }

  // A string without escapes is a view of the text.
  Token take_string(size_t begin) {
    const char* plain = ++next_;
    unescaped_.clear();
    bool copied = false;
    while (*next_ != '"') {
      if (*next_ == '\0') return wrong("unexpected end of string");
      if (*next_ != '\\') {
        ++next_;
        continue;
      }
      unescaped_.append({plain, static_cast<size_t>(next_ - plain)});
      copied = true;
      if (next_[1] == 'u') {
        if (!take_code()) return wrong("invalid unicode escape code");
      } else {
        const char c = unescaped(next_[1]);
        if (c == 0) return wrong("invalid escape code");
        unescaped_.append(c);
        next_ += 2;
      }
      plain = next_;
    }
    std::string_view string(plain, static_cast<size_t>(next_ - plain));
    ++next_;
    if (copied) {
      unescaped_.append(string);
      string = unescaped_.view();
    }
    return {TokenKind::kString, begin, 0, string};
  }

  // \uXXXX, or two of them for what lies above 0xffff.
  bool take_code() {
    const int first = four_digits(next_ + 2);
    if (first < 0) return false;
    if ((first & 0xf800) != 0xd800) {
      append_utf8(unescaped_, static_cast<uint32_t>(first));
      next_ += 6;
      return true;
    }
    if ((first & 0x400) != 0 || next_[6] != '\\' || next_[7] != 'u') return false;
    const int second = four_digits(next_ + 8);
    if (second < 0 || (second & 0xfc00) != 0xdc00) return false;
    append_utf8(unescaped_,
                static_cast<uint32_t>(((first & 0x3ff) << 10 | (second & 0x3ff))) + 0x10000);
    next_ += 12;
    return true;
  }

  void expected(const char* what, const Token& token) {
    luaL_error(state_, "Expected %s but found %s at character %d", what, name_of(token),
               static_cast<int>(token.place + 1));
  }

  void descend() {
    ++depth_;
    if (depth_ > settings_.decode_max_depth || !lua_checkstack(state_, 4)) {
      luaL_error(state_, "Found too many nested data structures (%d) at character %d", depth_,
                 static_cast<int>(place()));
    }
  }

  void push_value(const Token& token) {
    switch (token.kind) {
      case TokenKind::kString:
        return lua_pushlstring(state_, token.string.data(), token.string.size());
      case TokenKind::kNumber:
        return lua_pushnumber(state_, token.number);
      case TokenKind::kTrue:
        return lua_pushboolean(state_, 1);
      case TokenKind::kFalse:
        return lua_pushboolean(state_, 0);
      case TokenKind::kNull:
        return lua_pushlightuserdata(state_, nullptr);
      case TokenKind::kObject:
        return push_object();
      case TokenKind::kArray:
        return push_array();
      default:
        expected("value", token);
    }
  }

  void push_object() {
    descend();
    lua_newtable(state_);
    Token token = take_token();
    if (token.kind != TokenKind::kObjectEnd) {
      while (true) {
        if (token.kind != TokenKind::kString) expected("object key string", token);
        lua_pushlstring(state_, token.string.data(), token.string.size());
        token = take_token();
        if (token.kind != TokenKind::kColon) expected("colon", token);
        push_value(take_token());
        lua_rawset(state_, -3);
        token = take_token();
        if (token.kind == TokenKind::kObjectEnd) break;
        if (token.kind != TokenKind::kComma) expected("comma or object end", token);
        token = take_token();
      }
    }
    --depth_;
  }

  void push_array() {
    descend();
    lua_newtable(state_);
    Token token = take_token();
    if (token.kind != TokenKind::kArrayEnd) {
      for (int i = 1;; ++i) {
        push_value(token);
        lua_rawseti(state_, -2, i);
        token = take_token();
        if (token.kind == TokenKind::kArrayEnd) break;
        if (token.kind != TokenKind::kComma) expected("comma or array end", token);
        token = take_token();
      }
    }
    --depth_;
  }

  static constexpr size_t kNotFound = std::string_view::npos;

  lua_State* state_;
  const CjsonSettings& settings_;
  const char* text_;
  const char* next_;
  int depth_ = 0;
  LuaBytes unescaped_;  // the last string with escapes
};

}  // namespace

void decode_json(lua_State* state, const CjsonSettings& settings) {
  size_t size = 0;
  const char* text = luaL_checklstring(state, 1, &size);
  if (size >= 2 && (text[0] == '\0' || text[1] == '\0'))
    luaL_error(state, "JSON parser does not support UTF-16 or UTF-32");
  Decoder decoder(state, {text, size}, settings);
  decoder.decode();
}

}  // namespace scrubjay::lua
