// CONFIG: reads and changes the options of the running server.
#include "base/contention.h"
#include "commands/help.h"
#include "commands/table.h"
#include "config/option_table.h"
#include "config/rewrite.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

void config_get(CommandContext& c) {
  const auto pairs = config::get(c.services.config, c.args.rest());
  c.reply.map(static_cast<int64_t>(pairs.size()));
  for (const auto& [name, value] : pairs) {
    c.reply.bulk(name);
    c.reply.bulk(value);
  }
}

// What the engine keeps besides the configuration itself. Returns why it can't follow.
std::string apply(Services& services, const std::vector<std::string>& changed) {
  services.apply_policy();
  services.config_version.fetch_add(1, std::memory_order_release);
  return services.apply_config ? services.apply_config(changed) : std::string();
}

// Without a password everybody is the default user. With a new one, who is in stays in.
void admit_all(Services& services) {
  services.clients.each([](Client& client) { client.authenticated = true; });
}

void config_set(CommandContext& c) {
  Services& services = c.services;
  config::Config before = services.config;
  const auto result = config::set(services.config, c.args.rest(), is_local(c.client));
  if (!result) fail("ERR {}", result.error());
  const std::vector<std::string> changed(result->begin(), result->end());
  if (!changed.empty()) {
    const std::string reason = apply(services, changed);
    if (!reason.empty()) {
      services.config = std::move(before);
      apply(services, changed);
      fail("ERR {}", config::set_error(changed.front(), reason));
    }
    if (services.config.requirepass.empty() && !before.requirepass.empty()) admit_all(services);
  }
  c.reply.ok();
}

void config_rewrite(CommandContext& c) {
  if (c.services.config_file.empty()) fail("ERR The server is running without a config file");
  const Status written = config::rewrite_file(c.services.config, c.services.config_file);
  if (!written) fail("ERR {}", written.error());
  c.reply.ok();
}

void config_resetstat(CommandContext& c) {
  for (const auto& worker : c.services.workers) worker->counters.reset();
  c.services.keyspace.reset_counters(true);
  c.services.janitor.reset_freed();
  ContentionCounters::reset();
  c.reply.ok();
}

void config_help(CommandContext& c) {
  reply_help(c, {
                    "GET <pattern> [<pattern> ...]",
                    "    Return the options that fit a pattern, with their values.",
                    "SET <option> <value> [<option> <value> ...]",
                    "    Give options new values: all of them, or none if one is refused.",
                    "RESETSTAT",
                    "    Set the counters that INFO shows to zero.",
                    "REWRITE",
                    "    Bring the configuration file up to the running values.",
                });
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kServer = schema::Group::kServer;
constexpr uint32_t kFlags = kAdmin | kNoScript | kLoading | kStale;

constexpr CommandSpec kRows[] = {
    {.syntax = "CONFIG",
     .group = kServer,
     .since = "2.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for server configuration commands."},
    {.syntax = "CONFIG GET parameter [parameter ...]",
     .handler = config_get,
     .flags = kFlags,
     .group = kServer,
     .since = "2.0.0",
     .complexity = "O(N) when N is the number of configuration parameters provided",
     .summary = "Returns the effective values of configuration parameters."},
    {.syntax = "CONFIG HELP",
     .handler = config_help,
     .flags = kLoading | kStale,
     .group = kServer,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "CONFIG RESETSTAT",
     .handler = config_resetstat,
     .flags = kFlags | kWorld,
     .group = kServer,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Resets the server's statistics."},
    {.syntax = "CONFIG REWRITE",
     .handler = config_rewrite,
     .flags = kFlags | kWorld,
     .group = kServer,
     .since = "2.8.0",
     .complexity = "O(1)",
     .summary = "Persists the effective configuration to file."},
    {.syntax = "CONFIG SET parameter value [parameter value ...]",
     .handler = config_set,
     .flags = kFlags | kWorld,
     .group = kServer,
     .since = "2.0.0",
     .complexity = "O(N) when N is the number of configuration parameters provided",
     .summary = "Sets configuration parameters in-flight."},
};

}  // namespace

Rows config_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
