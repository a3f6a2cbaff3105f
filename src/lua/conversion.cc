#include "lua/conversion.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/number.h"
#include "base/text.h"

namespace scrubjay::lua {
namespace {

// A place in a reply buffer. Long strings are spliced in: they stand beside the own bytes.
struct Cursor {
  const resp::ReplyBuffer& buffer;
  std::string_view bytes;
  size_t at = 0;
  size_t splice = 0;

  std::string_view line() {
    const size_t end = bytes.find('\r', at);
    const std::string_view text = bytes.substr(at, end - at);
    at = end + 2;
    return text;
  }
  std::string_view bulk(size_t size) {
    const auto& splices = buffer.splices();
    if (splice < splices.size() && splices[splice].at == at) {
      const std::string_view text = splices[splice++].block.view();
      at += 2;
      return text;
    }
    const std::string_view text = bytes.substr(at, size);
    at += size + 2;
    return text;
  }
};

int64_t number_of(std::string_view line) {
  int64_t number = 0;
  std::from_chars(line.data() + 1, line.data() + line.size(), number);
  return number;
}

void push_text(lua_State* lua, std::string_view text) {
  lua_pushlstring(lua, text.data(), text.size());
}

void push_field(lua_State* lua, const char* name, std::string_view text) {
  push_text(lua, text);
  lua_setfield(lua, -2, name);
}

bool push_value(lua_State* lua, Cursor& cursor);

void push_map(lua_State* lua, Cursor& cursor, int64_t pairs) {
  lua_createtable(lua, 0, 1);
  lua_createtable(lua, 0, static_cast<int>(pairs));
  for (int64_t i = 0; i < pairs; ++i) {
    push_value(lua, cursor);
    push_value(lua, cursor);
    if (lua_isnil(lua, -2))
      lua_pop(lua, 2);
    else
      lua_rawset(lua, -3);
  }
  lua_setfield(lua, -2, "map");
}

void push_set(lua_State* lua, Cursor& cursor, int64_t count) {
  lua_createtable(lua, 0, 1);
  lua_createtable(lua, 0, static_cast<int>(count));
  for (int64_t i = 0; i < count; ++i) {
    push_value(lua, cursor);
    if (lua_isnil(lua, -1)) {
      lua_pop(lua, 1);
      continue;
    }
    lua_pushboolean(lua, 1);
    lua_rawset(lua, -3);
  }
  lua_setfield(lua, -2, "set");
}

bool push_value(lua_State* lua, Cursor& cursor) {
  luaL_checkstack(lua, 6, "the reply is nested too deeply");
  const std::string_view line = cursor.line();
  switch (line[0]) {
    case ':':
      lua_pushnumber(lua, static_cast<lua_Number>(number_of(line)));
      return false;
    case '$': {
      const int64_t size = number_of(line);
      if (size < 0)
        lua_pushboolean(lua, 0);
      else
        push_text(lua, cursor.bulk(static_cast<size_t>(size)));
      return false;
    }
    case '+':
      lua_createtable(lua, 0, 1);
      push_field(lua, "ok", line.substr(1));
      return false;
    case '-':
      push_error(lua, line);
      lua_pushboolean(lua, 1);
      lua_setfield(lua, -2, "ignore_error_stats_update");
      return true;
    case '>':
    case '*': {
      const int64_t count = number_of(line);
      if (count < 0) {
        lua_pushboolean(lua, 0);
        return false;
      }
      lua_createtable(lua, static_cast<int>(count), 0);
      for (int i = 1; i <= count; ++i) {
        push_value(lua, cursor);
        lua_rawseti(lua, -2, i);
      }
      return false;
    }
    case '%':
      push_map(lua, cursor, number_of(line));
      return false;
    case '~':
      push_set(lua, cursor, number_of(line));
      return false;
    case '|': {  // an attribute: dropped
      push_map(lua, cursor, number_of(line));
      lua_pop(lua, 1);
      return push_value(lua, cursor);
    }
    case '#':
      lua_pushboolean(lua, line[1] == 't');
      return false;
    case ',':
      lua_createtable(lua, 0, 1);
      lua_pushnumber(lua, std::strtod(line.data() + 1, nullptr));
      lua_setfield(lua, -2, "double");
      return false;
    case '(':
      lua_createtable(lua, 0, 1);
      push_field(lua, "big_number", line.substr(1));
      return false;
    case '=': {
      const std::string_view text = cursor.bulk(static_cast<size_t>(number_of(line)));
      lua_createtable(lua, 0, 1);
      lua_createtable(lua, 0, 2);
      push_field(lua, "string", text.substr(4));
      push_field(lua, "format", text.substr(0, 3));
      lua_setfield(lua, -2, "verbatim_string");
      return false;
    }
    default:  // '_'
      lua_pushnil(lua);
      return false;
  }
}

// Pushes the field of the table on top, without its metatable's help; false if it is not of this
// type, and then nothing is pushed.
bool push_raw(lua_State* lua, const char* name, int type) {
  lua_pushstring(lua, name);
  lua_rawget(lua, -2);
  if (lua_type(lua, -1) == type) return true;
  lua_pop(lua, 1);
  return false;
}

std::string_view text_at(lua_State* lua, int index) {
  size_t size = 0;
  const char* text = lua_tolstring(lua, index, &size);
  return {text, size};
}

// A line of the protocol can't hold line ends.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return line;
}

// As C's conversion on this machine does it, but for what does not fit at all.
int64_t cut(double number) {
  constexpr double kLimit = 9223372036854775808.0;
  if (!(number >= -kLimit && number < kLimit)) return INT64_MIN;
  return static_cast<int64_t>(number);
}

void reply_verbatim(lua_State* lua, resp::ReplyBuilder& reply) {
  const bool has_format = push_raw(lua, "format", LUA_TSTRING);
  if (has_format) lua_insert(lua, -2);
  if (!has_format || !push_raw(lua, "string", LUA_TSTRING)) {
    reply.null();
    lua_settop(lua, -1 - (has_format ? 1 : 0));
    return;
  }
  const std::string_view text = text_at(lua, -1);
  if (reply.protocol() == 2) {
    reply.bulk(text);
  } else {
    std::string format(text_at(lua, -3).substr(0, 3));
    format.resize(3, ' ');
    resp::ReplyBuffer& out = reply.buffer();
    out.append("=" + std::to_string(text.size() + 4) + "\r\n" + format + ":");
    out.append(text);
    out.append("\r\n");
  }
  lua_pop(lua, 1);
  lua_remove(lua, -2);
}

// The table on top, of which the array part counts, up to its first nil.
void reply_array(lua_State* lua, resp::ReplyBuilder& reply, int protocol) {
  const size_t place = reply.array_later();
  int64_t count = 0;
  for (;; ++count) {
    lua_rawgeti(lua, -1, static_cast<int>(count + 1));
    if (lua_isnil(lua, -1)) break;
    reply_value(lua, reply, protocol);
    lua_pop(lua, 1);
  }
  lua_pop(lua, 1);
  reply.set_length(place, count);
}

// Whether the table on top is one of those that stand for a kind of reply; it is written then. Not
// inlined: tables may be nested some 8,000 deep, and its frame would be part of every level.
[[gnu::noinline]] bool reply_special(lua_State* lua, resp::ReplyBuilder& reply, int protocol) {
  if (push_raw(lua, "err", LUA_TSTRING)) {
    reply.error(text_at(lua, -1));
  } else if (push_raw(lua, "ok", LUA_TSTRING)) {
    reply.simple(one_line(text_at(lua, -1)));
  } else if (push_raw(lua, "double", LUA_TNUMBER)) {
    reply.real(lua_tonumber(lua, -1));
  } else if (push_raw(lua, "map", LUA_TTABLE)) {
    const size_t place = reply.array_later();
    int64_t pairs = 0;
    for (lua_pushnil(lua); lua_next(lua, -2) != 0; ++pairs) {
      lua_pushvalue(lua, -2);
      reply_value(lua, reply, protocol);
      lua_pop(lua, 1);
      reply_value(lua, reply, protocol);
      lua_pop(lua, 1);
    }
    reply.set_map_length(place, pairs);
  } else if (push_raw(lua, "set", LUA_TTABLE)) {
    const size_t place = reply.array_later();
    int64_t count = 0;
    for (lua_pushnil(lua); lua_next(lua, -2) != 0; ++count) {
      lua_pop(lua, 1);
      lua_pushvalue(lua, -1);
      reply_value(lua, reply, protocol);
      lua_pop(lua, 1);
    }
    reply.set_set_length(place, count);
  } else if (push_raw(lua, "big_number", LUA_TSTRING)) {
    reply.big_number(one_line(text_at(lua, -1)));
  } else if (push_raw(lua, "verbatim_string", LUA_TTABLE)) {
    reply_verbatim(lua, reply);
  } else {
    return false;
  }
  lua_pop(lua, 1);
  return true;
}

}  // namespace

