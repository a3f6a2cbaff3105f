#include "lua/msgpack_library.h"

#include <bit>
#include <climits>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "lua/lua_bytes.h"

// Plain C in spirit: a Lua error may leave any of these functions, so no object here needs a
// destructor.
namespace scrubjay::lua {
namespace {

constexpr int kMostNesting = 16;  // deeper tables, and so endless ones, are packed as nil
constexpr int kMostNestingIn = 1000;

// --- packing ------------------------------------------------------------------------------------

void append_coded(LuaBytes& out, unsigned code, uint64_t number, int bytes) {
  out.append(static_cast<char>(code));
  out.append_big_endian(number, bytes);
}

void pack_string(LuaBytes& out, std::string_view text) {
  if (text.size() < 32)
    out.append(static_cast<char>(0xa0 | text.size()));
  else if (text.size() <= 0xff)
    append_coded(out, 0xd9, text.size(), 1);
  else if (text.size() <= 0xffff)
    append_coded(out, 0xda, text.size(), 2);
  else
    append_coded(out, 0xdb, text.size(), 4);
  out.append(text);
}

void pack_integer(LuaBytes& out, int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  if (number >= -32 && number <= 127)
    out.append(static_cast<char>(number));
  else if (number >= 0 && number <= 0xff)
    append_coded(out, 0xcc, bits, 1);
  else if (number >= 0 && number <= 0xffff)
    append_coded(out, 0xcd, bits, 2);
  else if (number >= 0 && number <= 0xffffffff)
    append_coded(out, 0xce, bits, 4);
  else if (number >= 0)
    append_coded(out, 0xcf, bits, 8);
  else if (number >= INT8_MIN)
    append_coded(out, 0xd0, bits, 1);
  else if (number >= INT16_MIN)
    append_coded(out, 0xd1, bits, 2);
  else if (number >= INT32_MIN)
    append_coded(out, 0xd2, bits, 4);
  else
    append_coded(out, 0xd3, bits, 8);
}

void pack_number(LuaBytes& out, double number) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (number >= -kTwoTo63 && number < kTwoTo63 && std::trunc(number) == number)
    return pack_integer(out, static_cast<int64_t>(number));
  const auto narrow = static_cast<float>(number);
  if (static_cast<double>(narrow) == number)
    append_coded(out, 0xca, std::bit_cast<uint32_t>(narrow), 4);
  else
    append_coded(out, 0xcb, std::bit_cast<uint64_t>(number), 8);
}

void pack_count(LuaBytes& out, size_t count, unsigned short_code, unsigned long_code) {
  if (count <= 15)
    out.append(static_cast<char>(short_code | count));
  else if (count <= 0xffff)
    append_coded(out, long_code, count, 2);
  else
    append_coded(out, long_code + 1, count, 4);
}

// How many items the table on top of the stack holds, and whether their keys are 1 to that number.
struct TableShape {
  size_t count = 0;
  bool is_array = true;
};

TableShape shape_of_table(lua_State* state) {
  TableShape shape;
  double highest = 0;
  lua_pushnil(state);
  while (lua_next(state, -2) != 0) {
    lua_pop(state, 1);
    ++shape.count;
    if (!shape.is_array) continue;
    const double key = lua_type(state, -1) == LUA_TNUMBER ? lua_tonumber(state, -1) : 0;
    if (key >= 1 && key <= INT_MAX && std::trunc(key) == key)
      highest = key > highest ? key : highest;
    else
      shape.is_array = false;
  }
  shape.is_array = shape.is_array && highest == static_cast<double>(shape.count);
  return shape;
}

// Packs the value on top of the stack and takes it away.
void pack_value(lua_State* state, LuaBytes& out, int nesting) {
  luaL_checkstack(state, 3, "in function pack");
  switch (lua_type(state, -1)) {
    case LUA_TSTRING: {
      size_t size = 0;
      const char* text = lua_tolstring(state, -1, &size);
      pack_string(out, {text, size});
      break;
    }
    case LUA_TNUMBER:
      pack_number(out, lua_tonumber(state, -1));
      break;
    case LUA_TBOOLEAN:
      out.append(static_cast<char>(lua_toboolean(state, -1) ? 0xc3 : 0xc2));
      break;
    case LUA_TTABLE: {
      if (nesting == kMostNesting) {
        out.append(static_cast<char>(0xc0));
        break;
      }
      const TableShape shape = shape_of_table(state);
      pack_count(out, shape.count, shape.is_array ? 0x90 : 0x80, shape.is_array ? 0xdc : 0xde);
      if (shape.is_array) {
        for (size_t i = 1; i <= shape.count; ++i) {
          lua_rawgeti(state, -1, static_cast<int>(i));
          pack_value(state, out, nesting + 1);
        }
        break;
      }
      lua_pushnil(state);
      while (lua_next(state, -2) != 0) {
        lua_pushvalue(state, -2);
        pack_value(state, out, nesting + 1);
        pack_value(state, out, nesting + 1);
      }
      break;
    }
    default:
      out.append(static_cast<char>(0xc0));
      break;
  }
  lua_pop(state, 1);
}

int pack(lua_State* state) {
  const int count = lua_gettop(state);
  if (count == 0) return luaL_argerror(state, 0, "MessagePack pack needs input.");
  LuaBytes out(state);
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(state, i);
    pack_value(state, out, 0);
  }
  out.push();
  return 1;
}

