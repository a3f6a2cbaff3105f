#include "lua/interpreter.h"

#include <gtest/gtest.h>

#include "lua/redis_library.h"
#include "resp/reply.h"

namespace scrubjay::lua {
namespace {

// Answers every command with the bytes that the test has set.
class FakeHost final : public ScriptHost {
 public:
  void call(std::span<const std::string_view> arguments, int,
            resp::ReplyBuffer& reply) noexcept override {
    seen.assign(arguments.begin(), arguments.end());
    reply.append(answer);
    if (!spliced.empty()) {
      reply.append(SharedBytes::copy_of(spliced));
      reply.append("\r\n");
    }
  }
  Permission check(std::span<const std::string_view>) noexcept override {
    return Permission::kAllowed;
  }
  std::string_view why_stop() noexcept override { return stop; }

  std::string answer = "+OK\r\n";
  std::string spliced;
  std::string_view stop;
  std::vector<std::string> seen;
};

class InterpreterTest : public ::testing::Test {
 protected:
  std::string run(std::string_view body, int protocol = 2) {
    const auto function = interpreter_.compile(body, "@user_script");
    if (!function) return "-" + function.error();
    resp::ReplyBuffer buffer;
    resp::ReplyBuilder reply(buffer, protocol);
    const auto error = interpreter_.run(
        {.function = *function, .keys = {}, .arguments = {}, .as_globals = true, .name = "sha"},
        host_, reply);
    interpreter_.release(*function);
    return error ? "-" + error->text : std::string(buffer.own_bytes());
  }

