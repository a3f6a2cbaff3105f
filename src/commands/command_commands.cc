// COMMAND: what this server can do, told from the rows of the command table.
#include <algorithm>

#include "base/glob.h"
#include "commands/command_docs.h"
#include "commands/help.h"
#include "commands/table.h"
#include "schema/acl_category.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using schema::Command;
using schema::KeyPositions;
namespace error_text = resp::error_text;

// By full name: "get", "config|get".
const Command* find_by_full_name(const CommandContext& c, std::string_view name) {
  const size_t bar = name.find('|');
  const Command* command = c.services.commands.find(name.substr(0, bar));
  if (command == nullptr || bar == std::string_view::npos) return command;
  return c.services.commands.find_subcommand(*command, name.substr(bar + 1));
}

void command(CommandContext& c) {
  const auto all = c.services.commands.top_level();
  c.reply.array(static_cast<int64_t>(all.size()));
  for (const Command* item : all) reply_command_info(c.reply, *item);
}

void command_count(CommandContext& c) {
  c.reply.integer(static_cast<int64_t>(c.services.commands.top_level().size()));
}

void command_info(CommandContext& c) {
  if (c.args.at_end()) return command(c);
  c.reply.array(static_cast<int64_t>(c.args.left()));
  while (!c.args.at_end()) {
    if (const Command* item = find_by_full_name(c, c.args.next()))
      reply_command_info(c.reply, *item);
    else
      c.reply.null();
  }
}

void command_docs(CommandContext& c) {
  std::vector<const Command*> wanted;
  if (c.args.at_end()) {
    const auto all = c.services.commands.top_level();
    wanted.assign(all.begin(), all.end());
  }
  while (!c.args.at_end()) {
    if (const Command* item = find_by_full_name(c, c.args.next())) wanted.push_back(item);
  }
  c.reply.map(static_cast<int64_t>(wanted.size()));
  for (const Command* item : wanted) reply_command_docs(c.reply, *item);
}

void command_list(CommandContext& c) {
  enum class Filter { kNone, kModule, kCategory, kPattern };
  Filter filter = Filter::kNone;
  std::string_view operand;
  if (!c.args.at_end()) {
    if (c.args.left() != 3 || !c.args.take("FILTERBY")) fail(error_text::kSyntax);
    if (c.args.take("MODULE"))
      filter = Filter::kModule;
    else if (c.args.take("ACLCAT"))
      filter = Filter::kCategory;
    else if (c.args.take("PATTERN"))
      filter = Filter::kPattern;
    else
      fail(error_text::kSyntax);
    operand = c.args.next();
  }
  const uint32_t category = schema::find_acl_category(operand).value_or(0);
  const auto fits = [&](const Command& item) {
    switch (filter) {
      case Filter::kNone:
        return true;
      case Filter::kModule:
        return false;
      case Filter::kCategory:
        return (categories_of(*item.spec) & category) != 0;
      case Filter::kPattern:
        return glob_match(operand, item.name, true);
    }
    return false;
  };
  const size_t place = c.reply.array_later();
  int64_t count = 0;
  for (size_t id = 0; id < c.services.commands.size(); ++id) {
    const Command& item = c.services.commands[id];
    if (!fits(item)) continue;
    c.reply.bulk(item.name);
    ++count;
  }
  c.reply.set_length(place, count);
}

KeyPositions keys_of_request(CommandContext& c) {
  const auto request = c.args.rest();
  const Command* item = c.services.commands.find(request[0]);
  if (item != nullptr && !item->subcommands.empty() && request.size() > 1) {
    item = c.services.commands.find_subcommand(*item, request[1]);
  }
  if (item == nullptr) fail("ERR Invalid command specified");
  using Shape = schema::KeySpec::Shape;
  const Shape first = item->spec->keys[0].shape;
  if (first == Shape::kNone || first == Shape::kEveryKey)
    fail("ERR The command has no key arguments");
  const auto count = static_cast<int>(request.size());
  if (item->arity >= 0 ? count != item->arity : count < -item->arity) {
    fail("ERR Invalid number of arguments specified for command");
  }
  KeyPositions positions;
  const bool found = extract_keys(*item->spec, request, positions);
  const bool may_have_none = item->spec->group == schema::Group::kScripting;
  if (!found || (positions.empty() && !may_have_none))
    fail("ERR Invalid arguments specified for command");
  return positions;
}

