// PING, HELLO, AUTH and what else a connection begins and ends with.
#include <limits>

#include "commands/client_names.h"
#include "commands/table.h"
#include "engine/client_tracking.h"
#include "engine/context.h"
#include "engine/server_identity.h"
#include "engine/subscribing.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
namespace error_text = resp::error_text;

constexpr std::string_view kWrongPass =
    "WRONGPASS invalid username-password pair or user is disabled.";

void ping(CommandContext& c) {
  if (c.args.size() > 2) fail("ERR wrong number of arguments for '{}' command", c.command.name);
  if (c.client.in_subscriber_mode()) {
    c.reply.array(2);
    c.reply.bulk("pong");
    c.reply.bulk(c.args.size() == 2 ? c.args[1] : "");
    return;
  }
  if (c.args.size() == 2)
    c.reply.bulk(c.args[1]);
  else
    c.reply.simple("PONG");
}

void echo(CommandContext& c) {
  c.reply.bulk(c.args[1]);
}

void select(CommandContext& c) {
  const int64_t database = c.args.next_integer();
  if (database < std::numeric_limits<int>::min() || database > std::numeric_limits<int>::max()) {
    fail("ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  if (database < 0 || database >= c.services.keyspace.databases())
    fail(error_text::kDbIndexOutOfRange);
  c.client.database = static_cast<int>(database);
  c.reply.ok();
}

void quit(CommandContext& c) {
  c.client.close_after_reply = true;
  c.reply.ok();
}

void drop_transaction(CommandContext& c) {
  for (const WatchedVersion& watched : c.client.transaction.watched) {
    c.keys.unwatch(watched.database, Key(watched.key));
  }
  c.client.transaction = {};
}

void reset(CommandContext& c) {
  Client& client = c.client;
  drop_transaction(c);
  if (client.monitor) c.services.monitors.fetch_sub(1, std::memory_order_relaxed);
  client.monitor = false;
  if (client.subscriptions.any()) {
    unsubscribe_all(c.services.hub, client);
    if (c.worker.deliver_pushes) c.worker.deliver_pushes();  // what was said before
  }
  stop_tracking(c.services, client);
  client.database = 0;
  client.protocol = 2;
  client.name.clear();
  client.user = "default";
  client.authenticated = c.services.config.requirepass.empty();
  client.no_evict = false;
  client.no_touch = false;
  client.reply_mode = ReplyMode::kOn;
  c.reply.set_protocol(2);
  c.reply.simple("RESET");
}

// Takes the same time whatever the first difference is.
bool same_secret(std::string_view given, std::string_view right) {
  unsigned difference = given.size() == right.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    const char other = right.empty() ? '\0' : right[i % right.size()];
    difference |= static_cast<unsigned char>(given[i] ^ other);
  }
  return difference == 0;
}

// Without a password set, any password of the default user is right.
bool may_log_in(const CommandContext& c, std::string_view user, std::string_view password) {
  const std::string& right = c.services.config.requirepass;
  return user == "default" && (right.empty() || same_secret(password, right));
}

void log_in(Client& client) {
  client.user = "default";
  client.authenticated = true;
}

void auth(CommandContext& c) {
  if (c.args.size() > 3) fail(error_text::kSyntax);
  if (c.args.size() == 2 && c.services.config.requirepass.empty()) {
    fail(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure "
        "your configuration is correct?");
  }
  const std::string_view user = c.args.size() == 3 ? c.args.next() : "default";
  if (!may_log_in(c, user, c.args.next())) fail(kWrongPass);
  log_in(c.client);
  c.reply.ok();
}

struct HelloOptions {
  int64_t protocol = 0;  // 0: as it is
  bool authenticates = false;
  std::string_view user;
  std::string_view password;
  std::optional<std::string_view> name;
};

HelloOptions parse_hello(CommandContext& c) {
  HelloOptions options;
  if (c.args.at_end()) return options;
  options.protocol = c.args.next_integer("ERR Protocol version is not an integer or out of range");
  if (options.protocol != 2 && options.protocol != 3) fail("NOPROTO unsupported protocol version");
  while (!c.args.at_end()) {
    const std::string_view word = c.args.next();
    if (equal_ignoring_case(word, "AUTH") && c.args.left() >= 2) {
      options.authenticates = true;
      options.user = c.args.next();
      options.password = c.args.next();
    } else if (equal_ignoring_case(word, "SETNAME") && c.args.left() >= 1) {
      options.name = c.args.next();
      check_client_name(*options.name);
    } else {
      fail("ERR Syntax error in HELLO option '{}'", word);
    }
  }
  return options;
}

void hello(CommandContext& c) {
  const HelloOptions options = parse_hello(c);
  if (options.authenticates) {
    if (!may_log_in(c, options.user, options.password)) fail(kWrongPass);
    log_in(c.client);
  }
  if (!c.client.authenticated) {
    fail(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
        "<proto> "
        "AUTH <user> <pass> option can be used to authenticate the client and select the RESP "
        "protocol "
        "version at the same time");
  }
  if (options.name) c.client.name = *options.name;
  if (options.protocol != 0) {
    c.client.protocol = static_cast<int>(options.protocol);
    c.reply.set_protocol(c.client.protocol);
  }
  c.reply.map(7);
  c.reply.bulk("server");
  c.reply.bulk("redis");
  c.reply.bulk("version");
  c.reply.bulk(kRedisVersion);
  c.reply.bulk("proto");
  c.reply.integer(c.client.protocol);
  c.reply.bulk("id");
  c.reply.integer(static_cast<int64_t>(c.client.id));
  c.reply.bulk("mode");
  c.reply.bulk("standalone");
  c.reply.bulk("role");
  c.reply.bulk("master");
  c.reply.bulk("modules");
  c.reply.array(0);
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kConnection = schema::Group::kConnection;
constexpr uint32_t kAlwaysHeard = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy;

constexpr CommandSpec kRows[] = {
    {.syntax = "AUTH [username] password",
     .handler = auth,
     .flags = kAlwaysHeard,
     .group = kConnection,
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of passwords defined for the user",
     .summary = "Authenticates the connection."},
    {.syntax = "ECHO message",
     .handler = echo,
     .flags = kLoading | kStale | kFast,
     .group = kConnection,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns the given string."},
    {.syntax = "HELLO [protover [AUTH username password] [SETNAME clientname]]",
     .handler = hello,
     .flags = kAlwaysHeard,
     .group = kConnection,
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Handshakes with the Redis server."},
    {.syntax = "PING [message]",
     .handler = ping,
     .flags = kFast | kWhileSubscribed,
     .group = kConnection,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns the server's liveliness response."},
    {.syntax = "QUIT",
     .handler = quit,
     .flags = kAlwaysHeard | kControl | kWhileSubscribed,
     .group = kConnection,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Closes the connection.",
     .arity = -1},
    {.syntax = "RESET",
     .handler = reset,
     .flags = kWhileSubscribed | kAlwaysHeard | kControl | kLocksWatched,
     .group = kConnection,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Resets the connection."},
    {.syntax = "SELECT index",
     .handler = select,
     .flags = kLoading | kStale | kFast,
     .group = kConnection,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Changes the selected database."},
};

}  // namespace

Rows connection_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
