// PUC Lua 5.1, as Debian ships it: C, so an error is a longjmp. Whoever calls into it keeps no
// object with a destructor in a frame that an error may leave.
#pragma once

extern "C" {
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
}
