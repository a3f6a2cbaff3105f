#include "lua/redis_library.h"

#include <cmath>
#include <cstring>

#include "base/log.h"
#include "base/number.h"
#include "base/sha1.h"
#include "lua/conversion.h"
#include "lua/interpreter.h"

namespace scrubjay::lua {
namespace {

constexpr size_t kNumberRoom = 32;

// Integers without exponent, others as short as they can be.
size_t write_number(lua_Number number, char* out) {
  constexpr double kExact = 9223372036854775808.0;
  if (number >= -kExact && number < kExact && number == std::trunc(number) &&
      !(number == 0 && std::signbit(number))) {
    return write_int64(static_cast<int64_t>(number), out);
  }
  const std::string text = format_double(number);
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

// The arguments of the running C function as words of a command. nullptr, or what is wrong.
const char* take_arguments(lua_State* lua, Interpreter::Scratch& scratch) {
  const int count = lua_gettop(lua);
  if (count == 0) return "Please specify at least one argument for this redis lib call";
  scratch.arguments.clear();
  scratch.numbers.resize(static_cast<size_t>(count) * kNumberRoom);
  for (int i = 1; i <= count; ++i) {
    size_t size = 0;
    switch (lua_type(lua, i)) {
      case LUA_TSTRING: {
        const char* text = lua_tolstring(lua, i, &size);
        scratch.arguments.emplace_back(text, size);
        break;
      }
      case LUA_TNUMBER: {
        char* text = scratch.numbers.data() + static_cast<size_t>(i - 1) * kNumberRoom;
        size = write_number(lua_tonumber(lua, i), text);
        scratch.arguments.emplace_back(text, size);
        break;
      }
      default:
        return "Lua redis lib command arguments must be strings or integers";
    }
  }
  return nullptr;
}

int run_command(lua_State* lua, bool raises) {
  Interpreter& interpreter = Interpreter::of(lua);
  Interpreter::Scratch& scratch = interpreter.scratch();
  bool failed = true;
  if (const char* wrong = take_arguments(lua, scratch)) {
    push_error(lua, wrong);
  } else {
    scratch.reply.clear();
    interpreter.host()->call(scratch.arguments, interpreter.protocol(), scratch.reply);
    lua_settop(lua, 0);  // room for the reply
    failed = push_reply(lua, scratch.reply);
    scratch.reply.clear();
  }
  return raises && failed ? lua_error(lua) : 1;
}

int call(lua_State* lua) {
  return run_command(lua, true);
}

int pcall(lua_State* lua) {
  return run_command(lua, false);
}

int acl_check_cmd(lua_State* lua) {
  Interpreter& interpreter = Interpreter::of(lua);
  if (const char* wrong = take_arguments(lua, interpreter.scratch()))
    return raise_error(lua, wrong);
  const auto permission = interpreter.host()->check(interpreter.scratch().arguments);
  if (permission == ScriptHost::Permission::kUnknownCommand)
    return raise_error(lua, "Invalid command passed to redis.acl_check_cmd()");
  lua_pushboolean(lua, permission == ScriptHost::Permission::kAllowed);
  return 1;
}

int error_reply(lua_State* lua) {
  size_t size = 0;
  if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING) {
    push_error(lua, "wrong number or type of arguments");
    return 1;
  }
  const char* text = lua_tolstring(lua, 1, &size);
  if (size == 0 || text[0] != '-') {
    lua_pushliteral(lua, "-");
    lua_insert(lua, 1);
    lua_concat(lua, 2);
    text = lua_tolstring(lua, 1, &size);
  }
  push_error(lua, {text, size});
  return 1;
}

int status_reply(lua_State* lua) {
  if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING) {
    push_error(lua, "wrong number or type of arguments");
    return 1;
  }
  lua_createtable(lua, 0, 1);
  lua_pushvalue(lua, 1);
  lua_setfield(lua, -2, "ok");
  return 1;
}

int sha1hex(lua_State* lua) {
  if (lua_gettop(lua) != 1) return raise_error(lua, "wrong number of arguments");
  size_t size = 0;
  const char* text = lua_tolstring(lua, 1, &size);
  const auto digest = sha1_hex({text == nullptr ? "" : text, size});
  lua_pushlstring(lua, digest.data(), digest.size());
  return 1;
}

int write_log(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count < 2) return raise_error(lua, "redis.log() requires two arguments or more.");
  if (lua_isnumber(lua, 1) == 0)
    return raise_error(lua, "First argument must be a number (log level).");
  const auto level = static_cast<int>(lua_tonumber(lua, 1));
  if (level < 0 || level > 3) return raise_error(lua, "Invalid log level.");
  if (!log::enabled(static_cast<log::Level>(level))) return 0;
  lua_pushliteral(lua, "");
  for (int i = 2; i <= count; ++i) {
    if (lua_isstring(lua, i) == 0) continue;
    if (lua_objlen(lua, -1) > 0) {
      lua_pushliteral(lua, " ");
      lua_pushvalue(lua, i);
      lua_concat(lua, 3);
    } else {
      lua_pop(lua, 1);
      lua_pushvalue(lua, i);
    }
  }
  size_t size = 0;
  const char* text = lua_tolstring(lua, -1, &size);
  log::write(static_cast<log::Level>(level), {text, size});
  return 0;
}

