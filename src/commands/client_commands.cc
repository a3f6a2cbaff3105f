// CLIENT: what connections are called, who they are, and how to stop them.
#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "commands/client_line.h"
#include "commands/client_names.h"
#include "commands/help.h"
#include "commands/table.h"
#include "engine/client_tracking.h"
#include "engine/subscribing.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
namespace error_text = resp::error_text;

bool next_is_on(CommandContext& c) {
  if (c.args.take("ON")) return true;
  if (!c.args.take("OFF")) fail(error_text::kSyntax);
  return false;
}

void client_id(CommandContext& c) {
  c.reply.integer(static_cast<int64_t>(c.client.id));
}

void client_getname(CommandContext& c) {
  if (c.client.name.empty())
    c.reply.null();
  else
    c.reply.bulk(c.client.name);
}

void client_setname(CommandContext& c) {
  const std::string_view name = c.args.next();
  check_client_name(name);
  c.client.name = name;
  c.reply.ok();
}

void client_setinfo(CommandContext& c) {
  const std::string_view option = c.args.next();
  const std::string_view value = c.args.next();
  std::string* place = nullptr;
  if (equal_ignoring_case(option, "lib-name"))
    place = &c.client.library_name;
  else if (equal_ignoring_case(option, "lib-ver"))
    place = &c.client.library_version;
  else
    fail("ERR Unrecognized option '{}'", option);
  if (!is_graphic(value))
    fail("ERR {} cannot contain spaces, newlines or special characters.", option);
  *place = value;
  c.reply.ok();
}

void client_no_evict(CommandContext& c) {
  c.client.no_evict = next_is_on(c);
  c.reply.ok();
}

void client_no_touch(CommandContext& c) {
  c.client.no_touch = next_is_on(c);
  c.reply.ok();
}

void client_reply(CommandContext& c) {
  if (c.args.take("SKIP")) {
    if (c.client.reply_mode != ReplyMode::kOff) c.client.reply_mode = ReplyMode::kSkipNext;
    return;
  }
  const bool on = next_is_on(c);
  c.client.reply_mode = on ? ReplyMode::kOn : ReplyMode::kOff;
  if (on) c.reply.ok();
}

// The types that clients can have. There are no links to a master or to replicas: of these there is
// always none.
enum class ClientType { kNormal, kPubSub, kOther };

ClientType type_of(const Client& client) {
  return client.subscriptions.any() ? ClientType::kPubSub : ClientType::kNormal;
}

ClientType client_type(std::string_view name) {
  if (equal_ignoring_case(name, "normal")) return ClientType::kNormal;
  if (equal_ignoring_case(name, "pubsub")) return ClientType::kPubSub;
  for (const std::string_view other : {"master", "replica", "slave"}) {
    if (equal_ignoring_case(name, other)) return ClientType::kOther;
  }
  fail("ERR Unknown client type '{}'", name);
}

void client_info(CommandContext& c) {
  c.reply.verbatim(client_line(c, c.client) + "\n");
}

void client_list(CommandContext& c) {
  std::optional<ClientType> type;
  std::vector<uint64_t> ids;
  const bool by_id = c.args.left() > 1 && c.args.take("ID");
  while (by_id && !c.args.at_end()) {
    ids.push_back(static_cast<uint64_t>(
        c.args.next_integer_in(0, std::numeric_limits<int64_t>::max(), "ERR Invalid client ID")));
  }
  if (!c.args.at_end()) {
    if (c.args.left() != 2 || !c.args.take("TYPE")) fail(error_text::kSyntax);
    type = client_type(c.args.next());
  }
  std::string text;
  const auto add = [&](const Client& client) { text += client_line(c, client) + "\n"; };
  if (by_id) {
    for (const uint64_t id : ids) {
      if (const Client* client = c.services.clients.find(id)) add(*client);
    }
  } else {
    c.services.clients.each([&](const Client& client) {
      if (client.killed.load(std::memory_order_relaxed)) return;
      if (!type || *type == type_of(client)) add(client);
    });
  }
  c.reply.verbatim(text);
}

