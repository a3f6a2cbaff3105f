#include "lua/sandbox.h"

#include <cmath>
#include <cstring>

#include "lua/bit_library.h"
#include "lua/cjson_library.h"
#include "lua/interpreter.h"
#include "lua/msgpack_library.h"
#include "lua/struct_library.h"

namespace scrubjay::lua {
namespace {

// Under these keys the metatable of a stand-in holds the real table, and what getmetatable shows.
char real_key;
char shown_key;

constexpr const char* kReadOnly = "Attempt to modify a readonly table";

// Pushes what the metatable of the value holds under the key. False, and nothing pushed, if the
// value is no stand-in.
bool push_hidden(lua_State* lua, int index, void* key) {
  if (lua_getmetatable(lua, index) == 0) return false;
  lua_pushlightuserdata(lua, &real_key);
  lua_rawget(lua, -2);
  const bool stand_in = lua_type(lua, -1) == LUA_TTABLE;
  lua_pop(lua, 1);
  if (stand_in) {
    lua_pushlightuserdata(lua, key);
    lua_rawget(lua, -2);
    lua_remove(lua, -2);
  } else {
    lua_pop(lua, 1);
  }
  return stand_in;
}

bool is_protected(lua_State* lua, int index) {
  if (!push_hidden(lua, index, &real_key)) return false;
  lua_pop(lua, 1);
  return true;
}

int refuse_assignment(lua_State* lua) {
  return luaL_error(lua, kReadOnly);
}

int refuse_unknown_global(lua_State* lua) {
  const char* name = lua_tostring(lua, 2);
  return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'",
                    name != nullptr ? name : "?");
}

// -- functions of Lua's library that know stand-ins; upvalue 1 is the one they stand for
// -----------------------------------------------------------------------------------------------

int call_original(lua_State* lua) {
  return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

int writes_first(lua_State* lua) {
  if (is_protected(lua, 1)) {
    lua_pushstring(lua, kReadOnly);
    return lua_error(lua);
  }
  return call_original(lua);
}

int reads_first(lua_State* lua) {
  if (push_hidden(lua, 1, &real_key)) lua_replace(lua, 1);
  return call_original(lua);
}

int getmetatable_of(lua_State* lua) {
  if (push_hidden(lua, 1, &shown_key)) return 1;
  return call_original(lua);
}

// Upvalue 1: next for plain tables, 2: for stand-ins.
int pairs_of(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_pushvalue(lua, lua_upvalueindex(is_protected(lua, 1) ? 2 : 1));
  lua_pushvalue(lua, 1);
  lua_pushnil(lua);
  return 3;
}

// An error table comes as its text, as scripts from before Redis 7 expect.
int pcall_text(lua_State* lua) {
  luaL_checkany(lua, 1);
  const bool failed = lua_pcall(lua, lua_gettop(lua) - 1, LUA_MULTRET, 0) != 0;
  luaL_checkstack(lua, 2, "too many results");
  if (failed && lua_istable(lua, -1)) {
    lua_getfield(lua, -1, "err");
    if (lua_isstring(lua, -1) != 0)
      lua_replace(lua, -2);
    else
      lua_pop(lua, 1);
  }
  lua_pushboolean(lua, failed ? 0 : 1);
  lua_insert(lua, 1);
  return lua_gettop(lua);
}

int unpack_some(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  const lua_Number first = luaL_optnumber(lua, 2, 1);
  const lua_Number last = lua_isnoneornil(lua, 3) ? static_cast<lua_Number>(lua_objlen(lua, 1))
                                                  : luaL_checknumber(lua, 3);
  if (last - first >= LUAI_MAXCSTACK) return luaL_error(lua, "too many results to unpack");
  return call_original(lua);
}

// -- text only: bytecode could do anything ------------------------------------------------------

int load_text(lua_State* lua, const char* text, size_t size, const char* name) {
  if (size > 0 && text[0] == LUA_SIGNATURE[0]) {
    lua_pushnil(lua);
    lua_pushliteral(lua, "attempt to load a precompiled chunk");
    return 2;
  }
  if (luaL_loadbuffer(lua, text, size, name) == 0) return 1;
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

int loadstring_text(lua_State* lua) {
  size_t size = 0;
  const char* text = luaL_checklstring(lua, 1, &size);
  return load_text(lua, text, size, luaL_optstring(lua, 2, text));
}

// Gathers the pieces first.
int load_pieces(lua_State* lua) {
  const char* name = luaL_optstring(lua, 2, "=(load)");
  luaL_checktype(lua, 1, LUA_TFUNCTION);
  lua_settop(lua, 2);
  lua_pushliteral(lua, "");
  for (;;) {
    lua_pushvalue(lua, 1);
    lua_call(lua, 0, 1);
    if (lua_isnil(lua, -1)) break;
    if (lua_isstring(lua, -1) == 0) return luaL_error(lua, "reader function must return a string");
    if (lua_objlen(lua, -1) == 0) break;
    lua_concat(lua, 2);
  }
  lua_pop(lua, 1);
  size_t size = 0;
  const char* text = lua_tolstring(lua, 3, &size);
  return load_text(lua, text, size, name);
}

// -- random numbers ------------------------------------------------------------------------------

int math_random(lua_State* lua) {
  const lua_Number share =
      static_cast<lua_Number>(Interpreter::of(lua).random().next() % ScriptRandom::kMax) /
      static_cast<lua_Number>(ScriptRandom::kMax);
  switch (lua_gettop(lua)) {
    case 0:
      lua_pushnumber(lua, share);
      return 1;
    case 1: {
      const int high = luaL_checkint(lua, 1);
      luaL_argcheck(lua, 1 <= high, 1, "interval is empty");
      lua_pushnumber(lua, std::floor(share * high) + 1);
      return 1;
    }
    case 2: {
      const int low = luaL_checkint(lua, 1);
      const int high = luaL_checkint(lua, 2);
      luaL_argcheck(lua, low <= high, 2, "interval is empty");
      lua_pushnumber(lua, std::floor(share * (static_cast<lua_Number>(high) - low + 1)) + low);
      return 1;
    }
    default:
      return luaL_error(lua, "wrong number of arguments");
  }
}

int math_randomseed(lua_State* lua) {
  Interpreter::of(lua).random().seed(luaL_checkint(lua, 1));
  return 0;
}

// -- building -----------------------------------------------------------------------------------

struct Library {
  const char* name;
  lua_CFunction open;
};

constexpr Library kLibraries[] = {{"", luaopen_base},
                                  {LUA_TABLIBNAME, luaopen_table},
                                  {LUA_STRLIBNAME, luaopen_string},
                                  {LUA_MATHLIBNAME, luaopen_math},
                                  {LUA_OSLIBNAME, luaopen_os}};

constexpr Library kOwnLibraries[] = {{"bit", open_bit_library},
                                     {"cjson", open_cjson_library},
                                     {"cmsgpack", open_msgpack_library},
                                     {"struct", open_struct_library}};

// Globals that stay; base brings more. coroutine comes with base.
constexpr const char* kKept[] = {
    "_VERSION", "assert",   "collectgarbage", "coroutine", "error",  "gcinfo", "getmetatable",
    "ipairs",   "load",     "loadstring",     "math",      "next",   "pairs",  "pcall",
    "rawequal", "rawget",   "rawset",         "select",    "string", "table",  "setmetatable",
    "tonumber", "tostring", "type",           "unpack",    "xpcall", "os"};

// Replaces a function of the table on top by one that calls it.
void wrap(lua_State* lua, const char* name, lua_CFunction wrapper) {
  lua_getfield(lua, -1, name);
  lua_pushcclosure(lua, wrapper, 1);
  lua_setfield(lua, -2, name);
}

void put(lua_State* lua, const char* name, lua_CFunction function) {
  lua_pushcfunction(lua, function);
  lua_setfield(lua, -2, name);
}

// The table on top, below which the stand-in's metatable is shown as what was pushed before.
void protect_showing(lua_State* lua) {  // shown, real
  lua_newtable(lua);                    // shown, real, stand-in
  lua_createtable(lua, 0, 4);
  lua_pushvalue(lua, -3);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, refuse_assignment);
  lua_setfield(lua, -2, "__newindex");
  lua_pushlightuserdata(lua, &real_key);
  lua_pushvalue(lua, -4);
  lua_rawset(lua, -3);
  lua_pushlightuserdata(lua, &shown_key);
  lua_pushvalue(lua, -5);
  lua_rawset(lua, -3);
  lua_setmetatable(lua, -2);
  lua_replace(lua, -3);
  lua_pop(lua, 1);
}

void keep_only(lua_State* lua, const char* const* names, size_t count) {
  lua_createtable(lua, 0, static_cast<int>(count));
  for (size_t i = 0; i < count; ++i) {
    lua_getfield(lua, -2, names[i]);
    lua_setfield(lua, -2, names[i]);
  }
  lua_replace(lua, -2);
}

}  // namespace

void refuse_unknown_names(lua_State* lua) {
  lua_createtable(lua, 0, 1);
  lua_pushcfunction(lua, refuse_unknown_global);
  lua_setfield(lua, -2, "__index");
  lua_setmetatable(lua, -2);
}

void protect(lua_State* lua) {
  lua_pushnil(lua);
  lua_insert(lua, -2);
  protect_showing(lua);
}

void open_sandbox(lua_State* lua, void (*open_own)(lua_State* lua)) {
  for (const Library& library : kLibraries) {
    lua_pushcfunction(lua, library.open);
    lua_pushstring(lua, library.name);
    lua_call(lua, 1, 0);
  }
  lua_pushvalue(lua, LUA_GLOBALSINDEX);
  keep_only(lua, kKept, std::size(kKept));

  lua_getfield(lua, -1, "next");
  lua_getfield(lua, -2, "next");
  lua_pushcclosure(lua, reads_first, 1);
  lua_pushcclosure(lua, pairs_of, 2);
  lua_setfield(lua, -2, "pairs");
  wrap(lua, "next", reads_first);
  wrap(lua, "rawget", reads_first);
  wrap(lua, "rawset", writes_first);
  wrap(lua, "setmetatable", writes_first);
  wrap(lua, "getmetatable", getmetatable_of);
  wrap(lua, "unpack", unpack_some);
  put(lua, "loadstring", loadstring_text);
  put(lua, "load", load_pieces);
  put(lua, "pcall", pcall_text);

  lua_getfield(lua, -1, "table");
  for (const char* name : {"insert", "remove", "sort", "setn"}) wrap(lua, name, writes_first);
  lua_pop(lua, 1);
  lua_getfield(lua, -1, "math");
  put(lua, "random", math_random);
  put(lua, "randomseed", math_randomseed);
  lua_pop(lua, 1);
  constexpr const char* kClock[] = {"clock"};
  lua_getfield(lua, -1, "os");
  keep_only(lua, kClock, 1);
  lua_setfield(lua, -2, "os");
  for (const Library& library : kOwnLibraries) {
    lua_pushcfunction(lua, library.open);
    lua_call(lua, 0, 1);
    lua_setfield(lua, -2, library.name);
  }
  open_own(lua);

  // Every table among the globals is protected.
  lua_newtable(lua);
  for (lua_pushnil(lua); lua_next(lua, -3) != 0;) {
    if (lua_type(lua, -1) == LUA_TTABLE) {
      lua_pushvalue(lua, -2);
      lua_insert(lua, -2);  // key, key, table
      protect(lua);
      lua_rawset(lua, -4);  // noted: the table must not change while it is walked
    } else {
      lua_pop(lua, 1);
    }
  }
  for (lua_pushnil(lua); lua_next(lua, -2) != 0;) {
    lua_pushvalue(lua, -2);
    lua_insert(lua, -2);
    lua_rawset(lua, -5);
  }
  lua_pop(lua, 1);

  // Strings: their methods stay what they are.
  lua_pushliteral(lua, "");
  lua_getmetatable(lua, -1);
  lua_newtable(lua);
  lua_getfield(lua, -4, "string");
  lua_setfield(lua, -2, "__index");
  protect(lua);
  lua_setfield(lua, -2, "__metatable");
  lua_pop(lua, 2);

  // The globals: what is not there is an error.
  lua_newtable(lua);
  lua_pushcfunction(lua, refuse_unknown_global);
  lua_setfield(lua, -2, "__index");
  lua_pushvalue(lua, -1);
  lua_setmetatable(lua, -3);
  protect(lua);
  lua_pushvalue(lua, -2);
  protect_showing(lua);  // globals, stand-in
  lua_pushvalue(lua, -1);
  lua_setfield(lua, -3, "_G");
  lua_replace(lua, LUA_GLOBALSINDEX);
}

}  // namespace scrubjay::lua