// --- unpacking ----------------------------------------------------------------------------------

// What is left of the input. What it cannot give raises a Lua error.
struct Input {
  lua_State* state;
  std::string_view left;
  int nesting = 0;

  std::string_view take(size_t count) {
    if (left.size() < count) luaL_error(state, "Missing bytes in input.");
    const std::string_view taken = left.substr(0, count);
    left.remove_prefix(count);
    return taken;
  }
  uint64_t take_number(size_t bytes) {
    uint64_t number = 0;
    for (const char c : take(bytes)) number = number << 8 | static_cast<unsigned char>(c);
    return number;
  }
};

void unpack_value(lua_State* state, Input& in);

void unpack_string(lua_State* state, Input& in, size_t size) {
  const std::string_view text = in.take(size);
  lua_pushlstring(state, text.data(), text.size());
}

void descend(lua_State* state, Input& in) {
  if (++in.nesting > kMostNestingIn)
    luaL_error(state, "stack overflow (in function mp_decode_to_lua_array)");
  lua_newtable(state);
}

void unpack_array(lua_State* state, Input& in, uint64_t count) {
  descend(state, in);
  for (uint64_t i = 1; i <= count; ++i) {
    lua_pushnumber(state, static_cast<double>(i));
    unpack_value(state, in);
    lua_rawset(state, -3);
  }
  --in.nesting;
}

void unpack_map(lua_State* state, Input& in, uint64_t count) {
  descend(state, in);
  for (; count > 0; --count) {
    unpack_value(state, in);
    unpack_value(state, in);
    lua_rawset(state, -3);
  }
  --in.nesting;
}

template <class Integer>
void push_signed(lua_State* state, Input& in) {
  lua_pushnumber(state, static_cast<double>(static_cast<Integer>(in.take_number(sizeof(Integer)))));
}