struct KillFilter {
  std::optional<uint64_t> id;
  std::optional<std::string_view> address;
  std::optional<std::string_view> local_address;
  std::optional<std::string_view> user;
  std::optional<ClientType> type;
  int64_t min_age_s = 0;
  bool skip_me = true;

  bool fits(const Client& client, const Client& me, int64_t now_ms) const {
    return (!id || client.id == *id) && (!address || client.address == *address) &&
           (!local_address || client.local_address == *local_address) &&
           (!user || client.user == *user) && (!type || *type == type_of(client)) &&
           (now_ms - client.created_ms) / 1000 >= min_age_s && !(skip_me && &client == &me);
  }
};

KillFilter parse_kill(CommandContext& c) {
  KillFilter filter;
  while (!c.args.at_end()) {
    if (c.args.left() < 2) fail(error_text::kSyntax);
    if (c.args.take("ID")) {
      filter.id = static_cast<uint64_t>(c.args.next_integer_in(
          1, std::numeric_limits<int64_t>::max(), "ERR client-id should be greater than 0"));
    } else if (c.args.take("TYPE")) {
      filter.type = client_type(c.args.next());
    } else if (c.args.take("ADDR")) {
      filter.address = c.args.next();
    } else if (c.args.take("LADDR")) {
      filter.local_address = c.args.next();
    } else if (c.args.take("USER")) {
      filter.user = c.args.next();
      if (filter.user != "default") fail("ERR No such user '{}'", *filter.user);
    } else if (c.args.take("MAXAGE")) {
      filter.min_age_s = c.args.next_integer("ERR maxage is not an integer or out of range");
      if (filter.min_age_s <= 0) fail("ERR maxage should be greater than 0");
    } else if (c.args.take("SKIPME")) {
      filter.skip_me = c.args.take("YES");
      if (!filter.skip_me && !c.args.take("NO")) fail(error_text::kSyntax);
    } else {
      fail(error_text::kSyntax);
    }
  }
  return filter;
}

// Its own thread closes the connection, a little later; from now on it gets no messages and none of
// what it waits for. World held.
void kill_client(CommandContext& c, Client& client) {
  client.killed.store(true, std::memory_order_relaxed);
  drop_tracking(c.services, c.worker, client);
  cut_off(c.services.hub, client);
  ClientWaiter* const waiter = client.blocked ? client.blocked->waiter.get() : nullptr;
  if (waiter != nullptr && !std::exchange(waiter->served, true)) {
    unfile_waiter(c.keys, *waiter);
    c.services.waiters.fetch_sub(1, std::memory_order_relaxed);
  }
  client.worker->mailbox.post({.kind = Letter::Kind::kLook, .client_id = client.id});
}

void client_kill(CommandContext& c) {
  KillFilter filter;
  const bool old_form = c.args.left() == 1;
  if (old_form) {
    filter.address = c.args.next();
    filter.skip_me = false;
  } else {
    filter = parse_kill(c);
  }
  int64_t killed = 0;
  const int64_t now_ms = c.services.clock.now_ms();
  c.services.clients.each([&](Client& client) {
    if (client.killed.load(std::memory_order_relaxed)) return;
    if (!filter.fits(client, c.client, now_ms)) return;
    ++killed;
    if (&client == &c.client) {
      client.close_after_reply = true;
      return;
    }
    kill_client(c, client);
  });
  if (!old_form) return c.reply.integer(killed);
  if (killed == 0) fail("ERR No such client");
  c.reply.ok();
}

void client_pause(CommandContext& c) {
  if (c.args.left() > 2)
    fail("ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.");
  const int64_t duration_ms = c.args.next_integer("ERR timeout is not an integer or out of range");
  const bool writes_only = c.args.take("WRITE");
  if (!writes_only && !c.args.at_end() && !c.args.take("ALL"))
    fail("ERR CLIENT PAUSE mode must be WRITE or ALL");
  if (duration_ms < 0) fail("ERR timeout is negative");
  int64_t until_ms = 0;
  if (__builtin_add_overflow(c.services.clock.now_ms(), duration_ms, &until_ms))
    fail("ERR timeout is out of range");
  c.services.pause_commands(until_ms, writes_only);
  c.reply.ok();
}