int setresp(lua_State* lua) {
  if (lua_gettop(lua) != 1) return raise_error(lua, "redis.setresp() requires one argument.");
  const auto version = static_cast<int>(lua_tonumber(lua, 1));
  if (version != 2 && version != 3) return raise_error(lua, "RESP version must be 2 or 3.");
  Interpreter::of(lua).protocol() = version;
  return 0;
}

// Nothing is replicated: the flags are only checked.
int set_repl(lua_State* lua) {
  constexpr int kAllFlags = 3;
  if (lua_gettop(lua) != 1) return raise_error(lua, "redis.set_repl() requires two arguments.");
  const auto flags = static_cast<int>(lua_tonumber(lua, 1));
  if ((flags & ~kAllFlags) != 0) {
    return raise_error(
        lua, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
  }
  return 0;
}

int replicate_commands(lua_State* lua) {
  lua_pushboolean(lua, 1);
  return 1;
}

// Outside of a debugging session, and there are none.
int breakpoint(lua_State* lua) {
  lua_pushboolean(lua, 0);
  return 1;
}

int debug(lua_State*) {
  return 0;
}

constexpr luaL_Reg kFunctions[] = {{"acl_check_cmd", acl_check_cmd},
                                   {"breakpoint", breakpoint},
                                   {"call", call},
                                   {"debug", debug},
                                   {"error_reply", error_reply},
                                   {"log", write_log},
                                   {"pcall", pcall},
                                   {"replicate_commands", replicate_commands},
                                   {"set_repl", set_repl},
                                   {"setresp", setresp},
                                   {"sha1hex", sha1hex},
                                   {"status_reply", status_reply}};

struct Constant {
  const char* name;
  int value;
};
constexpr Constant kConstants[] = {{"LOG_DEBUG", 0},    {"LOG_VERBOSE", 1}, {"LOG_NOTICE", 2},
                                   {"LOG_WARNING", 3},  {"REPL_NONE", 0},   {"REPL_AOF", 1},
                                   {"REPL_REPLICA", 2}, {"REPL_SLAVE", 2},  {"REPL_ALL", 3}};

}  // namespace

int raise_error(lua_State* lua, const char* text) {
  push_error(lua, text);
  return lua_error(lua);
}

void open_redis(lua_State* lua) {
  lua_newtable(lua);
  for (const luaL_Reg& function : kFunctions) {
    lua_pushcfunction(lua, function.func);
    lua_setfield(lua, -2, function.name);
  }
  for (const Constant& constant : kConstants) {
    lua_pushnumber(lua, constant.value);
    lua_setfield(lua, -2, constant.name);
  }
  lua_pushstring(lua, redis_version.text);
  lua_setfield(lua, -2, "REDIS_VERSION");
  lua_pushnumber(lua, redis_version.number);
  lua_setfield(lua, -2, "REDIS_VERSION_NUM");
  lua_pushvalue(lua, -1);
  lua_setfield(lua, -3, "server");
  lua_setfield(lua, -2, "redis");
}

}  // namespace scrubjay::lua