void command_getkeys(CommandContext& c) {
  const auto request = c.args.rest();
  const KeyPositions positions = keys_of_request(c);
  c.reply.array(static_cast<int64_t>(positions.size()));
  for (const auto& position : positions) c.reply.bulk(request[position.index]);
}

void command_getkeysandflags(CommandContext& c) {
  const auto request = c.args.rest();
  const KeyPositions positions = keys_of_request(c);
  c.reply.array(static_cast<int64_t>(positions.size()));
  for (const auto& position : positions) {
    c.reply.array(2);
    c.reply.bulk(request[position.index]);
    reply_key_flags(c.reply, position.flags);
  }
}

void command_help(CommandContext& c) {
  reply_help(c, {
                    "(no subcommand)",
                    "    Return what is known about every command.",
                    "COUNT",
                    "    Return how many commands there are.",
                    "LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
                    "    Return the names of all commands, or of those that fit.",
                    "INFO [<command-name> ...]",
                    "    Return what is known about these commands, or about all.",
                    "DOCS [<command-name> ...]",
                    "    Return the documentation of these commands, or of all.",
                    "GETKEYS <full-command>",
                    "    Return the keys that a request names.",
                    "GETKEYSANDFLAGS <full-command>",
                    "    Return the keys that a request names, and what it does with them.",
                });
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kServer = schema::Group::kServer;
constexpr uint32_t kFlags = kLoading | kStale;
constexpr uint32_t kAcl = schema::kAclConnection;

constexpr CommandSpec kRows[] = {
    {.syntax = "COMMAND",
     .handler = command,
     .flags = kFlags | kContainer,
     .group = kServer,
     .acl = kAcl,
     .since = "2.8.13",
     .complexity = "O(N) where N is the total number of Redis commands",
     .summary = "Returns detailed information about all commands."},
    {.syntax = "COMMAND COUNT",
     .handler = command_count,
     .flags = kFlags,
     .group = kServer,
     .acl = kAcl,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Returns a count of commands."},
    {.syntax = "COMMAND DOCS [command-name [command-name ...]]",
     .handler = command_docs,
     .flags = kFlags,
     .group = kServer,
     .acl = kAcl,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of commands to look up",
     .summary = "Returns documentary information about one, multiple or all commands."},
    {.syntax = "COMMAND GETKEYS command [arg [arg ...]]",
     .handler = command_getkeys,
     .flags = kFlags,
     .group = kServer,
     .acl = kAcl,
     .since = "2.8.13",
     .complexity = "O(N) where N is the number of arguments to the command",
     .summary = "Extracts the key names from an arbitrary command."},
    {.syntax = "COMMAND GETKEYSANDFLAGS command [arg [arg ...]]",
     .handler = command_getkeysandflags,
     .flags = kFlags,
     .group = kServer,
     .acl = kAcl,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of arguments to the command",
     .summary = "Extracts the key names and access flags for an arbitrary command."},
    {.syntax = "COMMAND HELP",
     .handler = command_help,
     .flags = kFlags,
     .group = kServer,
     .acl = kAcl,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "COMMAND INFO [command-name [command-name ...]]",
     .handler = command_info,
     .flags = kFlags,
     .group = kServer,
     .acl = kAcl,
     .since = "2.8.13",
     .complexity = "O(N) where N is the number of commands to look up",
     .summary = "Returns information about one, multiple or all commands."},
    {.syntax = "COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
     .handler = command_list,
     .flags = kFlags,
     .group = kServer,
     .acl = kAcl,
     .since = "7.0.0",
     .complexity = "O(N) where N is the total number of Redis commands",
     .summary = "Returns a list of command names."},
};

}  // namespace

Rows command_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