void client_unpause(CommandContext& c) {
  c.services.end_pause();
  for (const auto& worker : c.services.workers)
    worker->mailbox.post({.kind = Letter::Kind::kLookAtAll});
  c.reply.ok();
}

void client_unblock(CommandContext& c) {
  if (c.args.left() > 2)
    fail("ERR unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP.");
  bool with_error = false;
  if (c.args.left() == 2) {
    with_error = equal_ignoring_case(c.args[3], "error");
    if (!with_error && !equal_ignoring_case(c.args[3], "timeout")) {
      fail("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
  }
  const int64_t id = c.args.next_integer();
  Client* client = id > 0 ? c.services.clients.find(static_cast<uint64_t>(id)) : nullptr;
  if (client == nullptr || !client->blocked ||
      client->unblock.load(std::memory_order_relaxed) != 0) {
    return c.reply.integer(0);
  }
  client->unblock.store(with_error ? 2 : 1, std::memory_order_relaxed);
  client->worker->mailbox.post({.kind = Letter::Kind::kLook, .client_id = client->id});
  c.reply.integer(1);
}

void client_help(CommandContext& c) {
  reply_help(c, {
                    "CACHING (YES|NO)",
                    "    Choose for the next command whether its keys are tracked.",
                    "GETREDIR",
                    "    Return the id of the client that gets this connection's invalidations.",
                    "GETNAME",
                    "    Return the connection's name.",
                    "ID",
                    "    Return the connection's id.",
                    "INFO",
                    "    Return what is known about this connection.",
                    "KILL <ip:port>",
                    "    Close the connection from this address.",
                    "KILL <option> <value> [<option> <value> [...]]",
                    "    Close the connections that all options fit:",
                    "    * ADDR (<ip:port>|<unixsocket>:0)",
                    "      Their own address.",
                    "    * LADDR (<ip:port>|<unixsocket>:0)",
                    "      The address they connected to.",
                    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
                    "      Their type.",
                    "    * USER <username>",
                    "      The user they have authenticated as.",
                    "    * ID <client-id>",
                    "      Their id.",
                    "    * SKIPME (YES|NO)",
                    "      Whether to spare this connection (default: yes).",
                    "    * MAXAGE <seconds>",
                    "      Connected for at least so long.",
                    "LIST [options ...]",
                    "    Return a line for each connection. Options:",
                    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
                    "      Only those of this type.",
                    "    * ID <client-id> [<client-id> ...]",
                    "      Only those with these ids.",
                    "UNPAUSE",
                    "    End the pause: waiting commands run.",
                    "PAUSE <timeout> [WRITE|ALL]",
                    "    Let all commands, or just writes, wait for <timeout> milliseconds.",
                    "REPLY (ON|OFF|SKIP)",
                    "    Choose whether this connection gets replies.",
                    "SETNAME <name>",
                    "    Give the connection a name.",
                    "SETINFO <option> <value>",
                    "    Tell which client library speaks. Options:",
                    "    * LIB-NAME: its name.",
                    "    * LIB-VER: its version.",
                    "UNBLOCK <clientid> [TIMEOUT|ERROR]",
                    "    End another client's wait, as if timed out or with an error.",
                    "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
                    "         [OPTIN] [OPTOUT] [NOLOOP]",
                    "    Choose whether this connection learns when keys it may cache change.",
                    "TRACKINGINFO",
                    "    Return the connection's tracking state.",
                    "NO-EVICT (ON|OFF)",
                    "    Choose whether the connection is spared when clients use too much memory.",
                    "NO-TOUCH (ON|OFF)",
                    "    Choose whether reading leaves keys' idle time and frequency alone.",
                });
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kConnection = schema::Group::kConnection;
constexpr uint32_t kOwn = kNoScript | kLoading | kStale;
constexpr uint32_t kOthers = kAdmin | kOwn | kWorld;

constexpr CommandSpec kRows[] = {
    {.syntax = "CLIENT",
     .group = kConnection,
     .since = "2.4.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for client connection commands."},
    {.syntax = "CLIENT GETNAME",
     .handler = client_getname,
     .flags = kOwn,
     .group = kConnection,
     .since = "2.6.9",
     .complexity = "O(1)",
     .summary = "Returns the name of the connection."},
    {.syntax = "CLIENT HELP",
     .handler = client_help,
     .flags = kLoading | kStale,
     .group = kConnection,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "CLIENT ID",
     .handler = client_id,
     .flags = kOwn,
     .group = kConnection,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns the unique client ID of the connection."},
    {.syntax = "CLIENT INFO",
     .handler = client_info,
     .flags = kOwn,
     .group = kConnection,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Returns information about the connection."},
    {.syntax =
         "CLIENT KILL <ip:port | <ID client-id | TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB> "
         "| "
         "USER username | ADDR ip:port | LADDR ip:port | SKIPME <YES | NO> | MAXAGE maxage>...>",
     .handler = client_kill,
     .flags = kOthers,
     .group = kConnection,
     .since = "2.4.0",
     .complexity = "O(N) where N is the number of client connections",
     .summary = "Terminates open connections.",
     .arity = -3},
    {.syntax =
         "CLIENT LIST [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
     .handler = client_list,
     .flags = kOthers,
     .group = kConnection,
     .since = "2.4.0",
     .complexity = "O(N) where N is the number of client connections",
     .summary = "Lists open connections."},
    {.syntax = "CLIENT NO-EVICT <ON | OFF>",
     .handler = client_no_evict,
     .flags = kAdmin | kOwn,
     .group = kConnection,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Sets the client eviction mode of the connection."},
    {.syntax = "CLIENT NO-TOUCH <ON | OFF>",
     .handler = client_no_touch,
     .flags = kOwn,
     .group = kConnection,
     .since = "7.2.0",
     .complexity = "O(1)",
     .summary =
         "Controls whether commands sent by the client affect the LRU/LFU of accessed keys."},
    {.syntax = "CLIENT PAUSE timeout [WRITE | ALL]",
     .handler = client_pause,
     .flags = kOthers,
     .group = kConnection,
     .since = "2.9.50",
     .complexity = "O(1)",
     .summary = "Suspends commands processing."},
    {.syntax = "CLIENT REPLY <ON | OFF | SKIP>",
     .handler = client_reply,
     .flags = kOwn,
     .group = kConnection,
     .since = "3.2.0",
     .complexity = "O(1)",
     .summary = "Instructs the server whether to reply to commands."},
    {.syntax = "CLIENT SETINFO <LIB-NAME libname | LIB-VER libver>",
     .handler = client_setinfo,
     .flags = kOwn,
     .group = kConnection,
     .since = "7.2.0",
     .complexity = "O(1)",
     .summary = "Sets information specific to the client or connection.",
     .arity = 4},
    {.syntax = "CLIENT SETNAME connection-name",
     .handler = client_setname,
     .flags = kOwn,
     .group = kConnection,
     .since = "2.6.9",
     .complexity = "O(1)",
     .summary = "Sets the connection name."},
    {.syntax = "CLIENT UNBLOCK client-id [TIMEOUT | ERROR]",
     .handler = client_unblock,
     .flags = kOthers,
     .group = kConnection,
     .since = "5.0.0",
     .complexity = "O(log N) where N is the number of client connections",
     .summary = "Unblocks a client blocked by a blocking command from a different connection."},
    {.syntax = "CLIENT UNPAUSE",
     .handler = client_unpause,
     .flags = kOthers,
     .group = kConnection,
     .since = "6.2.0",
     .complexity = "O(N) Where N is the number of paused clients",
     .summary = "Resumes processing commands from paused clients."},
};

}  // namespace

Rows client_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
