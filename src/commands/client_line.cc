#include "commands/client_line.h"

#include <iterator>

namespace scrubjay::commands {
namespace {

using namespace engine;

std::string flags_of(const Client& client) {
  std::string flags;
  if (client.monitor) flags += 'O';
  if (client.subscriptions.any()) flags += 'P';
  if (client.transaction.open || client.transaction.executing > 0) flags += 'x';
  if (client.blocked) flags += 'b';
  const pubsub::TrackingMode* tracking = client.peer ? &client.peer->tracking : nullptr;
  if (tracking != nullptr && tracking->on) {
    flags += 't';
    if (tracking->redirect_broken.load(std::memory_order_relaxed)) flags += 'R';
    if (tracking->broadcast) flags += 'B';
  }
  if (client.transaction.aborted) flags += 'd';
  if (client.close_after_reply) flags += 'c';
  if (client.killed.load(std::memory_order_relaxed)) flags += 'A';
  if (client.unix_socket) flags += 'U';
  if (client.no_evict) flags += 'e';
  if (client.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

// The client that gets this one's invalidations: 0 for itself, -1 if it tracks nothing.
int64_t redirect_of(const Client& client) {
  if (!client.peer || !client.peer->tracking.on) return -1;
  return static_cast<int64_t>(client.peer->tracking.redirect_id);
}

// What the request took as an array of bulk strings.
size_t request_bytes(const Arguments& args) {
  const auto header = [](size_t number) { return fmt::formatted_size("{}", number) + 3; };
  size_t bytes = header(args.size());
  for (const std::string_view argument : args.all())
    bytes += header(argument.size()) + argument.size() + 2;
  return bytes;
}

}  // namespace

std::string client_line(const CommandContext& c, const Client& client) {
  const bool own = &client == &c.client;
  const int64_t now_ms = c.services.clock.now_ms();
  const Transaction& transaction = client.transaction;
  uint64_t query_bytes = client.query_buffer_bytes.load(std::memory_order_relaxed);
  size_t argument_bytes = 0;
  const schema::Command* command = client.last_command;
  if (own) {
    query_bytes = std::max<uint64_t>(query_bytes, request_bytes(c.args));
    for (const std::string_view argument : c.args.all()) argument_bytes += argument.size();
    command = &c.command;
  }
  const uint64_t room = client.query_buffer_room.load(std::memory_order_relaxed);
  const uint64_t output = client.output_bytes.load(std::memory_order_relaxed);
  size_t queue_bytes = transaction.queue.size() * sizeof(QueuedCommand);
  for (const QueuedCommand& queued : transaction.queue) {
    for (const std::string& argument : queued.arguments)
      queue_bytes += sizeof argument + argument.size();
  }

  // About what a name takes in the client's set and, as a reference, in the hub.
  constexpr size_t kSubscriptionBytes = 128;
  const size_t subscription_bytes =
      (client.subscriptions.count() + client.subscriptions.shard_channels.size()) *
      kSubscriptionBytes;

  std::string line;
  auto out = std::back_inserter(line);
  fmt::format_to(
      out, "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={}", client.id,
      client.address, client.local_address, client.socket, client.name,
      (now_ms - client.created_ms) / 1000,
      own ? 0
          : std::max<int64_t>(now_ms - client.last_active_ms.load(std::memory_order_relaxed), 0) /
                1000,
      flags_of(client), client.database);
  const auto queued = static_cast<int64_t>(transaction.queue.size() + transaction.executing);
  const Subscriptions& subscriptions = client.subscriptions;
  fmt::format_to(out, " sub={} psub={} ssub={} multi={} watch={}", subscriptions.channels.size(),
                 subscriptions.patterns.size(), subscriptions.shard_channels.size(),
                 transaction.open || transaction.executing > 0 ? queued : -1,
                 transaction.watched.size());
  // Replies are built in a buffer of the thread: a client has none of its own (rbs, rbp, obl).
  fmt::format_to(
      out,
      " qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs=0 rbp=0 obl=0 oll={} omem={} tot-mem={}",
      query_bytes, room, argument_bytes, queue_bytes, output != 0 ? 1 : 0, output,
      sizeof(Client) + query_bytes + room + argument_bytes + queue_bytes + subscription_bytes +
          output);
  fmt::format_to(out, " events={} cmd={} user={} redir={} resp={} lib-name={} lib-ver={}",
                 output != 0 ? "rw" : "r", command != nullptr ? command->name : "NULL", client.user,
                 redirect_of(client), client.protocol, client.library_name, client.library_version);
  return line;
}

}  // namespace scrubjay::commands
