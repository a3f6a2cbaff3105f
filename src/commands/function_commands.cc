// FUNCTION, FCALL and FCALL_RO. What is loaded is lua/function_libraries', what runs is
// engine/script_runner's. There is one interpreter for all functions, since a library may keep a
// state of its own from call to call: so whatever its keys, FCALL holds the world.
#include "commands/help.h"
#include "commands/table.h"
#include "engine/script_runner.h"
#include "rdb/function_payload.h"
#include "rdb/payload_reader.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using lua::FunctionLibraries;

FunctionLibraries& libraries(CommandContext& c) {
  return c.services.functions;
}

// The code of a library may only register functions, and not take long.
class LoadHost final : public lua::ScriptHost {
 public:
  explicit LoadHost(const Clock& clock) : clock_(clock), start_ns_(clock.now_ns()) {}

  void call(std::span<const std::string_view>, int protocol,
            resp::ReplyBuffer& buffer) noexcept override {
    resp::ReplyBuilder(buffer, protocol).error("ERR a library is being loaded");
  }
  Permission check(std::span<const std::string_view>) noexcept override {
    return Permission::kDenied;
  }
  std::string_view why_stop() noexcept override {
    constexpr int64_t kMostNs = 500'000'000;
    return clock_.now_ns() - start_ns_ > kMostNs ? "FUNCTION LOAD timeout" : "";
  }

 private:
  const Clock& clock_;
  const int64_t start_ns_;
};

[[noreturn]] void fail_by_usage(std::string_view subcommand) {
  fail("ERR unknown subcommand or wrong number of arguments for '{}'. Try FUNCTION HELP.",
       subcommand);
}

// --- FCALL --------------------------------------------------------------------------------------

void call_function(CommandContext& c, bool read_only) {
  const lua::Function* function = libraries(c).find(c.args.next());
  if (function == nullptr) fail("ERR Function not found");
  const int64_t keys = c.args.next_integer("ERR Bad number of keys provided");
  if (keys > static_cast<int64_t>(c.args.left()))
    fail("ERR Number of keys can't be greater than number of args");
  if (keys < 0) fail("ERR Number of keys can't be negative");
  const auto key_count = static_cast<size_t>(keys);
  c.services.script_runners[c.worker.index]->run(
      c, {.interpreter = libraries(c).interpreter(),
          .call = {.function = function->number,
                   .keys = c.args.rest().first(key_count),
                   .arguments = c.args.rest().subspan(key_count),
                   .as_globals = false,
                   .name = function->name},
          .flags = function->flags,
          .read_only = read_only,
          .kind = ScriptKind::kFunction});
}

void fcall(CommandContext& c) {
  call_function(c, false);
}

void fcall_ro(CommandContext& c) {
  call_function(c, true);
}

// --- FUNCTION -----------------------------------------------------------------------------------

void function_load(CommandContext& c) {
  bool replace = false;
  while (c.args.left() > 1) {
    if (!c.args.take("REPLACE")) fail("ERR Unknown option given: {}", c.args.peek());
    replace = true;
  }
  LoadHost host(c.services.clock);
  const auto name = libraries(c).load(c.args.next(), replace, host);
  if (!name) fail("ERR {}", name.error());
  c.reply.bulk(*name);
}

void function_delete(CommandContext& c) {
  if (!libraries(c).erase(c.args.next())) fail("ERR Library not found");
  c.reply.ok();
}

