#include "commands/help.h"

#include "schema/command_table.h"

namespace scrubjay::commands {

void reply_help(engine::CommandContext& c, std::initializer_list<std::string_view> lines) {
  const schema::Command& container = c.command.parent != nullptr ? *c.command.parent : c.command;
  c.reply.array(static_cast<int64_t>(lines.size()) + 3);
  c.reply.simple(fmt::format("{} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                             container.spec->syntax.substr(0, container.spec->syntax.find(' '))));
  for (const std::string_view line : lines) c.reply.simple(line);
  c.reply.simple("HELP");
  c.reply.simple("    Prints this help.");
}

}  // namespace scrubjay::commands
