#include "lua/function_library.h"

#include "base/text.h"
#include "lua/library_header.h"
#include "lua/redis_library.h"
#include "lua/sandbox.h"
#include "lua/script_flags.h"

namespace scrubjay::lua {
namespace {

// Under these keys of the registry: the globals of code that is loaded, and its Library.
char load_globals_key;
char library_key;

void set_registry(lua_State* lua, void* key, void* value) {
  lua_pushlightuserdata(lua, key);
  lua_pushlightuserdata(lua, value);
  lua_rawset(lua, LUA_REGISTRYINDEX);
}

// --- redis.register_function --------------------------------------------------------------------
// Errors jump out of these: they hold views of Lua's strings and nothing that needs a destructor.

struct Registration {
  std::string_view name;
  const char* description = nullptr;
  size_t description_size = 0;
  bool has_name = false;
  int callback = 0;  // its place on the stack
  uint32_t flags = 0;
};

bool take_text(lua_State* lua, int index, std::string_view& text) {
  if (lua_isstring(lua, index) == 0) return false;
  size_t size = 0;
  const char* bytes = lua_tolstring(lua, index, &size);
  text = {bytes, size};
  return true;
}

bool take_flags(lua_State* lua, uint32_t& flags) {
  for (int i = 1;; ++i) {
    lua_rawgeti(lua, -1, i);
    if (lua_isnil(lua, -1)) break;
    std::string_view name;
    const uint32_t flag = take_text(lua, -1, name) ? script_flag(to_lower(name)) : 0;
    lua_pop(lua, 1);
    if (flag == 0) return false;
    flags |= flag;
  }
  lua_pop(lua, 1);
  return true;
}

// The value of a named argument is on top, its name below. What is wrong, or nullptr. Values that
// are kept stay reachable through the table, and a callback gets the place at `callback`.
const char* take_named(lua_State* lua, Registration& wanted, int callback) {
  constexpr const char* kUnknown = "unknown argument given to redis.register_function";
  if (lua_type(lua, -2) == LUA_TNUMBER) return kUnknown;
  if (lua_type(lua, -2) != LUA_TSTRING)
    return "named argument key given to redis.register_function is not a string";
  const std::string_view key = lua_tostring(lua, -2);
  if (equal_ignoring_case(key, "function_name")) {
    wanted.has_name = take_text(lua, -1, wanted.name);
    if (!wanted.has_name)
      return "function_name argument given to redis.register_function must be a string";
    return nullptr;
  }
  if (equal_ignoring_case(key, "description")) {
    std::string_view text;
    if (!take_text(lua, -1, text))
      return "description argument given to redis.register_function must be a string";
    wanted.description = text.data();
    wanted.description_size = text.size();
    return nullptr;
  }
  if (equal_ignoring_case(key, "callback")) {
    if (!lua_isfunction(lua, -1))
      return "callback argument given to redis.register_function must be a function";
    lua_pushvalue(lua, -1);
    lua_replace(lua, callback);
    wanted.callback = callback;
    return nullptr;
  }
  if (equal_ignoring_case(key, "flags")) {
    if (!lua_istable(lua, -1)) {
      return "flags argument to redis.register_function must be a table representing function "
             "flags";
    }
    return take_flags(lua, wanted.flags) ? nullptr : "unknown flag given";
  }
  return kUnknown;
}

const char* take_registration(lua_State* lua, Registration& wanted) {
  const int count = lua_gettop(lua);
  if (count < 1 || count > 2) return "wrong number of arguments to redis.register_function";
  if (count == 2) {
    wanted.has_name = take_text(lua, 1, wanted.name);
    if (!wanted.has_name) return "first argument to redis.register_function must be a string";
    if (!lua_isfunction(lua, 2))
      return "second argument to redis.register_function must be a function";
    wanted.callback = 2;
    return nullptr;
  }
  if (!lua_istable(lua, 1)) {
    return "calling redis.register_function with a single argument is only applicable to Lua table "
           "(representing named arguments).";
  }
  lua_pushnil(lua);  // the callback's place
  lua_pushnil(lua);
  while (lua_next(lua, 1) != 0) {
    if (const char* wrong = take_named(lua, wanted, 2)) return wrong;
    lua_pop(lua, 1);
  }
  if (!wanted.has_name) return "redis.register_function must get a function name argument";
  if (wanted.callback == 0) return "redis.register_function must get a callback argument";
  return nullptr;
}

// A number in place of a text became one on the stack only, and may go: what is kept is copied
// here.
Function* add_function(Library& library, const Registration& wanted, const char*& error) noexcept {
  Function* function = library.add(wanted.name, error);
  if (function == nullptr) return nullptr;
  function->flags = wanted.flags;
  if (wanted.description != nullptr)
    function->description.emplace(wanted.description, wanted.description_size);
  return function;
}

int register_function(lua_State* lua) {
  lua_pushlightuserdata(lua, &library_key);
  lua_rawget(lua, LUA_REGISTRYINDEX);
  auto* library = static_cast<Library*>(lua_touserdata(lua, -1));
  lua_pop(lua, 1);
  if (library == nullptr)
    return raise_error(lua, "redis.register_function can only be called on FUNCTION LOAD command");
  Registration wanted;
  // The collector stays away from texts that only a slot of the stack has held.
  lua_gc(lua, LUA_GCSTOP, 0);
  const char* error = take_registration(lua, wanted);
  Function* function = error == nullptr ? add_function(*library, wanted, error) : nullptr;
  lua_gc(lua, LUA_GCRESTART, 0);
  if (function == nullptr) return raise_error(lua, error);
  lua_pushvalue(lua, wanted.callback);
  function->number = luaL_ref(lua, LUA_REGISTRYINDEX);
  return 0;
}

}  // namespace

void open_function_globals(lua_State* lua) {
  open_redis(lua);
  lua_newtable(lua);  // globals of code that is loaded
  lua_newtable(lua);  // redis
  lua_getfield(lua, -3, "redis");
  for (const char* name : {"log", "LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING",
                           "REDIS_VERSION", "REDIS_VERSION_NUM"}) {
    lua_getfield(lua, -1, name);
    lua_setfield(lua, -3, name);
  }
  // What only scripts of EVAL have.
  for (const char* name : {"breakpoint", "debug", "replicate_commands"}) {
    lua_pushnil(lua);
    lua_setfield(lua, -2, name);
  }
  lua_pop(lua, 1);
  lua_pushcfunction(lua, register_function);
  lua_setfield(lua, -2, "register_function");
  refuse_unknown_names(lua);
  protect(lua);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, -3, "server");
  lua_setfield(lua, -2, "redis");
  refuse_unknown_names(lua);
  lua_pushlightuserdata(lua, &load_globals_key);
  lua_insert(lua, -2);
  lua_rawset(lua, LUA_REGISTRYINDEX);
}

