#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "lua/cjson_settings.h"
#include "lua/lua_bytes.h"

// A Lua error may leave any of these functions, so no object here needs a destructor.
namespace scrubjay::lua {
namespace {

// The letter behind the backslash; 'u' for a code, 0 where a byte stands for itself.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> escapes{};
  for (int c = 0; c < 0x20; ++c) escapes[static_cast<size_t>(c)] = 'u';
  escapes[0x7f] = 'u';
  escapes['\b'] = 'b';
  escapes['\t'] = 't';
  escapes['\n'] = 'n';
  escapes['\f'] = 'f';
  escapes['\r'] = 'r';
  for (const char c : {'"', '\\', '/'}) escapes[static_cast<unsigned char>(c)] = c;
  return escapes;
}();

class Encoder {
 public:
  Encoder(lua_State* state, const CjsonSettings& settings)
      : state_(state), settings_(settings), out_(state) {}

  // Appends the value on top of the stack, which stays there.
  void append_value(int depth) {
    switch (lua_type(state_, -1)) {
      case LUA_TSTRING:
        return append_string(-1);
      case LUA_TNUMBER:
        return append_number(-1);
      case LUA_TBOOLEAN:
        return out_.append(lua_toboolean(state_, -1) ? "true" : "false");
      case LUA_TNIL:
        return out_.append("null");
      case LUA_TTABLE:
        return append_table(depth + 1);
      case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(state_, -1) == nullptr) return out_.append("null");
        [[fallthrough]];
      default:
        refuse(-1, "type not supported");
    }
  }
  void push() { out_.push(); }

 private:
  void refuse(int index, const char* reason) {
    luaL_error(state_, "Cannot serialise %s: %s", lua_typename(state_, lua_type(state_, index)),
               reason);
  }

  void append_string(int index) {
    size_t size = 0;
    const char* text = lua_tolstring(state_, index, &size);
    out_.append('"');
    size_t plain = 0;  // from here on nothing is escaped
    for (size_t i = 0; i < size; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const char escape = kEscapes[byte];
      if (escape == 0) continue;
      out_.append({text + plain, i - plain});
      plain = i + 1;
      out_.append('\\');
      out_.append(escape);
      if (escape != 'u') continue;
      constexpr std::string_view kDigits = "0123456789abcdef";
      out_.append("00");
      out_.append(kDigits[byte >> 4]);
      out_.append(kDigits[byte & 15]);
    }
    out_.append({text + plain, size - plain});
    out_.append('"');
  }

  void append_number(int index) {
    const double number = lua_tonumber(state_, index);
    if (!std::isfinite(number)) {
      if (settings_.encode_invalid_numbers == kRefuseThem) refuse(index, "must not be NaN or Inf");
      if (settings_.encode_invalid_numbers == kNullThem) return out_.append("null");
      if (std::isnan(number)) return out_.append("nan");
    }
    char text[32];
    constexpr double kExact = 1e14;  // below, 14 digits write an integer as it is
    if (settings_.encode_number_precision == 14 && std::trunc(number) == number &&
        std::abs(number) < kExact && !(number == 0 && std::signbit(number))) {
      const auto end = std::to_chars(text, text + sizeof(text), static_cast<int64_t>(number)).ptr;
      return out_.append({text, static_cast<size_t>(end - text)});
    }
    const int size =
        std::snprintf(text, sizeof(text), "%.*g", settings_.encode_number_precision, number);
    out_.append({text, static_cast<size_t>(size)});
  }

  // The highest index if all keys are positive integers, so 0 for an empty table; -1 if it is to be
  // an object.
  double array_length() {
    double highest = 0;
    double count = 0;
    lua_pushnil(state_);
    while (lua_next(state_, -2) != 0) {
      const double key = lua_type(state_, -2) == LUA_TNUMBER ? lua_tonumber(state_, -2) : 0;
      if (!(key >= 1 && std::floor(key) == key)) {
        lua_pop(state_, 2);
        return -1;
      }
      highest = std::max(highest, key);
      ++count;
      lua_pop(state_, 1);
    }
    if (settings_.sparse_ratio > 0 && highest > count * settings_.sparse_ratio &&
        highest > settings_.sparse_safe) {
      if (!settings_.sparse_convert) refuse(-1, "excessively sparse array");
      return -1;
    }
    return highest;
  }

  void append_table(int depth) {
    if (depth > settings_.encode_max_depth || !lua_checkstack(state_, 4))
      luaL_error(state_, "Cannot serialise, excessive nesting (%d)", depth);
    const double length = array_length();
    if (length > 0)
      append_array(length, depth);
    else
      append_object(depth);
  }

  void append_array(double length, int depth) {
    out_.append('[');
    for (double i = 1; i <= length; ++i) {
      if (i > 1) out_.append(',');
      lua_pushnumber(state_, i);
      lua_rawget(state_, -2);
      append_value(depth);
      lua_pop(state_, 1);
    }
    out_.append(']');
  }

  void append_object(int depth) {
    out_.append('{');
    bool first = true;
    lua_pushnil(state_);
    while (lua_next(state_, -2) != 0) {
      if (!first) out_.append(',');
      first = false;
      switch (lua_type(state_, -2)) {
        case LUA_TNUMBER:
          out_.append('"');
          append_number(-2);
          out_.append("\":");
          break;
        case LUA_TSTRING:
          append_string(-2);
          out_.append(':');
          break;
        default:
          refuse(-2, "table key must be a number or string");
      }
      append_value(depth);
      lua_pop(state_, 1);
    }
    out_.append('}');
  }

  lua_State* state_;
  const CjsonSettings& settings_;
  LuaBytes out_;
};

}  // namespace

void encode_json(lua_State* state, const CjsonSettings& settings) {
  Encoder encoder(state, settings);
  lua_pushvalue(state, -2);
  encoder.append_value(0);
  encoder.push();
}

}  // namespace scrubjay::lua
