// MULTI, EXEC, DISCARD, WATCH, UNWATCH. The dispatcher queues commands and takes the locks of the
// whole queue for EXEC, so that here they just run, one after the other, at one instant.
#include <algorithm>
#include <utility>

#include "commands/table.h"
#include "engine/dispatcher.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

void multi(CommandContext& c) {
  if (c.client.transaction.open) fail("ERR MULTI calls can not be nested");
  c.client.transaction.open = true;
  c.reply.ok();
}

void unwatch_all(CommandContext& c, const std::vector<WatchedVersion>& watched) {
  for (const WatchedVersion& item : watched) c.keys.unwatch(item.database, Key(item.key));
}

void exec(CommandContext& c) {
  if (!c.client.transaction.open) fail("ERR EXEC without MULTI");
  const Transaction transaction = std::exchange(c.client.transaction, {});
  const bool unchanged = std::all_of(
      transaction.watched.begin(), transaction.watched.end(), [&](const WatchedVersion& item) {
        return c.keys.unchanged(item.database, Key(item.key), item.version);
      });
  unwatch_all(c, transaction.watched);
  if (transaction.aborted) fail(resp::error_text::kExecAbort);
  if (!unchanged) return c.reply.null_array();
  c.reply.array(static_cast<int64_t>(transaction.queue.size()));
  c.client.transaction.executing = transaction.queue.size();
  std::vector<std::string_view> arguments;
  for (const QueuedCommand& queued : transaction.queue) {
    arguments.assign(queued.arguments.begin(), queued.arguments.end());
    c.services.dispatcher->run_locked(c.worker, c.client, *queued.command, arguments, c.reply,
                                      true);
  }
  c.client.transaction.executing = 0;
}

void discard(CommandContext& c) {
  if (!c.client.transaction.open) fail("ERR DISCARD without MULTI");
  unwatch_all(c, std::exchange(c.client.transaction, {}).watched);
  c.reply.ok();
}

void watch(CommandContext& c) {
  if (c.client.transaction.open) fail("ERR WATCH inside MULTI is not allowed");
  std::vector<WatchedVersion>& watched = c.client.transaction.watched;
  for (const Key& key : c.key_list) {
    const bool already =
        std::any_of(watched.begin(), watched.end(), [&](const WatchedVersion& item) {
          return item.database == c.client.database && item.key == key.text;
        });
    if (already) continue;
    const uint64_t version = c.keys.watch(c.client.database, key);
    watched.push_back({c.client.database, std::string(key.text), version});
  }
  c.reply.ok();
}

void unwatch(CommandContext& c) {
  unwatch_all(c, std::exchange(c.client.transaction.watched, {}));
  c.reply.ok();
}

using schema::CommandSpec;
using schema::keys_from_to;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kTransactions = schema::Group::kTransactions;

constexpr CommandSpec kRows[] = {
    {.syntax = "DISCARD",
     .handler = discard,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kControl | kLocksWatched,
     .group = kTransactions,
     .since = "2.0.0",
     .complexity = "O(N), when N is the number of queued commands",
     .summary = "Discards a transaction."},
    {.syntax = "EXEC",
     .handler = exec,
     .flags = kNoScript | kLoading | kStale | kSkipSlowlog | kControl | kLocksQueue | kLocksWatched,
     .group = kTransactions,
     .since = "1.2.0",
     .complexity = "Depends on commands in the transaction",
     .summary = "Executes all commands in a transaction."},
    {.syntax = "MULTI",
     .handler = multi,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kControl,
     .group = kTransactions,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Starts a transaction."},
    {.syntax = "UNWATCH",
     .handler = unwatch,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kLocksWatched,
     .group = kTransactions,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Forgets about watched keys of a transaction."},
    {.syntax = "WATCH key [key ...]",
     .handler = watch,
     .keys = {keys_from_to(1, -1, 1, kRO)},
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kControl,
     .group = kTransactions,
     .since = "2.2.0",
     .complexity = "O(1) for every key.",
     .summary = "Monitors changes to keys to determine the execution of a transaction."},
};

}  // namespace

Rows transaction_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
