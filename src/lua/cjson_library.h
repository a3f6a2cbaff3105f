// The library `cjson` of Redis's sandbox: JSON from and to Lua values, with the settings and the
// error texts of Lua CJSON 2.1.0.
#pragma once

#include "lua/lua_library.h"

namespace scrubjay::lua {

// A lua_CFunction: sets the global `cjson` and returns it.
int open_cjson_library(lua_State* state);

}  // namespace scrubjay::lua
