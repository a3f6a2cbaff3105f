// Bytes for cmsgpack.unpack; what it takes, pack writes and unpack reads again: only Lua errors may
// come, never a crash, and little memory.
#include <cstdint>
#include <cstdlib>

#include "lua/lua_library.h"
#include "lua/msgpack_library.h"

namespace {

constexpr char kCode[] = R"(
local input = ...
local values = {cmsgpack.unpack(input)}
cmsgpack.unpack(cmsgpack.pack(values))
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lua_State* state = luaL_newstate();
  luaL_openlibs(state);
  lua_pushcfunction(state, scrubjay::lua::open_msgpack_library);
  lua_call(state, 0, 0);
  if (luaL_loadbuffer(state, kCode, sizeof(kCode) - 1, "@fuzz") != 0) std::abort();
  lua_pushlstring(state, reinterpret_cast<const char*>(data), size);
  lua_pcall(state, 1, 0, 0);
  lua_close(state);
  return 0;
}
