// The server as a whole: TIME, LASTSAVE, SHUTDOWN, MONITOR, LOLWUT.
#include "base/random.h"
#include "commands/table.h"
#include "engine/context.h"
#include "engine/script_runner.h"
#include "engine/server_identity.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

// Inside a transaction time stands still, here too.
void time(CommandContext& c) {
  const int64_t now_us = c.in_transaction ? c.now_ms() * 1000 : c.services.clock.now_us();
  c.reply.array(2);
  c.reply.bulk_integer(now_us / 1'000'000);
  c.reply.bulk_integer(now_us % 1'000'000);
}

void lastsave(CommandContext& c) {
  c.reply.integer(c.services.started_ms / 1000);
}

void shutdown(CommandContext& c) {
  bool abort = false;
  bool save = false;
  bool nosave = false;
  bool hurry = false;
  while (!c.args.at_end()) {
    if (c.args.take("NOSAVE"))
      nosave = true;
    else if (c.args.take("SAVE"))
      save = true;
    else if (c.args.take("NOW") || c.args.take("FORCE"))
      hurry = true;
    else if (c.args.take("ABORT"))
      abort = true;
    else
      fail(resp::error_text::kSyntax);
  }
  if ((abort && (save || nosave || hurry)) || (save && nosave)) fail(resp::error_text::kSyntax);
  if (c.worker.gate.visiting() && !nosave) fail(busy_error(c.services));
  if (abort) fail("ERR No shutdown in progress.");
  if (!c.services.request_shutdown) fail("ERR Errors trying to SHUTDOWN. Check logs.");
  c.client.close_after_reply = true;
  c.services.request_shutdown();
}

void monitor(CommandContext& c) {
  if (!c.client.monitor) {
    c.client.monitor = true;
    c.client.monitor_from = c.services.monitor_lines.load();
    c.services.monitors.fetch_add(1, std::memory_order_relaxed);
  }
  c.reply.ok();
}

// Acorns that a jay has hidden in a field; some it will find again.
void lolwut(CommandContext& c) {
  if (c.args.take("VERSION")) {
    c.args.next_integer();
  }
  constexpr int kWidth = 48;
  constexpr int kHeight = 8;
  constexpr std::string_view kField = "        ..,.  .'  ,  . o";
  std::string picture;
  for (int row = 0; row < kHeight; ++row) {
    for (int column = 0; column < kWidth; ++column)
      picture += kField[thread_random().below(kField.size())];
    picture += '\n';
  }
  c.reply.verbatim(fmt::format(
      "{}\nA scrub jay remembers what it hid, where, and when it spoils.\nRedis ver. {}\n", picture,
      kRedisVersion));
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kServer = schema::Group::kServer;

constexpr CommandSpec kRows[] = {
    {.syntax = "LASTSAVE",
     .handler = lastsave,
     .flags = kLoading | kStale | kFast,
     .group = kServer,
     .acl = schema::kAclAdmin | schema::kAclDangerous,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns the Unix timestamp of the last successful save to disk."},
    {.syntax = "LOLWUT [VERSION version]",
     .handler = lolwut,
     .flags = kReadOnly | kFast,
     .group = kServer,
     .since = "5.0.0",
     .complexity = "",
     .summary = "Displays computer art and the Redis version"},
    {.syntax = "MONITOR",
     .handler = monitor,
     .flags = kAdmin | kNoScript | kLoading | kStale | kWorld,
     .group = kServer,
     .since = "1.0.0",
     .complexity = "",
     .summary = "Listens for all requests received by the server in real-time."},
    {.syntax = "SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
     .handler = shutdown,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNoMulti | kAllowBusy,
     .group = kServer,
     .since = "1.0.0",
     .complexity = "O(N) when saving, where N is the total number of keys in all databases when "
                   "saving data, otherwise O(1)",
     .summary = "Synchronously saves the database(s) to disk and shuts down the Redis server."},
    {.syntax = "TIME",
     .handler = time,
     .flags = kLoading | kStale | kFast,
     .group = kServer,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Returns the server time."},
};

}  // namespace

Rows server_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
