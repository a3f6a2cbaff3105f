// Values on their way between Redis's protocol and Lua, as https://redis.io/docs/latest/develop/
// interact/programmability/lua-api (Data type conversion) tells. Used by redis.call and for what a
// script returns. One thread, the interpreter's.
#pragma once

#include "lua/lua_library.h"
#include "resp/reply.h"
#include "resp/reply_buffer.h"

namespace scrubjay::lua {

// Pushes the value of the one reply that the buffer holds. Returns whether it is an error. May
// raise a Lua error; keeps nothing in the frame.
bool push_reply(lua_State* lua, const resp::ReplyBuffer& buffer);

// Pushes { err = text } where the text is an error line: with a dash at its front it brings its own
// code, else "ERR" is put before it.
void push_error(lua_State* lua, std::string_view text);

// Writes the value on top of the stack as a reply. `protocol` is what the script chose with
// redis.setresp: it decides what booleans become. The stack is left as it was.
void reply_value(lua_State* lua, resp::ReplyBuilder& reply, int protocol);

}  // namespace scrubjay::lua