Result<std::shared_ptr<const Library>> Library::load(Interpreter& interpreter,
                                                     std::string_view code, ScriptHost& host) {
  auto header = parse_library_header(code);
  if (!header) return Error{header.error()};
  auto library = std::make_shared<Library>(interpreter, std::move(header->name), std::string(code));
  if (auto error = library->run(header->body, host)) return Error{std::move(*error)};
  if (library->functions_.empty()) return Error{"No functions registered"};
  return std::shared_ptr<const Library>(std::move(library));
}

Library::~Library() {
  for (const auto& [name, function] : functions_) interpreter_.release(function.number);
}

uint64_t Library::bytes() const {
  constexpr uint64_t kNode = 48;  // of a map
  uint64_t bytes = sizeof(Library) + kNode + name_.capacity() + code_.capacity();
  for (const auto& [name, function] : functions_) {
    bytes += sizeof(Function) + kNode + 2 * name.capacity();
    if (function.description) bytes += function.description->capacity();
  }
  return bytes;
}

Function* Library::add(std::string_view name, const char*& error) noexcept {
  if (!is_library_name(name)) {
    error = kBadLibraryName.data();
    return nullptr;
  }
  const auto [place, is_new] = functions_.try_emplace(std::string(name));
  if (!is_new) {
    error = "Function already exists in the library";
    return nullptr;
  }
  place->second.name = name;
  return &place->second;
}

// While the code runs, the protected globals lead to those of loading.
std::optional<std::string> Library::run(std::string_view body, ScriptHost& host) {
  const auto chunk = interpreter_.compile(body, "@user_function");
  if (!chunk) return "Error compiling function: " + chunk.error();
  lua_State* lua = interpreter_.state();
  lua_getmetatable(lua, LUA_GLOBALSINDEX);
  lua_getfield(lua, -1, "__index");  // metatable, what to come back to
  lua_pushlightuserdata(lua, &load_globals_key);
  lua_rawget(lua, LUA_REGISTRYINDEX);
  lua_setfield(lua, -3, "__index");
  set_registry(lua, &library_key, this);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, *chunk);
  auto error = interpreter_.run_chunk(host);
  set_registry(lua, &library_key, nullptr);
  lua_setfield(lua, -2, "__index");
  lua_pop(lua, 1);
  interpreter_.release(*chunk);
  if (error) return "Error registering functions: " + *error;
  return std::nullopt;
}

}  // namespace scrubjay::lua
