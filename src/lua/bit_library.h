// The library `bit` of Redis's sandbox: operations on 32-bit numbers as BitOp defines them.
#pragma once

#include "lua/lua_library.h"

namespace scrubjay::lua {

// A lua_CFunction: sets the global `bit` and returns it.
int open_bit_library(lua_State* state);

}  // namespace scrubjay::lua