void function_flush(CommandContext& c) {
  if (c.args.left() > 1) fail_by_usage(c.args[1]);
  if (!c.args.at_end() && !c.args.take("SYNC") && !c.args.take("ASYNC"))
    fail("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  libraries(c).clear();
  c.reply.ok();
}

void reply_function(CommandContext& c, const lua::Function& function) {
  c.reply.map(3);
  c.reply.bulk("name");
  c.reply.bulk(function.name);
  c.reply.bulk("description");
  if (function.description)
    c.reply.bulk(*function.description);
  else
    c.reply.null();
  c.reply.bulk("flags");
  const auto names = lua::script_flag_names(function.flags);
  c.reply.set(static_cast<int64_t>(names.size()));
  for (const std::string_view name : names) c.reply.simple(name);
}

void reply_library(CommandContext& c, const lua::Library& library, bool with_code) {
  c.reply.map(with_code ? 4 : 3);
  c.reply.bulk("library_name");
  c.reply.bulk(library.name());
  c.reply.bulk("engine");
  c.reply.bulk("LUA");
  c.reply.bulk("functions");
  c.reply.array(static_cast<int64_t>(library.functions().size()));
  for (const auto& [name, function] : library.functions()) reply_function(c, function);
  if (!with_code) return;
  c.reply.bulk("library_code");
  c.reply.bulk(library.code());
}

void function_list(CommandContext& c) {
  bool with_code = false;
  std::optional<std::string_view> pattern;
  while (!c.args.at_end()) {
    if (!with_code && c.args.take("WITHCODE")) {
      with_code = true;
    } else if (!pattern && c.args.take("LIBRARYNAME")) {
      if (c.args.at_end()) fail("ERR library name argument was not given");
      pattern = c.args.next();
    } else {
      fail("ERR Unknown argument {}", c.args.peek());
    }
  }
  std::vector<const lua::Library*> shown;
  for (const auto& [name, library] : libraries(c).libraries()) {
    if (!pattern || glob_match(*pattern, name, true)) shown.push_back(library.get());
  }
  c.reply.array(static_cast<int64_t>(shown.size()));
  for (const lua::Library* library : shown) reply_library(c, *library, with_code);
}

void reply_busy(CommandContext& c, const ScriptRunner::Busy& busy) {
  c.reply.map(3);
  c.reply.bulk("name");
  c.reply.bulk(busy.name);
  c.reply.bulk("command");
  c.reply.array(static_cast<int64_t>(busy.command.size()));
  for (const std::string& word : busy.command) c.reply.bulk(word);
  c.reply.bulk("duration_ms");
  c.reply.integer(c.services.clock.now_ns() / 1'000'000 - busy.started_ms);
}

void function_kill(CommandContext& c) {
  kill_script(c.services, ScriptKind::kFunction);
  c.reply.ok();
}

void function_stats(CommandContext& c) {
  const ScriptRunner* runner = busy_runner(c.services);
  if (runner != nullptr && runner->busy().kind == ScriptKind::kEval) fail(busy_error(c.services));
  c.reply.map(2);
  c.reply.bulk("running_script");
  if (runner == nullptr)
    c.reply.null();
  else
    reply_busy(c, runner->busy());
  c.reply.bulk("engines");
  c.reply.map(1);
  c.reply.bulk("LUA");
  c.reply.map(2);
  c.reply.bulk("libraries_count");
  c.reply.integer(static_cast<int64_t>(libraries(c).library_count()));
  c.reply.bulk("functions_count");
  c.reply.integer(static_cast<int64_t>(libraries(c).function_count()));
}

void function_dump(CommandContext& c) {
  std::vector<std::string_view> codes;
  for (const auto& [name, library] : libraries(c).libraries()) codes.push_back(library->code());
  c.reply.bulk(rdb::write_libraries(codes, c.services.config.rdbcompression));
}

void function_restore(CommandContext& c) {
  using Collision = FunctionLibraries::Collision;
  if (c.args.left() > 2) fail_by_usage(c.args[1]);
  const std::string_view payload = c.args.next();
  Collision collision = Collision::kRefuse;
  if (c.args.take("REPLACE"))
    collision = Collision::kReplace;
  else if (c.args.take("FLUSH"))
    collision = Collision::kFlush;
  else if (!c.args.at_end() && !c.args.take("APPEND"))
    fail("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
  if (!rdb::footer_is_good(payload)) fail("ERR DUMP payload version or checksum are wrong");
  const auto codes = rdb::read_libraries(payload);
  if (!codes) fail("ERR {}", codes.error());
  LoadHost host(c.services.clock);
  const Status restored = libraries(c).restore(*codes, collision, host);
  if (!restored) fail("ERR {}", restored.error());
  c.reply.ok();
}

void function_help(CommandContext& c) {
  reply_help(
      c,
      {
          "LOAD [REPLACE] <FUNCTION CODE>",
          "    Create a new library with the given library name and code.",
          "DELETE <LIBRARY NAME>",
          "    Delete the given library.",
          "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
          "    Return general information on all the libraries:",
          "    * Library name",
          "    * The engine used to run the Library",
          "    * Library description",
          "    * Functions list",
          "    * Library code (if WITHCODE is given)",
          "    It also possible to get only function that matches a pattern using LIBRARYNAME "
          "argument.",
          "STATS",
          "    Return information about the current function running:",
          "    * Function name",
          "    * Command used to run the function",
          "    * Duration in MS that the function is running",
          "    If no function is running, return nil",
          "    In addition, returns a list of available engines.",
          "KILL",
          "    Kill the current running function.",
          "FLUSH [ASYNC|SYNC]",
          "    Delete all the libraries.",
          "    When called without the optional mode argument, the behavior is determined by the",
          "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
          "    * ASYNC: Asynchronously flush the libraries.",
          "    * SYNC: Synchronously flush the libraries.",
          "DUMP",
          "    Return a serialized payload representing the current libraries, can be restored "
          "using FUNCTION RESTORE command",
          "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
          "    Restore the libraries represented by the given payload, it is possible to give a "
          "restore policy to",
          "    control how to handle existing libraries (default APPEND):",
          "    * FLUSH: delete all existing libraries.",
          "    * APPEND: appends the restored libraries to the existing libraries. On collision, "
          "abort.",
          "    * REPLACE: appends the restored libraries to the existing libraries, On collision, "
          "replace the old",
          "      libraries with the new libraries (notice that even on this option there is a "
          "chance of failure",
          "      in case of functions name collision with another library).",
      });
}

using schema::CommandSpec;
using schema::counted_keys_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kScripting = schema::Group::kScripting;
constexpr uint16_t kAnyUse = kRW | kAccess | kUpdate;
constexpr uint16_t kReading = kRO | kAccess;

constexpr CommandSpec kRows[] = {
    {.syntax = "FCALL function numkeys [key [key ...]] [arg [arg ...]]",
     .handler = fcall,
     .keys = {counted_keys_at(2, kAnyUse)},
     .flags = kNoScript | kStale | kSkipMonitor | kMayReplicate | schema::kScript | kWorld,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "Depends on the function that is executed.",
     .summary = "Invokes a function."},
    {.syntax = "FCALL_RO function numkeys [key [key ...]] [arg [arg ...]]",
     .handler = fcall_ro,
     .keys = {counted_keys_at(2, kReading)},
     .flags = kReadOnly | kNoScript | kStale | kSkipMonitor | schema::kScript | kWorld,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "Depends on the function that is executed.",
     .summary = "Invokes a read-only function."},
    {.syntax = "FUNCTION",
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for function commands."},
    {.syntax = "FUNCTION DELETE library-name",
     .handler = function_delete,
     .flags = kWrite | kNoScript | kWorld,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Deletes a library and its functions."},
    {.syntax = "FUNCTION DUMP",
     .handler = function_dump,
     .flags = kNoScript,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of functions",
     .summary = "Dumps all libraries into a serialized binary payload."},
    {.syntax = "FUNCTION FLUSH [ASYNC | SYNC]",
     .handler = function_flush,
     .flags = kWrite | kNoScript | kWorld,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of functions deleted",
     .summary = "Deletes all libraries and functions."},
    {.syntax = "FUNCTION HELP",
     .handler = function_help,
     .flags = kLoading | kStale,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "FUNCTION KILL",
     .handler = function_kill,
     .flags = kNoScript | kAllowBusy,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Terminates a function during execution."},
    {.syntax = "FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE]",
     .handler = function_list,
     .flags = kNoScript,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of functions",
     .summary = "Returns information about all libraries."},
    {.syntax = "FUNCTION LOAD [REPLACE] function-code",
     .handler = function_load,
     .flags = kWrite | kDenyOom | kNoScript | kWorld,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "O(1) (considering compilation time is redundant)",
     .summary = "Creates a library."},
    {.syntax = "FUNCTION RESTORE serialized-value [FLUSH | APPEND | REPLACE]",
     .handler = function_restore,
     .flags = kWrite | kDenyOom | kNoScript | kWorld,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of functions on the payload",
     .summary = "Restores all libraries from a payload."},
    {.syntax = "FUNCTION STATS",
     .handler = function_stats,
     .flags = kNoScript | kAllowBusy,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Returns information about a function during execution."},
};

}  // namespace

Rows function_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
