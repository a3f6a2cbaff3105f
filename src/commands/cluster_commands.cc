// What clients ask about clusters, replication and modules: this server stands alone.
#include "commands/help.h"
#include "commands/table.h"
#include "schema/acl_category.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

void no_cluster(CommandContext&) {
  fail("ERR This instance has cluster support disabled");
}

void role(CommandContext& c) {
  c.reply.array(3);
  c.reply.bulk("master");
  c.reply.integer(0);
  c.reply.array(0);
}

void replicaof(CommandContext& c) {
  if (!c.args.take("NO") || !c.args.take("ONE")) {
    fail("ERR This server cannot be a replica: only NO ONE is accepted");
  }
  c.reply.ok();
}

void module_list(CommandContext& c) {
  c.reply.array(0);
}

void module_refused(CommandContext& c) {
  const auto permission = c.services.config.enable_module_command;
  const bool allowed = permission == config::Permission::kYes ||
                       (permission == config::Permission::kLocal && is_local(c.client));
  if (allowed) fail("ERR Error loading the extension. Please check the server logs.");
  fail(
      "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", "
      "you can "
      "run it from a local connection, otherwise you need to set this option in the configuration "
      "file, "
      "and then restart the server.");
}

void module_help(CommandContext& c) {
  reply_help(c, {
                    "LIST",
                    "    Return the loaded modules: there are none.",
                });
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kServer = schema::Group::kServer;
constexpr auto kCluster = schema::Group::kCluster;
constexpr uint32_t kModule = kAdmin | kNoScript | kNoAsyncLoading;

constexpr CommandSpec kRows[] = {
    {.syntax = "ASKING",
     .handler = no_cluster,
     .flags = kFast,
     .group = kCluster,
     .acl = schema::kAclConnection,
     .since = "3.0.0",
     .complexity = "O(1)",
     .summary = "Signals that a cluster client is following an -ASK redirect."},
    {.syntax = "CLUSTER subcommand [arg [arg ...]]",
     .handler = no_cluster,
     .flags = kStale,
     .group = kCluster,
     .since = "3.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for Redis Cluster commands."},
    {.syntax = "READONLY",
     .handler = no_cluster,
     .flags = kLoading | kStale | kFast,
     .group = kCluster,
     .acl = schema::kAclConnection,
     .since = "3.0.0",
     .complexity = "O(1)",
     .summary = "Enables read-only queries for a connection to a Redis Cluster replica node."},
    {.syntax = "READWRITE",
     .handler = no_cluster,
     .flags = kLoading | kStale | kFast,
     .group = kCluster,
     .acl = schema::kAclConnection,
     .since = "3.0.0",
     .complexity = "O(1)",
     .summary = "Enables read-write queries for a connection to a Redis Cluster replica node."},
    {.syntax = "MODULE",
     .group = kServer,
     .since = "4.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for module commands."},
    {.syntax = "MODULE HELP",
     .handler = module_help,
     .flags = kLoading | kStale,
     .group = kServer,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "MODULE LIST",
     .handler = module_list,
     .flags = kAdmin | kNoScript,
     .group = kServer,
     .since = "4.0.0",
     .complexity = "O(N) where N is the number of loaded modules.",
     .summary = "Returns all loaded modules."},
    {.syntax = "MODULE LOAD path [arg [arg ...]]",
     .handler = module_refused,
     .flags = kModule,
     .group = kServer,
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Loads a module."},
    {.syntax =
         "MODULE LOADEX path [CONFIG name value [CONFIG name value ...]] [ARGS args [args ...]]",
     .handler = module_refused,
     .flags = kModule,
     .group = kServer,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Loads a module using extended parameters."},
    {.syntax = "MODULE UNLOAD name",
     .handler = module_refused,
     .flags = kModule,
     .group = kServer,
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Unloads a module."},
    {.syntax = "REPLICAOF <host port | NO ONE>",
     .handler = replicaof,
     .flags = kAdmin | kNoScript | kStale | kNoAsyncLoading,
     .group = kServer,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Configures a server as replica of another, or promotes it to a master.",
     .arity = 3},
    {.syntax = "ROLE",
     .handler = role,
     .flags = kNoScript | kLoading | kStale | kFast,
     .group = kServer,
     .acl = schema::kAclAdmin | schema::kAclDangerous,
     .since = "2.8.12",
     .complexity = "O(1)",
     .summary = "Returns the replication role."},
    {.syntax = "SLAVEOF <host port | NO ONE>",
     .handler = replicaof,
     .flags = kAdmin | kNoScript | kStale | kNoAsyncLoading,
     .group = kServer,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Sets a Redis server as a replica of another, or promotes it to being a master.",
     .arity = 3},
};

}  // namespace

Rows cluster_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
