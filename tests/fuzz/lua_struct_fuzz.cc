// A format, a NUL and bytes for struct.unpack: only Lua errors may
// come, never a crash, and little memory.
#include <cstdint>
#include <cstdlib>

#include "lua/lua_library.h"
#include "lua/struct_library.h"

namespace {

constexpr char kCode[] = R"(
local input = ...
local format, data = string.match(input, '^(%Z*)%z(.*)$')
if not format then return end
pcall(struct.size, format)
local values = {struct.unpack(format, data)}
pcall(struct.pack, format, unpack(values))
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lua_State* state = luaL_newstate();
  luaL_openlibs(state);
  lua_pushcfunction(state, scrubjay::lua::open_struct_library);
  lua_call(state, 0, 0);
  if (luaL_loadbuffer(state, kCode, sizeof(kCode) - 1, "@fuzz") != 0) std::abort();
  lua_pushlstring(state, reinterpret_cast<const char*>(data), size);
  lua_pcall(state, 1, 0, 0);
  lua_close(state);
  return 0;
}