// Pushes the next value.
void unpack_value(lua_State* state, Input& in) {
  luaL_checkstack(state, 4,
                  "too many return values at once; use unpack_one or unpack_limit instead.");
  const auto code = static_cast<unsigned char>(in.take(1)[0]);
  switch (code) {
    case 0xc0:
      return lua_pushnil(state);
    case 0xc2:
      return lua_pushboolean(state, 0);
    case 0xc3:
      return lua_pushboolean(state, 1);
    case 0xca:
      return lua_pushnumber(state, std::bit_cast<float>(static_cast<uint32_t>(in.take_number(4))));
    case 0xcb:
      return lua_pushnumber(state, std::bit_cast<double>(in.take_number(8)));
    case 0xcc:
      return lua_pushnumber(state, static_cast<double>(in.take_number(1)));
    case 0xcd:
      return lua_pushnumber(state, static_cast<double>(in.take_number(2)));
    case 0xce:
      return lua_pushnumber(state, static_cast<double>(in.take_number(4)));
    case 0xcf:  // as Redis: from 2^63 on it turns negative
    case 0xd3:
      return push_signed<int64_t>(state, in);
    case 0xd0:
      return push_signed<int8_t>(state, in);
    case 0xd1:
      return push_signed<int16_t>(state, in);
    case 0xd2:
      return push_signed<int32_t>(state, in);
    case 0xd9:
      return unpack_string(state, in, in.take_number(1));
    case 0xda:
      return unpack_string(state, in, in.take_number(2));
    case 0xdb:
      return unpack_string(state, in, in.take_number(4));
    case 0xdc:
      return unpack_array(state, in, in.take_number(2));
    case 0xdd:
      return unpack_array(state, in, in.take_number(4));
    case 0xde:
      return unpack_map(state, in, in.take_number(2));
    case 0xdf:
      return unpack_map(state, in, in.take_number(4));
    default:
      break;
  }
  if (code <= 0x7f) return lua_pushnumber(state, code);
  if (code >= 0xe0) return lua_pushnumber(state, static_cast<signed char>(code));
  if (code <= 0x8f) return unpack_map(state, in, code & 0x0f);
  if (code <= 0x9f) return unpack_array(state, in, code & 0x0f);
  if (code <= 0xbf) return unpack_string(state, in, code & 0x1f);
  luaL_error(state, "Bad data format in input.");
}

// Unpacks up to `limit` values from `offset` on; with `tells_end` the first result is where the
// next one begins, -1 behind the last.
int unpack_some(lua_State* state, int64_t limit, int64_t offset, bool tells_end) {
  size_t size = 0;
  const char* data = luaL_checklstring(state, 1, &size);
  if (offset < 0 || limit < 0) {
    return luaL_error(state, "Invalid request to unpack with offset of %d and limit of %d.",
                      static_cast<int>(offset), static_cast<int>(size));
  }
  if (static_cast<uint64_t>(offset) > size) {
    return luaL_error(state, "Start offset %d greater than input length %d.",
                      static_cast<int>(offset), static_cast<int>(size));
  }
  Input in{state, std::string_view(data, size).substr(static_cast<size_t>(offset))};
  int count = 0;
  for (; !in.left.empty() && count < limit; ++count) unpack_value(state, in);
  if (!tells_end) return count;
  luaL_checkstack(state, 1, "in function unpack");
  lua_pushinteger(state, in.left.empty() ? -1 : static_cast<lua_Integer>(size - in.left.size()));
  lua_insert(state, 2);
  return count + 1;
}

int unpack(lua_State* state) {
  return unpack_some(state, INT_MAX, 0, false);
}

int unpack_one(lua_State* state) {
  const int64_t offset = luaL_optinteger(state, 2, 0);
  lua_settop(state, 1);
  return unpack_some(state, 1, offset, true);
}

int unpack_limit(lua_State* state) {
  const int64_t limit = luaL_checkinteger(state, 2);
  const int64_t offset = luaL_optinteger(state, 3, 0);
  lua_settop(state, 1);
  const bool everything = limit == 0 && offset == 0;
  return unpack_some(state, everything ? INT_MAX : limit, offset, !everything);
}

constexpr luaL_Reg kFunctions[] = {
    {"pack", pack},
    {"unpack", unpack},
    {"unpack_one", unpack_one},
    {"unpack_limit", unpack_limit},
    {nullptr, nullptr},
};

}  // namespace

int open_msgpack_library(lua_State* state) {
  luaL_register(state, "cmsgpack", kFunctions);
  const auto tell = [state](const char* name, const char* text) {
    lua_pushstring(state, text);
    lua_setfield(state, -2, name);
  };
  tell("_NAME", "cmsgpack");
  tell("_VERSION", "lua-cmsgpack 0.4.0");
  tell("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo");
  tell("_DESCRIPTION", "MessagePack C implementation for Lua");
  return 1;
}

}  // namespace scrubjay::lua
