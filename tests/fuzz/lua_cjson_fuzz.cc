// JSON texts and settings for cjson.decode; what it takes, encode writes and decode reads again:
// only Lua errors may come, never a crash, and little memory.
#include <cstdint>
#include <cstdlib>

#include "lua/cjson_library.h"
#include "lua/lua_library.h"

namespace {

constexpr char kCode[] = R"(
local input = ...
cjson.decode_invalid_numbers(#input % 2 == 0)
cjson.encode_invalid_numbers(true)
local value = cjson.decode(input)
local ok, text = pcall(cjson.encode, value)
cjson.decode_invalid_numbers(true)
if ok then cjson.decode(text) end
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lua_State* state = luaL_newstate();
  luaL_openlibs(state);
  lua_pushcfunction(state, scrubjay::lua::open_cjson_library);
  lua_call(state, 0, 0);
  if (luaL_loadbuffer(state, kCode, sizeof(kCode) - 1, "@fuzz") != 0) std::abort();
  lua_pushlstring(state, reinterpret_cast<const char*>(data), size);
  lua_pcall(state, 1, 0, 0);
  lua_close(state);
  return 0;
}
