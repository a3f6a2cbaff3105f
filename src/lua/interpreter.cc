#include "lua/interpreter.h"

#include <cstdlib>
#include <stdexcept>

#include "lua/conversion.h"
#include "lua/sandbox.h"

namespace scrubjay::lua {
namespace {

// How many of Lua's instructions go by between two looks at the time.
constexpr int kInstructions = 100'000;
// So many runs share one step of the garbage collector, as in Redis.
constexpr unsigned kRunsPerCollection = 50;

// Places on the bottom of the stack that stay.
constexpr int kGlobals = 1;
constexpr int kErrorHandler = 2;

// Makes a table of every error, and notes where it came from.
int handle_error(lua_State* lua) {
  lua_Debug where;
  bool known = lua_getstack(lua, 1, &where) != 0 && lua_getinfo(lua, "nSl", &where) != 0;
  if (known && std::string_view(where.what) == "C")
    known = lua_getstack(lua, 2, &where) != 0 && lua_getinfo(lua, "nSl", &where) != 0;
  if (lua_type(lua, 1) != LUA_TTABLE) {
    lua_createtable(lua, 0, 3);
    lua_pushliteral(lua, "ERR ");
    if (luaL_callmeta(lua, 1, "__tostring") == 0) {
      if (lua_isstring(lua, 1) != 0)
        lua_pushvalue(lua, 1);
      else if (lua_isboolean(lua, 1))
        lua_pushstring(lua, lua_toboolean(lua, 1) != 0 ? "true" : "false");
      else
        lua_pushstring(lua, luaL_typename(lua, 1));
    }
    lua_concat(lua, 2);
    lua_setfield(lua, -2, "err");
    lua_replace(lua, 1);
  }
  lua_settop(lua, 1);
  if (known) {
    lua_pushstring(lua, where.source);
    lua_setfield(lua, 1, "source");
    lua_pushnumber(lua, where.currentline);
    lua_setfield(lua, 1, "line");
  }
  return 1;
}

int open(lua_State* lua) {
  const auto open_own = *static_cast<void (**)(lua_State*)>(lua_touserdata(lua, 1));
  lua_settop(lua, 0);
  open_sandbox(lua, open_own);
  return 1;
}

void push_list(lua_State* lua, std::span<const std::string_view> words) {
  lua_createtable(lua, static_cast<int>(words.size()), 0);
  int place = 0;
  for (const std::string_view word : words) {
    lua_pushlstring(lua, word.data(), word.size());
    lua_rawseti(lua, -2, ++place);
  }
}

// Whether the value on top is a table that stands for an error.
bool is_error(lua_State* lua) {
  if (lua_type(lua, -1) != LUA_TTABLE) return false;
  lua_pushliteral(lua, "err");
  lua_rawget(lua, -2);
  const bool error = lua_type(lua, -1) == LUA_TSTRING;
  lua_pop(lua, 1);
  return error;
}

std::string field(lua_State* lua, const char* name) {
  lua_pushstring(lua, name);
  lua_rawget(lua, -2);
  size_t size = 0;
  const char* text = lua_tolstring(lua, -1, &size);
  std::string value = text == nullptr ? "" : std::string(text, size);
  lua_pop(lua, 1);
  return value;
}

}  // namespace

Interpreter::Interpreter(void (*open_own)(lua_State* lua)) : lua_(lua_newstate(allocate, this)) {
  if (lua_ == nullptr) throw std::bad_alloc();
  lua_pushcfunction(lua_, open);
  lua_pushlightuserdata(lua_, &open_own);
  if (lua_pcall(lua_, 1, 1, 0) != 0) throw std::runtime_error("the Lua sandbox can't be built");
  lua_pushcfunction(lua_, handle_error);
}

Interpreter::~Interpreter() {
  lua_close(lua_);
}

Interpreter& Interpreter::of(lua_State* lua) {
  void* self = nullptr;
  lua_getallocf(lua, &self);
  return *static_cast<Interpreter*>(self);
}

void* Interpreter::allocate(void* self, void* block, size_t old_size, size_t new_size) {
  auto& memory = static_cast<Interpreter*>(self)->memory_;
  void* result = nullptr;
  if (new_size == 0) {
    std::free(block);
  } else {
    result = std::realloc(block, new_size);
    if (result == nullptr) return nullptr;
  }
  // One thread writes.
  memory.store(memory.load(std::memory_order_relaxed) - old_size + new_size,
               std::memory_order_relaxed);
  return result;
}

void Interpreter::on_count(lua_State* lua, lua_Debug*) {
  const std::string_view reason = of(lua).host_->why_stop();
  if (reason.empty()) return;
  // From now on at every line: a script that catches the error is stopped again at once.
  lua_sethook(lua, on_count, LUA_MASKLINE | LUA_MASKCOUNT, 1);
  lua_pushlstring(lua, reason.data(), reason.size());
  lua_error(lua);
}

Result<int> Interpreter::compile(std::string_view body, const char* chunk_name) {
  if (body.starts_with(LUA_SIGNATURE[0])) return Error{"attempt to load a precompiled chunk"};
  if (luaL_loadbuffer(lua_, body.data(), body.size(), chunk_name) != 0) {
    std::string error = lua_tostring(lua_, -1);
    lua_pop(lua_, 1);
    return Error{std::move(error)};
  }
  return luaL_ref(lua_, LUA_REGISTRYINDEX);
}

std::optional<ScriptError> Interpreter::run(const Call& call, ScriptHost& host,
                                            resp::ReplyBuilder& reply) {
  lua_rawgeti(lua_, LUA_REGISTRYINDEX, call.function);
  push_list(lua_, call.keys);
  push_list(lua_, call.arguments);
  if (call.as_globals) {
    lua_setfield(lua_, kGlobals, "ARGV");
    lua_setfield(lua_, kGlobals, "KEYS");
  }
  auto error = call_top(call.as_globals ? 0 : 2, call.name, host);
  if (!error && is_error(lua_)) {
    error = take_error(call.name);
  } else if (!error) {
    reply_value(lua_, reply, protocol_);
    lua_pop(lua_, 1);
  }
  collect_garbage();
  return error;
}

std::optional<ScriptError> Interpreter::call_top(int arguments, std::string_view name,
                                                 ScriptHost& host) {
  host_ = &host;
  protocol_ = 2;
  lua_sethook(lua_, on_count, LUA_MASKCOUNT, kInstructions);
  const int failed = lua_pcall(lua_, arguments, 1, kErrorHandler);
  host_ = nullptr;
  if (failed == 0) return std::nullopt;
  return take_error(name);
}

std::optional<std::string> Interpreter::run_chunk(ScriptHost& host) {
  host_ = &host;
  lua_sethook(lua_, on_count, LUA_MASKCOUNT, kInstructions);
  const int failed = lua_pcall(lua_, 0, 0, 0);
  host_ = nullptr;
  if (failed == 0) return std::nullopt;
  std::string error;
  if (lua_type(lua_, -1) == LUA_TTABLE)
    error = field(lua_, "err");
  else
    error = std::string("ERR ") + (lua_isstring(lua_, -1) != 0 ? lua_tostring(lua_, -1) : "");
  lua_pop(lua_, 1);
  return error;
}

ScriptError Interpreter::take_error(std::string_view name) {
  ScriptError error;
  if (lua_type(lua_, -1) != LUA_TTABLE) {  // no memory was left to make one
    error.text = std::string("ERR ") + (lua_isstring(lua_, -1) != 0 ? lua_tostring(lua_, -1) : "");
    lua_pop(lua_, 1);
    return error;
  }
  error.text = field(lua_, "err");
  if (error.text.empty()) error.text = "ERR unknown error";
  const std::string source = field(lua_, "source");
  const std::string line = field(lua_, "line");
  if (!source.empty() && !line.empty())
    error.text += " script: " + std::string(name) + ", on " + source + ":" + line + ".";
  lua_pushliteral(lua_, "ignore_error_stats_update");
  lua_rawget(lua_, -2);
  error.counted = lua_toboolean(lua_, -1) != 0;
  lua_pop(lua_, 2);
  return error;
}

void Interpreter::collect_garbage() {
  if (++runs_ % kRunsPerCollection == 0) lua_gc(lua_, LUA_GCSTEP, 1);
}

}  // namespace scrubjay::lua
