// FUNCTION, as far as it makes sense without functions: there are none to find or to flush.
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
};

}  // namespace

Rows scripting_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
