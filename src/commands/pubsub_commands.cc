// Channels: who listens, and what is said. https://redis.io/docs/latest/develop/pubsub
#include "base/glob.h"
#include "commands/help.h"
#include "commands/table.h"
#include "engine/context.h"
#include "engine/subscribing.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using pubsub::Space;

std::string_view reply_name(ListensTo kind, bool subscribed) {
  switch (kind) {
    case ListensTo::kChannel:
      return subscribed ? "subscribe" : "unsubscribe";
    case ListensTo::kPattern:
      return subscribed ? "psubscribe" : "punsubscribe";
    case ListensTo::kShardChannel:
      break;
  }
  return subscribed ? "ssubscribe" : "sunsubscribe";
}

// How many of its kind the client listens to now.
int64_t count_of(const Client& client, ListensTo kind) {
  const Subscriptions& subscriptions = client.subscriptions;
  return static_cast<int64_t>(kind == ListensTo::kShardChannel ? subscriptions.shard_channels.size()
                                                               : subscriptions.count());
}

void reply_change(CommandContext& c, ListensTo kind, bool subscribed, const std::string_view* name,
                  int64_t count) {
  c.reply.push(3);
  c.reply.bulk(reply_name(kind, subscribed));
  if (name != nullptr)
    c.reply.bulk(*name);
  else
    c.reply.null();
  c.reply.integer(count);
}

template <ListensTo kind>
void subscribe_to(CommandContext& c) {
  for (const std::string_view name : c.args.rest()) {
    subscribe(c.services.hub, c.client, kind, name);
    reply_change(c, kind, true, &name, count_of(c.client, kind));
  }
}

// What was said before the client left is delivered before it is told that it has left.
template <ListensTo kind>
void unsubscribe_from(CommandContext& c) {
  std::vector<std::string> all;
  std::vector<std::string_view> names;
  if (c.args.left() > 0) {
    const auto rest = c.args.rest();
    names.assign(rest.begin(), rest.end());
  } else {
    all.assign(names_of(c.client, kind).begin(), names_of(c.client, kind).end());
    names.assign(all.begin(), all.end());
  }
  std::vector<int64_t> counts;
  for (const std::string_view name : names) {
    unsubscribe(c.services.hub, c.client, kind, name);
    counts.push_back(count_of(c.client, kind));
  }
  if (!c.in_transaction && c.worker.deliver_pushes) c.worker.deliver_pushes();
  if (names.empty()) return reply_change(c, kind, false, nullptr, count_of(c.client, kind));
  for (size_t i = 0; i < names.size(); ++i) reply_change(c, kind, false, &names[i], counts[i]);
}

template <Space space>
void publish_to(CommandContext& c) {
  const size_t count = c.services.hub.publish(space, c.args[1], c.args[2], c.worker.outgoing);
  c.reply.integer(static_cast<int64_t>(count));
}

template <Space space>
void list_channels(CommandContext& c) {
  std::vector<std::string> names = c.services.hub.channels(space);
  if (c.args.left() > 0) {
    const std::string_view pattern = c.args.next();
    if (c.args.left() > 0) {
      fail("ERR unknown subcommand or wrong number of arguments for '{}'. Try PUBSUB HELP.",
           c.args[1]);
    }
    std::erase_if(names, [&](const std::string& name) { return !glob_match(pattern, name); });
  }
  c.reply.array(static_cast<int64_t>(names.size()));
  for (const std::string& name : names) c.reply.bulk(name);
}

template <Space space>
void count_subscribers(CommandContext& c) {
  const auto names = c.args.rest();
  c.reply.array(static_cast<int64_t>(2 * names.size()));
  for (const std::string_view name : names) {
    c.reply.bulk(name);
    c.reply.integer(static_cast<int64_t>(c.services.hub.count_listeners(space, name)));
  }
}

void numpat(CommandContext& c) {
  c.reply.integer(static_cast<int64_t>(c.services.hub.count_patterns()));
}

void pubsub_help(CommandContext& c) {
  reply_help(
      c, {"CHANNELS [<pattern>]",
          "    Return the currently active channels matching a <pattern> (default: '*').", "NUMPAT",
          "    Return number of subscriptions to patterns.", "NUMSUB [<channel> ...]",
          "    Return the number of subscribers for the specified channels, excluding",
          "    pattern subscriptions(default: no channels).", "SHARDCHANNELS [<pattern>]",
          "    Return the currently active shard level channels matching a <pattern> (default: "
          "'*').",
          "SHARDNUMSUB [<shardchannel> ...]",
          "    Return the number of subscribers for the specified shard level channel(s)"});
}

using schema::CommandSpec;
using schema::key_at;
using schema::keys_from_to;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kGroup = schema::Group::kPubSub;
constexpr uint32_t kListening = kPubSub | kNoScript | kLoading | kStale | kWhileSubscribed;
constexpr uint32_t kPublishing = kPubSub | kLoading | kStale | kFast | kMayReplicate;
constexpr uint32_t kAsking = kPubSub | kLoading | kStale;

