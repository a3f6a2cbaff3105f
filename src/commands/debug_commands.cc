// DEBUG: for tests and for those who look inside. Refused unless enable-debug-command allows it.
#include <cmath>
#include <thread>

#include "base/log.h"
#include "commands/help.h"
#include "commands/table.h"
#include "engine/context.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

// Every gate is held meanwhile: the whole server sleeps.
void debug_sleep(CommandContext& c) {
  const auto seconds = parse_double(c.args.next()).value_or(0);
  std::this_thread::sleep_for(std::chrono::duration<double>(std::clamp(seconds, 0.0, 3600.0)));
  c.reply.ok();
}

void debug_object(CommandContext& c) {
  const Entry* entry = c.keys.find_even_dead(Key(c.args.next()));
  if (entry == nullptr) fail(resp::error_text::kNoSuchKey);
  c.reply.simple(fmt::format(
      "Value at:{} refcount:1 encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{}",
      fmt::ptr(entry), store::encoding_name(entry->encoding()), entry->string().size() + 1,
      entry->access(), (c.now_ms() / 1000 - entry->access()) & 0xffffff));
}

void debug_set_active_expire(CommandContext& c) {
  const bool active = parse_int64(c.args.next()).value_or(0) != 0;
  c.services.keyspace.active_expiry = active;
  if (active) {
    for (const auto& worker : c.services.workers)
      worker->mailbox.post({.kind = Letter::Kind::kLookAtTimers});
  }
  c.reply.ok();
}

void debug_log(CommandContext& c) {
  log::warning("DEBUG LOG: {}", c.args.next());
  c.reply.ok();
}

// Keys "prefix:0" ... with the values "value:0" ..., padded with zero bytes to `size`. Those that
// are there already stay.
void debug_populate(CommandContext& c) {
  constexpr std::string_view kNotPositive = "ERR value is out of range, must be positive";
  const int64_t count = c.args.next_integer_in(0, INT64_MAX, kNotPositive);
  const std::string prefix(c.args.at_end() ? "key" : c.args.next());
  const int64_t size = c.args.at_end() ? 0 : c.args.next_integer_in(0, INT64_MAX, kNotPositive);
  for (int64_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("{}:{}", prefix, i);
    const Key key(name);
    if (c.keys.find(key, Lookup::kPeek) != nullptr) continue;
    std::string value = fmt::format("value:{}", i);
    if (size > 0) value.resize(static_cast<size_t>(size));
    c.keys.put_string(key, value, kNoDeadline);
    c.keys.announce("set", key);
  }
  c.reply.ok();
}

void debug_error(CommandContext& c) {
  fail(c.args.next());
}

void debug_protocol(CommandContext& c) {
  const std::string_view kind = c.args.next();
  if (equal_ignoring_case(kind, "attrib")) {
    if (c.reply.protocol() > 2) {
      c.reply.buffer().append("|1\r\n");
      c.reply.bulk("key-popularity");
      c.reply.array(2);
      c.reply.bulk("key:123");
      c.reply.integer(90);
    }
    c.reply.bulk("Some real reply following the attribute");
  } else if (equal_ignoring_case(kind, "string"))
    c.reply.bulk("Hello World");
  else if (equal_ignoring_case(kind, "integer"))
    c.reply.integer(12345);
  else if (equal_ignoring_case(kind, "double"))
    c.reply.real(3.141);
  else if (equal_ignoring_case(kind, "null"))
    c.reply.null();
  else if (equal_ignoring_case(kind, "true"))
    c.reply.boolean(true);
  else if (equal_ignoring_case(kind, "false"))
    c.reply.boolean(false);
  else if (equal_ignoring_case(kind, "verbatim"))
    c.reply.verbatim("This is a verbatim\nstring");
  else if (equal_ignoring_case(kind, "bignum"))
    c.reply.big_number("1234567999999999999999999999999999999");
  else if (equal_ignoring_case(kind, "array")) {
    c.reply.array(3);
    for (int64_t i = 0; i < 3; ++i) c.reply.integer(i);
  } else if (equal_ignoring_case(kind, "push")) {
    c.reply.push(2);
    c.reply.bulk("server-cpu-usage");
    c.reply.integer(42);
  } else if (equal_ignoring_case(kind, "set")) {
    c.reply.set(3);
    for (int64_t i = 0; i < 3; ++i) c.reply.integer(i);
  } else if (equal_ignoring_case(kind, "map")) {
    c.reply.map(3);
    for (int64_t i = 0; i < 3; ++i) {
      c.reply.integer(i);
      c.reply.boolean(i == 1);
    }
  } else {
    fail(
        "ERR Wrong protocol type name. Please use one of the following: "
        "string|integer|double|bignum|null|array|set|map|"
        "attrib|push|verbatim|true|false");
  }
}

// Scripts may run what is not for scripts: tests call DEBUG PROTOCOL from them.
void debug_set_disable_deny_scripts(CommandContext& c) {
  c.services.scripts_run_all = c.args.next_integer() != 0;
  c.reply.ok();
}

void debug_help(CommandContext& c) {
  reply_help(c, {"ERROR <string>", "    Return a protocol error with <string> as message.",
                 "LOG <message>", "    Write <message> to the server log.", "OBJECT <key>",
                 "    Show low level info about `key` and associated value.",
                 "POPULATE <count> [<prefix>] [<size>]",
                 "    Create <count> string keys named key:<num>. If <prefix> is specified then",
                 "    it is used instead of the 'key' prefix.", "PROTOCOL <type>",
                 "    Reply with a test value of the specified type.", "SET-ACTIVE-EXPIRE <0|1>",
                 "    Setting it to 0 disables expiring keys in background when they are not",
                 "    accessed. Setting it to 1 reenables back the default.",
                 "SET-DISABLE-DENY-SCRIPTS <0|1>",
                 "    With 1 scripts may run commands that are not for scripts.", "SLEEP <seconds>",
                 "    Stop the server for <seconds>. Decimals allowed."});
}

struct Subcommand {
  std::string_view name;
  size_t min_arguments;
  size_t max_arguments;
  schema::Handler handler;
};

constexpr Subcommand kSubcommands[] = {
    {"ERROR", 1, 1, debug_error},
    {"HELP", 0, 0, debug_help},
    {"LOG", 1, 1, debug_log},
    {"OBJECT", 1, 2, debug_object},
    {"POPULATE", 1, 3, debug_populate},
    {"PROTOCOL", 1, 1, debug_protocol},
    {"SLEEP", 1, 1, debug_sleep},
    {"SET-ACTIVE-EXPIRE", 1, 1, debug_set_active_expire},
    {"SET-DISABLE-DENY-SCRIPTS", 1, 1, debug_set_disable_deny_scripts},
};

void debug(CommandContext& c) {
  const std::string_view name = c.args.next();
  for (const Subcommand& subcommand : kSubcommands) {
    const size_t count = c.args.left();
    if (equal_ignoring_case(subcommand.name, name) && count >= subcommand.min_arguments &&
        count <= subcommand.max_arguments) {
      return subcommand.handler(c);
    }
  }
  fail("ERR unknown subcommand or wrong number of arguments for '{}'. Try DEBUG HELP.", name);
}

using schema::CommandSpec;
using enum schema::Flag;

constexpr CommandSpec kRows[] = {
    {.syntax = "DEBUG subcommand [argument [argument ...]]",
     .handler = debug,
     .flags = kAdmin | kNoScript | kLoading | kStale | kProtected | kWorld,
     .group = schema::Group::kServer,
     .since = "1.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for debugging commands."},
};

}  // namespace

Rows debug_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
