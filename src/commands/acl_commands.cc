// ACL: there is one user, the default one, who may do everything once the password is given.
#include "base/sha256.h"
#include "commands/help.h"
#include "commands/table.h"
#include "schema/acl_category.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

void acl_whoami(CommandContext& c) {
  c.reply.bulk(c.client.user);
}

void acl_users(CommandContext& c) {
  c.reply.array(1);
  c.reply.bulk("default");
}

void acl_list(CommandContext& c) {
  const std::string& password = c.services.config.requirepass;
  c.reply.array(1);
  c.reply.bulk(password.empty()
                   ? "user default on nopass sanitize-payload ~* &* +@all"
                   : "user default on sanitize-payload #" + sha256_hex(password) + " ~* &* +@all");
}

void acl_getuser(CommandContext& c) {
  if (c.args.next() != "default") return c.reply.null();
  const std::string& password = c.services.config.requirepass;
  c.reply.map(6);
  c.reply.bulk("flags");
  c.reply.set(password.empty() ? 3 : 2);
  c.reply.bulk("on");
  if (password.empty()) c.reply.bulk("nopass");
  c.reply.bulk("sanitize-payload");
  c.reply.bulk("passwords");
  c.reply.array(password.empty() ? 0 : 1);
  if (!password.empty()) c.reply.bulk(sha256_hex(password));
  c.reply.bulk("commands");
  c.reply.bulk("+@all");
  c.reply.bulk("keys");
  c.reply.bulk("~*");
  c.reply.bulk("channels");
  c.reply.bulk("&*");
  c.reply.bulk("selectors");
  c.reply.array(0);
}

void acl_cat(CommandContext& c) {
  if (c.args.at_end()) {
    c.reply.array(schema::kAclCategories);
    for (size_t bit = 0; bit < schema::kAclCategories; ++bit)
      c.reply.bulk(schema::acl_category_name(bit));
    return;
  }
  const std::string_view name = c.args.next();
  if (!c.args.at_end()) {
    fail("ERR unknown subcommand or wrong number of arguments for '{}'. Try ACL HELP.", c.args[1]);
  }
  const auto category = schema::find_acl_category(name);
  if (!category) fail("ERR Unknown category '{}'", name);
  const size_t place = c.reply.array_later();
  int64_t count = 0;
  for (size_t id = 0; id < c.services.commands.size(); ++id) {
    const schema::Command& command = c.services.commands[id];
    if ((categories_of(*command.spec) & *category) == 0) continue;
    c.reply.bulk(command.name);
    ++count;
  }
  c.reply.set_length(place, count);
}

void acl_help(CommandContext& c) {
  reply_help(c, {
                    "CAT [<category>]",
                    "    Return the categories of commands, or the commands in one.",
                    "GETUSER <username>",
                    "    Return what a user may do.",
                    "LIST",
                    "    Return all users as lines of an ACL file.",
                    "USERS",
                    "    Return the names of all users.",
                    "WHOAMI",
                    "    Return this connection's user.",
                });
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kServer = schema::Group::kServer;
constexpr uint32_t kOpen = kNoScript | kLoading | kStale;

constexpr CommandSpec kRows[] = {
    {.syntax = "ACL",
     .group = kServer,
     .since = "6.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for Access List Control commands."},
    {.syntax = "ACL CAT [category]",
     .handler = acl_cat,
     .flags = kOpen,
     .group = kServer,
     .since = "6.0.0",
     .complexity = "O(1) since the categories and commands are a fixed set.",
     .summary = "Lists the ACL categories, or the commands inside a category."},
    {.syntax = "ACL GETUSER username",
     .handler = acl_getuser,
     .flags = kAdmin | kOpen,
     .group = kServer,
     .since = "6.0.0",
     .complexity =
         "O(N). Where N is the number of password, command and pattern rules that the user has.",
     .summary = "Lists the ACL rules of a user."},
    {.syntax = "ACL HELP",
     .handler = acl_help,
     .flags = kLoading | kStale,
     .group = kServer,
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "ACL LIST",
     .handler = acl_list,
     .flags = kAdmin | kOpen,
     .group = kServer,
     .since = "6.0.0",
     .complexity = "O(N). Where N is the number of configured users.",
     .summary = "Dumps the effective rules in ACL file format."},
    {.syntax = "ACL USERS",
     .handler = acl_users,
     .flags = kAdmin | kOpen,
     .group = kServer,
     .since = "6.0.0",
     .complexity = "O(N). Where N is the number of configured users.",
     .summary = "Lists all ACL users."},
    {.syntax = "ACL WHOAMI",
     .handler = acl_whoami,
     .flags = kOpen,
     .group = kServer,
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Returns the authenticated username of the current connection."},
};

}  // namespace

Rows acl_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
