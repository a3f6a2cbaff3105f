// A library of functions as FUNCTION LOAD makes it, and the table `redis` that its code sees while
// it is loaded: there redis.register_function names the functions. All in one interpreter, which
// belongs to whoever holds the world.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lua/interpreter.h"

namespace scrubjay::lua {

struct Function {
  std::string name;
  std::optional<std::string> description;
  uint32_t flags = 0;      // ScriptFlag
  int number = LUA_NOREF;  // in the interpreter
};

class Library {
 public:
  // Runs the code. It may take as long as the host lets it. The error is Redis's, without "ERR".
  static Result<std::shared_ptr<const Library>> load(Interpreter& interpreter,
                                                     std::string_view code, ScriptHost& host);
  Library(Interpreter& interpreter, std::string name, std::string code)
      : name_(std::move(name)), code_(std::move(code)), interpreter_(interpreter) {}
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const std::string& name() const { return name_; }
  const std::string& code() const { return code_; }
  const std::map<std::string, Function, std::less<>>& functions() const { return functions_; }
  uint64_t bytes() const;  // without what the interpreter holds

  // While it is loaded. nullptr, and why not in `error`.
  Function* add(std::string_view name, const char*& error) noexcept;

 private:
  std::optional<std::string> run(std::string_view body, ScriptHost& host);

  const std::string name_;
  const std::string code_;
  std::map<std::string, Function, std::less<>> functions_;
  Interpreter& interpreter_;
};

// For the interpreter of functions: its own part of the globals (sandbox.h).
void open_function_globals(lua_State* lua);

}  // namespace scrubjay::lua
