// What a script finds around it: Lua's harmless libraries and no others, in tables that it can read
// and not change. Redis patches its own Lua for that; with Debian's a protected table is an empty
// stand-in whose metatable leads to the real one, and the library functions that would write into a
// stand-in, or see that it is empty, know them.
#pragma once

#include "lua/lua_library.h"

namespace scrubjay::lua {

// Opens the libraries and puts a protected table of globals in force. `open_own` is called, with
// the real table of globals on top, to add what is particular to the interpreter. May raise a Lua
// error. Leaves the real table of globals on the stack.
void open_sandbox(lua_State* lua, void (*open_own)(lua_State* lua));

// Makes it an error to read from the table on top what is not there.
void refuse_unknown_names(lua_State* lua);

// Replaces the table on top by a stand-in that protects it.
void protect(lua_State* lua);

}  // namespace scrubjay::lua
