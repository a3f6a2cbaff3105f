// Libraries of functions: what a failed load or restore leaves behind, names, and what loading may
// do. The rest: tests/conformance/functions.resp.
#include "lua/function_libraries.h"

#include <gtest/gtest.h>

namespace scrubjay::lua {
namespace {

class LoadHost final : public ScriptHost {
 public:
  void call(std::span<const std::string_view>, int, resp::ReplyBuffer&) noexcept override {}
  Permission check(std::span<const std::string_view>) noexcept override {
    return Permission::kDenied;
  }
  std::string_view why_stop() noexcept override { return ++looks > 3 ? "enough" : ""; }
  int looks = 0;
};

std::string library(std::string_view name, std::string_view function, std::string_view rest = "") {
  return "#!lua name=" + std::string(name) + "\nredis.register_function('" + std::string(function) +
         "', function() return 1 end) " + std::string(rest);
}

class FunctionLibrariesTest : public testing::Test {
 protected:
  std::string load(const std::string& code, bool replace = false) {
    const auto name = libraries_.load(code, replace, host_);
    return name ? *name : name.error();
  }
  std::string restore(const std::vector<std::string>& codes,
                      FunctionLibraries::Collision collision) {
    const Status done = libraries_.restore(codes, collision, host_);
    return done ? "OK" : done.error();
  }

  LoadHost host_;
  FunctionLibraries libraries_;
};

using enum FunctionLibraries::Collision;

TEST_F(FunctionLibrariesTest, AFailedReplaceLeavesTheOldOne) {
  EXPECT_EQ(load(library("one", "f")), "one");
  const int number = libraries_.find("F")->number;
  EXPECT_EQ(load(library("one", "g", "error"), true).substr(0, 24), "Error compiling function");
  EXPECT_EQ(load(library("one", "g", "local x = nil + 1"), true),
            "Error registering functions: ERR user_function:2: attempt to perform arithmetic on a "
            "nil value");
  EXPECT_EQ(libraries_.find("f")->number, number);
  EXPECT_EQ(libraries_.find("g"), nullptr);
  EXPECT_EQ(load(library("one", "g"), true), "one");
  EXPECT_EQ(libraries_.find("f"), nullptr);
  EXPECT_EQ(libraries_.function_count(), 1u);
}

TEST_F(FunctionLibrariesTest, RestoreTakesAllOrNone) {
  load(library("one", "f"));
  EXPECT_EQ(restore({library("two", "g"), library("one", "h")}, kRefuse),
            "Library one already exists");
  EXPECT_EQ(restore({library("two", "g"), library("three", "F")}, kReplace),
            "Function F already exists");
  EXPECT_EQ(restore({library("two", "g"), library("two", "h")}, kReplace),
            "Library 'two' already exists");
  EXPECT_EQ(libraries_.library_count(), 1u);
  // The name goes from one library to another if its own is replaced too.
  EXPECT_EQ(restore({library("two", "f"), library("one", "g")}, kReplace), "OK");
  EXPECT_EQ(libraries_.function_count(), 2u);
  EXPECT_EQ(restore({library("three", "f")}, kFlush), "OK");
  EXPECT_EQ(libraries_.library_count(), 1u);
  EXPECT_TRUE(libraries_.erase("three"));
  EXPECT_FALSE(libraries_.erase("three"));
  EXPECT_EQ(libraries_.bytes(), 0u);
}

TEST_F(FunctionLibrariesTest, LoadingEnds) {
  EXPECT_EQ(load("#!lua name=l\nwhile true do end"), "Error registering functions: ERR enough");
  host_.looks = 0;
  EXPECT_EQ(load(library("l", "f")), "l");
}

TEST_F(FunctionLibrariesTest, GlobalsAfterAFailedLoadAreThoseOfCalls) {
  load("#!lua name=l\nlocal x = nil + 1");
  lua_State* lua = libraries_.interpreter().state();
  lua_getglobal(lua, "string");
  EXPECT_TRUE(lua_istable(lua, -1));
  lua_pop(lua, 1);
}

TEST_F(FunctionLibrariesTest, MemoryComesBack) {
  load(library("l", "f"));
  libraries_.clear();
  const uint64_t before = libraries_.interpreter_bytes();
  for (int i = 0; i < 50; ++i) load(library("l", "f", std::string(2000, ' ')), true);
  libraries_.clear();
  EXPECT_LT(libraries_.interpreter_bytes(), before + 20000);
}

}  // namespace
}  // namespace scrubjay::lua