  FakeHost host_;
  Interpreter interpreter_{open_redis};
};

TEST_F(InterpreterTest, EveryReplyOfResp2BecomesAValue) {
  host_.answer = ":-7\r\n";
  EXPECT_EQ(run("return redis.call('x') + 1"), ":-6\r\n");
  host_.answer = "$3\r\na\rb\r\n";
  EXPECT_EQ(run("return redis.call('x') .. '!'"), "$4\r\na\rb!\r\n");
  host_.answer = "$-1\r\n";
  EXPECT_EQ(run("return tostring(redis.call('x'))"), "$5\r\nfalse\r\n");
  host_.answer = "*-1\r\n";
  EXPECT_EQ(run("return tostring(redis.call('x'))"), "$5\r\nfalse\r\n");
  host_.answer = "+QUEUED\r\n";
  EXPECT_EQ(run("return redis.call('x').ok"), "$6\r\nQUEUED\r\n");
  host_.answer = "*3\r\n:1\r\n$-1\r\n*1\r\n+in\r\n";
  EXPECT_EQ(run("return redis.call('x')"), "*3\r\n:1\r\n$-1\r\n*1\r\n+in\r\n");
  host_.answer = "-WRONG type\r\n";
  EXPECT_EQ(run("return redis.pcall('x').err"), "$10\r\nWRONG type\r\n");
  EXPECT_EQ(run("return redis.call('x')"), "-WRONG type script: sha, on @user_script:1.");
}

TEST_F(InterpreterTest, EveryReplyOfResp3BecomesAValue) {
  host_.answer = "%2\r\n+a\r\n:1\r\n$1\r\nb\r\n#t\r\n";
  EXPECT_EQ(run("return redis.call('x').map.b"), ":1\r\n");
  EXPECT_EQ(run("return redis.call('x').map.b", 3), ":1\r\n");
  host_.answer = "~2\r\n$1\r\na\r\n$1\r\nb\r\n";
  EXPECT_EQ(run("return tostring(redis.call('x').set.b)"), "$4\r\ntrue\r\n");
  host_.answer = ",2.5\r\n";
  EXPECT_EQ(run("return redis.call('x').double * 2"), ":5\r\n");
  host_.answer = "(123456789012345678901234567890\r\n";
  EXPECT_EQ(run("return redis.call('x')", 3), "(123456789012345678901234567890\r\n");
  host_.answer = "=8\r\ntxt:text\r\n";
  EXPECT_EQ(run("return redis.call('x').verbatim_string.format"), "$3\r\ntxt\r\n");
  EXPECT_EQ(run("return redis.call('x')", 3), "=8\r\ntxt:text\r\n");
  host_.answer = "_\r\n";
  EXPECT_EQ(run("return tostring(redis.call('x'))"), "$3\r\nnil\r\n");
  host_.answer = "#f\r\n";
  EXPECT_EQ(run("redis.setresp(3) return redis.call('x')", 3), "#f\r\n");
  host_.answer = "|1\r\n+ttl\r\n:3\r\n:5\r\n";
  EXPECT_EQ(run("return redis.call('x')"), ":5\r\n");
}

TEST_F(InterpreterTest, LongStringsAreSplicedIn) {
  host_.answer = "*2\r\n$2\r\nab\r\n$20000\r\n";
  host_.spliced = std::string(20000, 'z');
  EXPECT_EQ(run("local t = redis.call('x') return {t[1], #t[2], string.sub(t[2], -2)}"),
            "*3\r\n$2\r\nab\r\n:20000\r\n$2\r\nzz\r\n");
}

TEST_F(InterpreterTest, ArgumentsAreWords) {
  run("redis.call('set', 'k', 10, 1.5, 2^53, -0.1, 1e300, 'a\\0b')");
  EXPECT_EQ(host_.seen, (std::vector<std::string>{"set", "k", "10", "1.5", "9007199254740992",
                                                  "-0.1", "1e+300", std::string("a\0b", 3)}));
  EXPECT_EQ(run("redis.call('set', nil)"),
            "-ERR Lua redis lib command arguments must be strings or integers script: sha, on "
            "@user_script:1.");
}

TEST_F(InterpreterTest, RecursiveTablesEndAtTheStackLimit) {
  const std::string reply = run("local t = {} t[1] = t return t");
  EXPECT_TRUE(reply.ends_with("-ERR reached lua stack limit\r\n")) << reply.substr(0, 100);
}

TEST_F(InterpreterTest, ProtectedTablesStayAsTheyAre) {
  for (const char* attack :
       {"x = 1", "_G.x = 1", "redis.call = 1", "rawset(redis, 'call', 1)", "rawset(_G, 'x', 1)",
        "setmetatable(redis, nil)", "setmetatable(_G, {})", "getmetatable('').__index = {}",
        "getmetatable(_G).__index = {}", "table.insert(math, 1)", "table.remove(_G)",
        "table.sort(redis)", "string.upper = 1", "cjson.encode = 1", "getmetatable('').x = 1",
        "local _, t = pairs(redis) t.call = 1", "server.call = 1", "coroutine.wrap = 1"}) {
    EXPECT_NE(run(attack).find("Attempt to modify a readonly table"), std::string::npos) << attack;
  }
  EXPECT_EQ(run("return type(redis.call)"), "$8\r\nfunction\r\n");
  EXPECT_EQ(run("return ('x'):upper()"), "$1\r\nX\r\n");
}

TEST_F(InterpreterTest, WhatIsNotThereCanNotBeReached) {
  for (const char* name : {"io", "debug", "package", "require", "module", "print", "dofile",
                           "loadfile", "setfenv", "getfenv", "newproxy"}) {
    EXPECT_EQ(run(std::string("return ") + name),
              std::string("-ERR user_script:1: Script attempted to access nonexistent global "
                          "variable '") +
                  name + "' script: sha, on @user_script:1.");
  }
  EXPECT_EQ(run("return tostring(os.execute)"), "$3\r\nnil\r\n");
  EXPECT_EQ(run("return tostring(loadstring(string.dump(function() end)))"), "$3\r\nnil\r\n");
  EXPECT_EQ(run("local s = string.dump(function() end) local i = 0 "
                "return tostring(load(function() i = i + 1 return string.sub(s, i, i) end))"),
            "$3\r\nnil\r\n");
  EXPECT_EQ(run("\x1bLua"), "-attempt to load a precompiled chunk");
}

TEST_F(InterpreterTest, ABusyScriptIsStoppedEvenIfItCatchesErrors) {
  host_.stop = "Stopped.";
  EXPECT_EQ(run("while true do end"), "-ERR Stopped. script: sha, on @user_script:1.");
  EXPECT_TRUE(run("while true do pcall(function() while true do end end) end")
                  .starts_with("-ERR Stopped."));
  host_.stop = "";
  EXPECT_EQ(run("local n = 0 for i = 1, 300000 do n = n + i end return 7"), ":7\r\n");
}

TEST_F(InterpreterTest, EndlessRecursionAndTooManyResultsAreErrors) {
  EXPECT_TRUE(run("local function f() return 1 + f() end f()").find("stack overflow") !=
              std::string::npos);
  EXPECT_TRUE(run("return unpack({}, 1, 1e8)").find("too many results to unpack") !=
              std::string::npos);
  EXPECT_TRUE(run("return unpack({}, -2147483648, 2147483647)").find("too many results") !=
              std::string::npos);
  EXPECT_EQ(run("return #string.rep('x', 100000000)"), ":100000000\r\n");
}

TEST_F(InterpreterTest, MemoryIsCountedAndGivenBack) {
  run("return #string.rep('x', 30000000)");
  for (int i = 0; i < 20; ++i) run("return collectgarbage('collect')");
  const uint64_t small = interpreter_.memory();
  EXPECT_LT(small, 5'000'000u);
  EXPECT_GT(small, 10'000u);
}

TEST_F(InterpreterTest, NothingIsLeftOnTheStack) {
  for (int i = 0; i < 20000; ++i) {
    run(i % 2 == 0 ? "return {1, {ok='x'}, {map={a={double=1}}}, {verbatim_string={string='s'}}}"
                   : "error('x')");
  }
  EXPECT_LT(lua_gettop(interpreter_.state()), 5);
}

}  // namespace
}  // namespace scrubjay::lua
