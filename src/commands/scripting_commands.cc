// SCRIPT and FUNCTION, as far as they make sense without scripts: there are none to find or to
// flush.
#include "commands/help.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

void take_flush_mode(CommandContext& c, std::string_view error) {
  if (c.args.at_end()) return;
  if (!c.args.take("SYNC") && !c.args.take("ASYNC")) fail(error);
  if (!c.args.at_end()) fail(error);
}

void script_exists(CommandContext& c) {
  c.reply.array(static_cast<int64_t>(c.args.left()));
  for (size_t i = c.args.left(); i > 0; --i) c.reply.integer(0);
}

void script_flush(CommandContext& c) {
  take_flush_mode(c, "ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  c.reply.ok();
}

void script_help(CommandContext& c) {
  reply_help(c, {
                    "EXISTS <sha1> [<sha1> ...]",
                    "    Return for each script whether it is known.",
                    "FLUSH [ASYNC|SYNC]",
                    "    Forget all scripts.",
                });
}

void function_list(CommandContext& c) {
  while (!c.args.at_end()) {
    if (c.args.take("WITHCODE")) continue;
    if (!c.args.take("LIBRARYNAME")) fail("ERR Unknown argument {}", c.args.peek());
    if (c.args.at_end()) fail("ERR library name argument was not given");
    c.args.skip();
  }
  c.reply.array(0);
}

void function_flush(CommandContext& c) {
  if (c.args.left() > 1) {
    fail("ERR unknown subcommand or wrong number of arguments for '{}'. Try FUNCTION HELP.",
         c.args[1]);
  }
  take_flush_mode(c, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  c.reply.ok();
}

void function_help(CommandContext& c) {
  reply_help(c, {
                    "FLUSH [ASYNC|SYNC]",
                    "    Delete all libraries.",
                    "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
                    "    Return what is known about the libraries.",
                });
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kScripting = schema::Group::kScripting;

constexpr CommandSpec kRows[] = {
    {.syntax = "FUNCTION",
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for function commands."},
    {.syntax = "FUNCTION FLUSH [ASYNC | SYNC]",
     .handler = function_flush,
     .flags = kWrite | kNoScript,
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
    {.syntax = "FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE]",
     .handler = function_list,
     .flags = kNoScript,
     .group = kScripting,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of functions",
     .summary = "Returns information about all libraries."},
    {.syntax = "SCRIPT",
     .group = kScripting,
     .since = "2.6.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for Lua scripts management commands."},
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
     .flags = kNoScript,
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
};

}  // namespace

Rows scripting_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