bool push_reply(lua_State* lua, const resp::ReplyBuffer& buffer) {
  Cursor cursor{buffer, buffer.own_bytes()};
  return push_value(lua, cursor);
}

void push_error(lua_State* lua, std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  bool has_code = false;
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    has_code = text.find(' ') != std::string_view::npos;
  }
  lua_createtable(lua, 0, 2);
  if (has_code) {
    push_text(lua, text);
  } else {
    lua_pushliteral(lua, "ERR ");
    push_text(lua, text);
    lua_concat(lua, 2);
  }
  lua_setfield(lua, -2, "err");
}

void reply_value(lua_State* lua, resp::ReplyBuilder& reply, int protocol) {
  if (lua_checkstack(lua, 8) == 0) return reply.error("ERR reached lua stack limit");
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING:
      return reply.bulk(text_at(lua, -1));
    case LUA_TNUMBER:
      return reply.integer(cut(lua_tonumber(lua, -1)));
    case LUA_TBOOLEAN: {
      const bool value = lua_toboolean(lua, -1) != 0;
      if (protocol > 2) return reply.boolean(value);
      return value ? reply.integer(1) : reply.null();
    }
    case LUA_TTABLE:
      if (!reply_special(lua, reply, protocol)) reply_array(lua, reply, protocol);
      return;
    default:
      return reply.null();
  }
}

}  // namespace scrubjay::lua
