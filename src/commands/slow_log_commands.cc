// SLOWLOG: the latest slow commands.
#include "commands/help.h"
#include "commands/table.h"
#include "engine/context.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

void slowlog_get(CommandContext& c) {
  int64_t count = 10;
  if (c.args.left() > 1)
    fail("ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP.");
  if (!c.args.at_end()) {
    count =
        c.args.next_integer_in(-1, INT64_MAX, "ERR count should be greater than or equal to -1");
  }
  const auto items = c.services.slow_log.latest(count < 0 ? SIZE_MAX : static_cast<size_t>(count));
  c.reply.array(static_cast<int64_t>(items.size()));
  for (const SlowLog::Item& item : items) {
    c.reply.array(6);
    c.reply.integer(item.id);
    c.reply.integer(item.unix_seconds);
    c.reply.integer(item.duration_us);
    c.reply.array(static_cast<int64_t>(item.arguments.size()));
    for (const std::string& argument : item.arguments) c.reply.bulk(argument);
    c.reply.bulk(item.client_address);
    c.reply.bulk(item.client_name);
  }
}

void slowlog_len(CommandContext& c) {
  c.reply.integer(static_cast<int64_t>(c.services.slow_log.size()));
}

void slowlog_reset(CommandContext& c) {
  c.services.slow_log.reset();
  c.reply.ok();
}

void slowlog_help(CommandContext& c) {
  reply_help(c, {"GET [<count>]",
                 "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
                 "    Entries are made of:",
                 "    id, timestamp, time in microseconds, arguments array, client IP and port,",
                 "    client name", "LEN", "    Return the length of the slowlog.", "RESET",
                 "    Reset the slowlog."});
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kServer = schema::Group::kServer;

constexpr CommandSpec kRows[] = {
    {.syntax = "SLOWLOG",
     .group = kServer,
     .since = "2.2.12",
     .complexity = "Depends on subcommand.",
     .summary = "A container for slow log commands."},
    {.syntax = "SLOWLOG GET [count]",
     .handler = slowlog_get,
     .flags = kAdmin | kLoading | kStale,
     .group = kServer,
     .since = "2.2.12",
     .complexity = "O(N) where N is the number of entries returned",
     .summary = "Returns the slow log's entries."},
    {.syntax = "SLOWLOG HELP",
     .handler = slowlog_help,
     .flags = kLoading | kStale,
     .group = kServer,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Show helpful text about the different subcommands"},
    {.syntax = "SLOWLOG LEN",
     .handler = slowlog_len,
     .flags = kAdmin | kLoading | kStale,
     .group = kServer,
     .since = "2.2.12",
     .complexity = "O(1)",
     .summary = "Returns the number of entries in the slow log."},
    {.syntax = "SLOWLOG RESET",
     .handler = slowlog_reset,
     .flags = kAdmin | kLoading | kStale,
     .group = kServer,
     .since = "2.2.12",
     .complexity = "O(N) where N is the number of entries in the slowlog",
     .summary = "Clears all entries from the slow log."},
};

}  // namespace

Rows slow_log_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
