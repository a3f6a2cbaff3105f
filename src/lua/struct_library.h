// The library `struct` of Redis's sandbox: C structs from and to Lua values, by a format of
// letters.
#pragma once

#include "lua/lua_library.h"

namespace scrubjay::lua {

// A lua_CFunction: sets the global `struct` and returns it.
int open_struct_library(lua_State* state);

}  // namespace scrubjay::lua
