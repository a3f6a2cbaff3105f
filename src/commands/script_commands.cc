// EVAL and its kin, and SCRIPT. What runs is engine/script_runner's.
#include "commands/help.h"
#include "commands/table.h"
#include "engine/script_runner.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

ScriptRunner& runner(CommandContext& c) {
  return *c.services.script_runners[c.worker.index];
}

struct Words {
  std::string_view script;  // or its SHA-1
  std::span<const std::string_view> keys;
  std::span<const std::string_view> arguments;
};

Words take_words(CommandContext& c) {
  Words words;
  words.script = c.args.next();
  const int64_t keys = c.args.next_integer();
  if (keys > static_cast<int64_t>(c.args.left()))
    fail("ERR Number of keys can't be greater than number of args");
  if (keys < 0) fail("ERR Number of keys can't be negative");
  words.keys = c.args.rest().first(static_cast<size_t>(keys));
  words.arguments = c.args.rest().subspan(static_cast<size_t>(keys));
  return words;
}

void run(CommandContext& c, const ScriptRunner::Compiled& script, const Words& words,
         bool read_only) {
  runner(c).run(c, {.interpreter = runner(c).interpreter(),
                    .call = {.function = script.function,
                             .keys = words.keys,
                             .arguments = words.arguments,
                             .as_globals = true,
                             .name = script.script->sha},
                    .flags = script.script->flags,
                    .read_only = read_only,
                    .kind = ScriptKind::kEval});
}

void run_text(CommandContext& c, bool read_only) {
  const Words words = take_words(c);
  run(c, runner(c).load(words.script, false), words, read_only);
}

void run_sha(CommandContext& c, bool read_only) {
  const Words words = take_words(c);
  const ScriptRunner::Compiled* script = runner(c).find(words.script);
  if (script == nullptr) fail("NOSCRIPT No matching script. Please use EVAL.");
  run(c, *script, words, read_only);
}

void eval(CommandContext& c) {
  run_text(c, false);
}

void eval_ro(CommandContext& c) {
  run_text(c, true);
}

void evalsha(CommandContext& c) {
  run_sha(c, false);
}

void evalsha_ro(CommandContext& c) {
  run_sha(c, true);
}

void script_debug(CommandContext& c) {
  if (c.args.take("NO")) return c.reply.ok();
  if (c.args.take("YES") || c.args.take("SYNC"))
    fail("ERR SCRIPT DEBUG must be called outside a pipeline");
  fail("ERR Use SCRIPT DEBUG YES/SYNC/NO");
}

void script_exists(CommandContext& c) {
  c.reply.array(static_cast<int64_t>(c.args.left()));
  while (!c.args.at_end()) c.reply.integer(c.services.scripts.find(c.args.next()) ? 1 : 0);
}

void script_flush(CommandContext& c) {
  constexpr std::string_view kWrong = "ERR SCRIPT FLUSH only support SYNC|ASYNC option";
  if (c.args.left() > 1) fail(kWrong);
  if (!c.args.at_end() && !c.args.take("SYNC") && !c.args.take("ASYNC")) fail(kWrong);
  c.services.scripts.clear();
  for (const auto& each : c.services.script_runners) each->reset();
  c.reply.ok();
}

void script_kill(CommandContext& c) {
  kill_script(c.services, ScriptKind::kEval);
  c.reply.ok();
}

void script_load(CommandContext& c) {
  c.reply.bulk(runner(c).load(c.args.next(), true).script->sha);
}

void script_show(CommandContext& c) {
  const lua::ScriptPtr script = c.services.scripts.find(c.args.next());
  if (!script) fail("NOSCRIPT No matching script. Please use EVAL.");
  c.reply.bulk(script->text);
}

void script_help(CommandContext& c) {
  reply_help(
      c,
      {
          "DEBUG (YES|SYNC|NO)",
          "    Set the debug mode for subsequent scripts executed.",
          "EXISTS <sha1> [<sha1> ...]",
          "    Return information about the existence of the scripts in the script cache.",
          "FLUSH [ASYNC|SYNC]",
          "    Flush the Lua scripts cache. Very dangerous on replicas.",
          "    When called without the optional mode argument, the behavior is determined by the",
          "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
          "    * ASYNC: Asynchronously flush the scripts cache.",
          "    * SYNC: Synchronously flush the scripts cache.",
          "KILL",
          "    Kill the currently executing Lua script.",
          "LOAD <script>",
          "    Load a script into the scripts cache without executing it.",
          "SHOW <sha1>",
          "    Show a script that is in the scripts cache.",
      });
}

