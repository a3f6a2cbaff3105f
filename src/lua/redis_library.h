// The table `redis`, which is `server` too: how a script runs commands and speaks to the server.
#pragma once

#include <cstdint>

#include "lua/lua_library.h"

namespace scrubjay::lua {

// What redis.REDIS_VERSION and redis.REDIS_VERSION_NUM say; set once, before the first interpreter.
struct RedisVersion {
  const char* text = "";
  uint32_t number = 0;
};
inline RedisVersion redis_version;

// Adds `redis` and `server` to the table on top.
void open_redis(lua_State* lua);

// Raises the text as an error table, as redis.call does.
int raise_error(lua_State* lua, const char* text);

}  // namespace scrubjay::lua
