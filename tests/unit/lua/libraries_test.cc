// The sandbox's libraries inside a bare Lua: what they answer, and that bad input only raises
// errors. Byte by byte beside Redis: tests/conformance.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "lua/bit_library.h"
#include "lua/cjson_library.h"
#include "lua/lua_bytes.h"
#include "lua/msgpack_library.h"
#include "lua/struct_library.h"

namespace scrubjay::lua {
namespace {

class LuaLibraries : public testing::Test {
 protected:
  LuaLibraries() : state_(luaL_newstate(), &lua_close) {
    luaL_openlibs(state_.get());
    for (const lua_CFunction open :
         {open_bit_library, open_cjson_library, open_msgpack_library, open_struct_library}) {
      lua_pushcfunction(state_.get(), open);
      lua_call(state_.get(), 0, 0);
    }
  }

  // What the expression gives, as tostring() shows it; the error's text if it fails.
  std::string eval(const std::string& expression) { return run("return " + expression); }
  std::string run(const std::string& code) {
    lua_State* state = state_.get();
    lua_settop(state, 0);
    if (luaL_loadbuffer(state, code.data(), code.size(), "@test") == 0) lua_pcall(state, 0, 1, 0);
    if (lua_isboolean(state, -1)) return lua_toboolean(state, -1) ? "true" : "false";
    size_t size = 0;
    const char* text = lua_tolstring(state, -1, &size);
    if (text == nullptr) return "nil";
    const std::string_view place = "test:1: ";  // where an error comes from
    const std::string_view answer(text, size);
    return std::string(answer.starts_with(place) ? answer.substr(place.size()) : answer);
  }

 private:
  std::unique_ptr<lua_State, decltype(&lua_close)> state_;
};

TEST_F(LuaLibraries, JsonOut) {
  EXPECT_EQ(eval("cjson.encode({1, 'a/\\n', true, cjson.null, {}})"),
            R"([1,"a\/\n",true,null,{}])");
  EXPECT_EQ(eval("cjson.encode({a = {b = 0.1}})"), R"({"a":{"b":0.1}})");
  EXPECT_EQ(eval("cjson.encode(123456789012345)"), "1.2345678901234e+14");
  EXPECT_EQ(eval("cjson.encode({[1] = 1, [5] = 2})"), "[1,null,null,null,2]");
  EXPECT_EQ(eval("cjson.encode({[1] = 1, [20] = 2})"),
            "Cannot serialise table: excessively sparse array");
  EXPECT_EQ(eval("cjson.encode(0/0)"), "Cannot serialise number: must not be NaN or Inf");
  EXPECT_EQ(eval("cjson.encode({[true] = 1})"),
            "Cannot serialise boolean: table key must be a number or string");
  EXPECT_EQ(run("local t = {} t[1] = t return cjson.encode(t)"),
            "Cannot serialise, excessive nesting (1001)");
}

TEST_F(LuaLibraries, JsonIn) {
  EXPECT_EQ(eval(R"(cjson.decode('[1,{"a":"b\\u00e9\\ud83d\\ude00"}]')[2].a)"),
            "b\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(eval("cjson.decode('null') == cjson.null"), "true");
  EXPECT_EQ(eval("cjson.decode('[1 2]')"),
            "Expected comma or array end but found T_NUMBER at character 4");
  EXPECT_EQ(eval("cjson.decode('\"abc')"),
            "Expected value but found unexpected end of string at character 5");
  EXPECT_EQ(eval("cjson.decode(string.rep('[', 100000))"),
            "Found too many nested data structures (1001) at character 1001");
}

TEST_F(LuaLibraries, JsonSettingsBelongToTheirTable) {
  EXPECT_EQ(run("local j = cjson.new() j.encode_max_depth(1) "
                "return j.encode_max_depth() .. ' ' .. cjson.encode_max_depth()"),
            "1 1000");
  EXPECT_EQ(eval("cjson.encode_keep_buffer('x')"),
            "bad argument #1 to 'encode_keep_buffer' (invalid option 'x')");
}

TEST_F(LuaLibraries, ResultsHaveALimit) {
  lua_State* state = luaL_newstate();
  lua_pushcfunction(state, [](lua_State* inner) {
    LuaBytes bytes(inner);
    bytes.append({"never read", lua_objlen(inner, 1) << 32});
    return 0;
  });
  lua_pushstring(state, "xxxx");
  EXPECT_EQ(lua_pcall(state, 1, 0, 0), LUA_ERRRUN);
  EXPECT_STREQ(lua_tostring(state, -1), "not enough memory");
  lua_close(state);
}

TEST_F(LuaLibraries, Bits) {
  EXPECT_EQ(eval("bit.band(0xff, 0x1f, 7)"), "7");
  EXPECT_EQ(eval("bit.bnot(0)"), "-1");
  EXPECT_EQ(eval("bit.rol(0x12345678, 12)"), "1164411171");
  EXPECT_EQ(eval("bit.tohex(-1, -4)"), "FFFF");
  EXPECT_EQ(eval("bit.tobit(2^40 + 5)"), "5");
  EXPECT_EQ(eval("bit.band(1, {})"), "bad argument #2 to 'band' (number expected, got table)");
}

TEST_F(LuaLibraries, MessagePack) {
  EXPECT_EQ(eval("cmsgpack.pack(1, -33, 'ab', {1, 0.5}, {a = true})"),
            std::string("\x01\xd0\xdf\xa2"
                        "ab\x92\x01\xca\x3f\x00\x00\x00\x81\xa1"
                        "a\xc3",
                        17));
  EXPECT_EQ(run("local t = {} t[1] = t return #cmsgpack.pack(t)"), "17");
  EXPECT_EQ(eval("table.concat({cmsgpack.unpack_limit('\\1\\2\\3', 2)}, ',')"), "2,1,2");
  EXPECT_EQ(eval("cmsgpack.unpack('\\193')"), "Bad data format in input.");
  EXPECT_EQ(eval("cmsgpack.unpack('\\221\\255\\255\\255\\255')"), "Missing bytes in input.");
  EXPECT_EQ(eval("cmsgpack.unpack('\\219\\255\\255\\255\\255a')"), "Missing bytes in input.");
  EXPECT_EQ(eval("cmsgpack.unpack(string.rep('\\145', 100000))"),
            "stack overflow (in function mp_decode_to_lua_array)");
  EXPECT_EQ(eval("cmsgpack.unpack('\\129\\192\\1')"), "table index is nil");
}

TEST_F(LuaLibraries, Structs) {
  EXPECT_EQ(eval("struct.pack('>hc2!4i', 1, 'abc', -2)"), std::string("\0\1ab\xff\xff\xff\xfe", 8));
  EXPECT_EQ(eval("table.concat({struct.unpack('>i3bc0', '\\255\\255\\254\\2abc')}, ',')"),
            "-2,ab,7");
  EXPECT_EQ(eval("struct.size('!bd')"), "16");
  EXPECT_EQ(eval("struct.unpack('bc0', '\\4abc')"),
            "bad argument #2 to 'unpack' (data string too short)");
  EXPECT_EQ(eval("struct.pack('i99999999999', 1)"), "integral size overflow");
  EXPECT_EQ(eval("struct.pack('z', 1)"), "bad argument #1 to 'pack' (invalid format option 'z')");
}

}  // namespace
}  // namespace scrubjay::lua
