// A Lua state of its own, sandboxed, in which one I/O thread runs its scripts or functions. Knows
// nothing of commands: what a script calls goes to the ScriptHost that the caller hands in. Used by
// its thread alone, but for memory().
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lua/lua_library.h"
#include "lua/random.h"
#include "lua/script_host.h"
#include "resp/reply.h"

namespace scrubjay::lua {

struct ScriptError {
  std::string text;      // the whole line without the dash
  bool counted = false;  // among the errors of the command that raised it
};

class Interpreter {
 public:
  // What is particular to a kind of interpreter, added to its globals (sandbox.h).
  explicit Interpreter(void (*open_own)(lua_State* lua));
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  static Interpreter& of(lua_State* lua);
  lua_State* state() { return lua_; }

  // Compiles a script; the function is kept under the number until it is released.
  Result<int> compile(std::string_view body, const char* chunk_name);
  void release(int function) { luaL_unref(lua_, LUA_REGISTRYINDEX, function); }

  struct Call {
    int function;                            // its number
    std::span<const std::string_view> keys;  // KEYS and ARGV, or the two parameters
    std::span<const std::string_view> arguments;
    bool as_globals;
    std::string_view name;  // shown in errors: the script's SHA-1, or the function's name
  };
  // Runs it and writes what it returns as a reply, or gives the error.
  std::optional<ScriptError> run(const Call& call, ScriptHost& host, resp::ReplyBuilder& reply);

  // Runs a function that is on top of the stack with its arguments, protected by the error handler.
  // The same, without a reply: what it returns is left on the stack.
  std::optional<ScriptError> call_top(int arguments, std::string_view name, ScriptHost& host);

  // Runs a chunk that is on top of the stack, with neither arguments nor results. What its error
  // says, without where it came from.
  std::optional<std::string> run_chunk(ScriptHost& host);

  // Bytes that the state has allocated. Any thread.
  uint64_t memory() const { return memory_.load(std::memory_order_relaxed); }

  // -- for the libraries -------------------------------------------------------------------------
  ScriptRandom& random() { return random_; }
  ScriptHost* host() { return host_; }
  int& protocol() { return protocol_; }
  // Room that redis.call uses again and again.
  struct Scratch {
    std::vector<std::string_view> arguments;
    std::vector<char> numbers;
    resp::ReplyBuffer reply;
  };
  Scratch& scratch() { return scratch_; }

 private:
  static void* allocate(void* self, void* block, size_t old_size, size_t new_size);
  static void on_count(lua_State* lua, lua_Debug* where);
  ScriptError take_error(std::string_view name);
  void collect_garbage();

  lua_State* lua_ = nullptr;
  std::atomic<uint64_t> memory_{0};
  ScriptRandom random_;
  ScriptHost* host_ = nullptr;
  int protocol_ = 2;
  Scratch scratch_;
  unsigned runs_ = 0;
};

}  // namespace scrubjay::lua