constexpr CommandSpec kRows[] = {
    {.syntax = "PSUBSCRIBE pattern [pattern ...]",
     .handler = subscribe_to<ListensTo::kPattern>,
     .flags = kListening,
     .group = kGroup,
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of patterns to subscribe to.",
     .summary = "Listens for messages published to channels that match one or more patterns."},
    {.syntax = "PUBLISH channel message",
     .handler = publish_to<Space::kChannels>,
     .flags = kPublishing,
     .group = kGroup,
     .since = "2.0.0",
     .complexity =
         "O(N+M) where N is the number of clients subscribed to the receiving channel and "
         "M is the total number of subscribed patterns (by any client).",
     .summary = "Posts a message to a channel."},
    {.syntax = "PUBSUB",
     .group = kGroup,
     .since = "2.8.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for Pub/Sub commands."},
    {.syntax = "PUBSUB CHANNELS [pattern]",
     .handler = list_channels<Space::kChannels>,
     .flags = kAsking,
     .group = kGroup,
     .since = "2.8.0",
     .complexity = "O(N) where N is the number of active channels, and assuming constant time "
                   "pattern matching (relatively short channels and patterns)",
     .summary = "Returns the active channels."},
    {.syntax = "PUBSUB HELP",
     .handler = pubsub_help,
     .flags = kLoading | kStale,
     .group = kGroup,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "PUBSUB NUMPAT",
     .handler = numpat,
     .flags = kAsking,
     .group = kGroup,
     .since = "2.8.0",
     .complexity = "O(1)",
     .summary = "Returns a count of unique pattern subscriptions."},
    {.syntax = "PUBSUB NUMSUB [channel [channel ...]]",
     .handler = count_subscribers<Space::kChannels>,
     .flags = kAsking,
     .group = kGroup,
     .since = "2.8.0",
     .complexity = "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
     .summary = "Returns a count of subscribers to channels."},
    {.syntax = "PUBSUB SHARDCHANNELS [pattern]",
     .handler = list_channels<Space::kShardChannels>,
     .flags = kAsking,
     .group = kGroup,
     .since = "7.0.0",
     .complexity =
         "O(N) where N is the number of active shard channels, and assuming constant time "
         "pattern matching (relatively short shard channels).",
     .summary = "Returns the active shard channels."},
    {.syntax = "PUBSUB SHARDNUMSUB [shardchannel [shardchannel ...]]",
     .handler = count_subscribers<Space::kShardChannels>,
     .flags = kAsking,
     .group = kGroup,
     .since = "7.0.0",
     .complexity = "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard "
                   "channels",
     .summary = "Returns the count of subscribers of shard channels."},
    {.syntax = "PUNSUBSCRIBE [pattern [pattern ...]]",
     .handler = unsubscribe_from<ListensTo::kPattern>,
     .flags = kListening,
     .group = kGroup,
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of patterns to unsubscribe.",
     .summary =
         "Stops listening to messages published to channels that match one or more patterns."},
    {.syntax = "SPUBLISH shardchannel message",
     .handler = publish_to<Space::kShardChannels>,
     .keys = {key_at(1, kNotKey)},
     .flags = kPublishing,
     .group = kGroup,
     .since = "7.0.0",
     .complexity =
         "O(N) where N is the number of clients subscribed to the receiving shard channel.",
     .summary = "Post a message to a shard channel"},
    {.syntax = "SSUBSCRIBE shardchannel [shardchannel ...]",
     .handler = subscribe_to<ListensTo::kShardChannel>,
     .keys = {keys_from_to(1, -1, 1, kNotKey)},
     .flags = kListening,
     .group = kGroup,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of shard channels to subscribe to.",
     .summary = "Listens for messages published to shard channels."},
    {.syntax = "SUBSCRIBE channel [channel ...]",
     .handler = subscribe_to<ListensTo::kChannel>,
     .flags = kListening,
     .group = kGroup,
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of channels to subscribe to.",
     .summary = "Listens for messages published to channels."},
    {.syntax = "SUNSUBSCRIBE [shardchannel [shardchannel ...]]",
     .handler = unsubscribe_from<ListensTo::kShardChannel>,
     .keys = {keys_from_to(1, -1, 1, kNotKey)},
     .flags = kListening,
     .group = kGroup,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of shard channels to unsubscribe.",
     .summary = "Stops listening to messages posted to shard channels."},
    {.syntax = "UNSUBSCRIBE [channel [channel ...]]",
     .handler = unsubscribe_from<ListensTo::kChannel>,
     .flags = kListening,
     .group = kGroup,
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of channels to unsubscribe.",
     .summary = "Stops listening to messages posted to channels."},
};

}  // namespace

Rows pubsub_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