using schema::CommandSpec;
using schema::counted_keys_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kScripting = schema::Group::kScripting;
constexpr uint32_t kEval = kNoScript | kStale | kSkipMonitor | kMayReplicate | schema::kScript;
constexpr uint32_t kEvalRo = kReadOnly | kNoScript | kStale | kSkipMonitor | schema::kScript;
constexpr uint16_t kAnyUse = kRW | kAccess | kUpdate;
constexpr uint16_t kReading = kRO | kAccess;

constexpr CommandSpec kRows[] = {
    {.syntax = "EVAL script numkeys [key [key ...]] [arg [arg ...]]",
     .handler = eval,
     .keys = {counted_keys_at(2, kAnyUse)},
     .flags = kEval,
     .group = kScripting,
     .since = "2.6.0",
     .complexity = "Depends on the script that is executed.",
     .summary = "Executes a server-side Lua script."},
    {.syntax = "EVALSHA sha1 numkeys [key [key ...]] [arg [arg ...]]",
     .handler = evalsha,
     .keys = {counted_keys_at(2, kAnyUse)},
     .flags = kEval,
     .group = kScripting,
     .since = "2.6.0",
     .complexity = "Depends on the script that is executed.",
     .summary = "Executes a server-side Lua script by SHA1 digest."},
    {.syntax = "EVALSHA_RO sha1 numkeys [key [key ...]] [arg [arg ...]]",
     .handler = evalsha_ro,
     .keys = {counted_keys_at(2, kReading)},
     .flags = kEvalRo,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "Depends on the script that is executed.",
     .summary = "Executes a read-only server-side Lua script by SHA1 digest."},
    {.syntax = "EVAL_RO script numkeys [key [key ...]] [arg [arg ...]]",
     .handler = eval_ro,
     .keys = {counted_keys_at(2, kReading)},
     .flags = kEvalRo,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "Depends on the script that is executed.",
     .summary = "Executes a read-only server-side Lua script."},
    {.syntax = "SCRIPT",
     .group = kScripting,
     .since = "2.6.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for Lua scripts management commands."},
    {.syntax = "SCRIPT DEBUG <YES | SYNC | NO>",
     .handler = script_debug,
     .flags = kNoScript,
     .group = kScripting,
     .since = "3.2.0",
     .complexity = "O(1)",
     .summary = "Sets the debug mode of server-side Lua scripts."},
    {.syntax = "SCRIPT EXISTS sha1 [sha1 ...]",
     .handler = script_exists,
     .flags = kNoScript,
     .group = kScripting,
     .since = "2.6.0",
     .complexity =
         "O(N) with N being the number of scripts to check (so checking a single script is an "
         "O(1) operation).",
     .summary = "Determines whether server-side Lua scripts exist in the script cache."},
    {.syntax = "SCRIPT FLUSH [ASYNC | SYNC]",
     .handler = script_flush,
     .flags = kNoScript | kWorld,
     .group = kScripting,
     .since = "2.6.0",
     .complexity = "O(N) with N being the number of scripts in cache",
     .summary = "Removes all server-side Lua scripts from the script cache."},
    {.syntax = "SCRIPT HELP",
     .handler = script_help,
     .flags = kLoading | kStale,
     .group = kScripting,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "SCRIPT KILL",
     .handler = script_kill,
     .flags = kNoScript | kAllowBusy,
     .group = kScripting,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Terminates a server-side Lua script during execution."},
    {.syntax = "SCRIPT LOAD script",
     .handler = script_load,
     .flags = kNoScript | kStale,
     .group = kScripting,
     .since = "2.6.0",
     .complexity = "O(N) with N being the length in bytes of the script body.",
     .summary = "Loads a server-side Lua script to the script cache."},
    {.syntax = "SCRIPT SHOW sha1",
     .handler = script_show,
     .flags = kNoScript,
     .group = kScripting,
     .since = "8.0.0",
     .complexity = "O(1).",
     .summary = "Show server-side Lua script in the script cache."},
};

}  // namespace

Rows script_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
