// The library `cmsgpack` of Redis's sandbox: MessagePack from and to Lua values.
#pragma once

#include "lua/lua_library.h"

namespace scrubjay::lua {

// A lua_CFunction: sets the global `cmsgpack` and returns it.
int open_msgpack_library(lua_State* state);

}  // namespace scrubjay::lua
