#include "lua/cjson_library.h"

#include <climits>
#include <cstdio>
#include <new>

#include "lua/cjson_settings.h"

namespace scrubjay::lua {
namespace {

constexpr const char* kOffOn[] = {"off", "on", nullptr};
constexpr const char* kOffOnNull[] = {"off", "on", "null", nullptr};

CjsonSettings& settings_of(lua_State* state) {
  return *static_cast<CjsonSettings*>(lua_touserdata(state, lua_upvalueindex(1)));
}

// The settings, for a function that takes up to `most` arguments; those not given become nil.
CjsonSettings& settings_for(lua_State* state, int most) {
  luaL_argcheck(state, lua_gettop(state) <= most, most + 1, "found too many arguments");
  lua_settop(state, most);
  return settings_of(state);
}

// Sets from the argument, if there is one, and pushes what holds now.
void integer_option(lua_State* state, int index, int& setting, int least, int most) {
  if (!lua_isnil(state, index)) {
    const lua_Integer value = luaL_checkinteger(state, index);
    char text[64];
    std::snprintf(text, sizeof(text), "expected integer between %d and %d", least, most);
    luaL_argcheck(state, least <= value && value <= most, 1, text);
    setting = static_cast<int>(value);
  }
  lua_pushinteger(state, setting);
}

void choice_option(lua_State* state, int index, int& setting, const char* const* words) {
  if (lua_isboolean(state, index))
    setting = lua_toboolean(state, index);
  else if (!lua_isnil(state, index))
    setting = luaL_checkoption(state, index, nullptr, words);
  if (setting <= 1)
    lua_pushboolean(state, setting);
  else
    lua_pushstring(state, words[setting]);
}

int encode(lua_State* state) {
  luaL_argcheck(state, lua_gettop(state) == 1, 1, "expected 1 argument");
  encode_json(state, settings_of(state));
  return 1;
}

int decode(lua_State* state) {
  luaL_argcheck(state, lua_gettop(state) == 1, 1, "expected 1 argument");
  decode_json(state, settings_of(state));
  return 1;
}

int encode_sparse_array(lua_State* state) {
  CjsonSettings& settings = settings_for(state, 3);
  choice_option(state, 1, settings.sparse_convert, kOffOn);
  integer_option(state, 2, settings.sparse_ratio, 0, INT_MAX);
  integer_option(state, 3, settings.sparse_safe, 0, INT_MAX);
  return 3;
}

int encode_max_depth(lua_State* state) {
  integer_option(state, 1, settings_for(state, 1).encode_max_depth, 1, INT_MAX);
  return 1;
}

int decode_max_depth(lua_State* state) {
  integer_option(state, 1, settings_for(state, 1).decode_max_depth, 1, INT_MAX);
  return 1;
}

int encode_number_precision(lua_State* state) {
  integer_option(state, 1, settings_for(state, 1).encode_number_precision, 1, 14);
  return 1;
}

int encode_keep_buffer(lua_State* state) {
  choice_option(state, 1, settings_for(state, 1).encode_keep_buffer, kOffOn);
  return 1;
}

int encode_invalid_numbers(lua_State* state) {
  choice_option(state, 1, settings_for(state, 1).encode_invalid_numbers, kOffOnNull);
  return 1;
}

int decode_invalid_numbers(lua_State* state) {
  choice_option(state, 1, settings_for(state, 1).decode_invalid_numbers, kOffOn);
  return 1;
}

int new_cjson(lua_State* state);

constexpr luaL_Reg kFunctions[] = {
    {"encode", encode},
    {"decode", decode},
    {"encode_sparse_array", encode_sparse_array},
    {"encode_max_depth", encode_max_depth},
    {"decode_max_depth", decode_max_depth},
    {"encode_number_precision", encode_number_precision},
    {"encode_keep_buffer", encode_keep_buffer},
    {"encode_invalid_numbers", encode_invalid_numbers},
    {"decode_invalid_numbers", decode_invalid_numbers},
    {"new", new_cjson},
};

// A table of the functions, with settings of its own.
int new_cjson(lua_State* state) {
  lua_newtable(state);
  new (lua_newuserdata(state, sizeof(CjsonSettings))) CjsonSettings;
  for (const luaL_Reg& function : kFunctions) {
    lua_pushvalue(state, -1);
    lua_pushcclosure(state, function.func, 1);
    lua_setfield(state, -3, function.name);
  }
  lua_pop(state, 1);
  lua_pushlightuserdata(state, nullptr);
  lua_setfield(state, -2, "null");
  lua_pushstring(state, "cjson");
  lua_setfield(state, -2, "_NAME");
  lua_pushstring(state, "2.1.0");
  lua_setfield(state, -2, "_VERSION");
  return 1;
}

}  // namespace

int open_cjson_library(lua_State* state) {
  new_cjson(state);
  lua_pushvalue(state, -1);
  lua_setglobal(state, "cjson");
  return 1;
}

}  // namespace scrubjay::lua
