// XINFO: what a stream, its groups and their consumers are like.
#include "commands/help.h"
#include "commands/stream_arguments.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::Consumer;
using objects::ConsumerGroup;
using objects::Delivery;
using objects::Stream;
using store::StreamView;

// Redis keeps its chunks in a radix tree by their first id, and XINFO tells its size: the number of
// nodes that a tree of these keys has when chains without branches are one node.
class RadixTreeSize {
 public:
  explicit RadixTreeSize(const Stream& stream) {
    for (size_t i = 0; i < stream.chunk_count(); ++i) {
      const StreamId& id = stream.chunk(i).first_id();
      Key& key = keys_.emplace_back();
      for (size_t byte = 0; byte < 8; ++byte) {
        key[byte] = static_cast<unsigned char>(id.ms >> (56 - 8 * byte));
        key[8 + byte] = static_cast<unsigned char>(id.seq >> (56 - 8 * byte));
      }
    }
  }
  int64_t nodes() const { return keys_.empty() ? 1 : nodes(0, keys_.size(), 0); }

 private:
  static constexpr size_t kKeyBytes = 16;
  using Key = std::array<unsigned char, kKeyBytes>;

  // Of the keys from `first` up to `last`, which agree in `depth` bytes.
  int64_t nodes(size_t first, size_t last, size_t depth) const {
    if (last - first == 1) return depth == kKeyBytes ? 1 : 2;
    const auto [mine, other] =
        std::mismatch(keys_[first].begin(), keys_[first].end(), keys_[last - 1].begin());
    const auto branch = static_cast<size_t>(mine - keys_[first].begin());
    int64_t count = branch > depth ? 2 : 1;
    for (size_t from = first; from < last;) {
      size_t to = from + 1;
      while (to < last && keys_[to][branch] == keys_[from][branch]) ++to;
      count += nodes(from, to, branch + 1);
      from = to;
    }
    return count;
  }

  std::vector<Key> keys_;
};

const Stream& existing_stream(CommandContext& c) {
  const Stream* const stream = c.find<StreamView>(c.key()).stream();
  if (stream == nullptr) fail(resp::error_text::kNoSuchKey);
  return *stream;
}

void reply_id_field(CommandContext& c, std::string_view name, const StreamId& id) {
  c.reply.bulk(name);
  reply_stream_id(c, id);
}
void reply_number_field(CommandContext& c, std::string_view name, uint64_t number) {
  c.reply.bulk(name);
  c.reply.integer(static_cast<int64_t>(number));
}

void reply_progress(CommandContext& c, const Stream& stream, const ConsumerGroup& group) {
  reply_id_field(c, "last-delivered-id", group.last_id);
  c.reply.bulk("entries-read");
  if (group.entries_read == ConsumerGroup::kUnknown)
    c.reply.null();
  else
    c.reply.integer(group.entries_read);
  c.reply.bulk("lag");
  if (const auto lag = stream.lag_of(group))
    c.reply.integer(static_cast<int64_t>(*lag));
  else
    c.reply.null();
}

// -- XINFO STREAM --------------------------------------------------------------------------------

void reply_overview(CommandContext& c, const Stream& stream) {
  reply_number_field(c, "length", stream.size());
  reply_number_field(c, "radix-tree-keys", stream.chunk_count());
  reply_number_field(c, "radix-tree-nodes", static_cast<uint64_t>(RadixTreeSize(stream).nodes()));
  reply_id_field(c, "last-generated-id", stream.last_id());
  reply_id_field(c, "max-deleted-entry-id", stream.max_deleted_id());
  reply_number_field(c, "entries-added", stream.entries_added());
  reply_id_field(c, "recorded-first-entry-id", stream.first_id());
}

void reply_edge(CommandContext& c, const Stream& stream, bool last) {
  bool found = false;
  const auto visit = [&](const Stream::EntryRef& entry) {
    reply_entry(c, entry);
    found = true;
    return false;
  };
  if (last)
    stream.for_each_backwards({}, StreamId::max(), visit);
  else
    stream.for_each({}, StreamId::max(), visit);
  if (!found) c.reply.null();
}

void reply_consumer_in_full(CommandContext& c, const ConsumerGroup& group, const Consumer& consumer,
                            int64_t most) {
  c.reply.map(5);
  c.reply.bulk("name");
  c.reply.bulk(consumer.name);
  c.reply.bulk("seen-time");
  c.reply.integer(consumer.seen_ms);
  c.reply.bulk("active-time");
  c.reply.integer(consumer.active_ms);
  reply_number_field(c, "pel-count", consumer.pending.size());
  c.reply.bulk("pending");
  const size_t place = c.reply.array_later();
  int64_t count = 0;
  consumer.pending.for_each_from({}, [&](const StreamId& id, const objects::Nothing&) {
    if (count == most) return false;
    const Delivery& delivery = *group.pending().find(id);
    c.reply.array(3);
    reply_stream_id(c, id);
    c.reply.integer(delivery.delivered_ms);
    c.reply.integer(static_cast<int64_t>(delivery.count));
    ++count;
    return true;
  });
  c.reply.set_length(place, count);
}

void reply_group_in_full(CommandContext& c, const Stream& stream, std::string_view name,
                         const ConsumerGroup& group, int64_t most) {
  c.reply.map(7);
  c.reply.bulk("name");
  c.reply.bulk(name);
  reply_progress(c, stream, group);
  reply_number_field(c, "pel-count", group.pending().size());
  c.reply.bulk("pending");
  const size_t place = c.reply.array_later();
  int64_t count = 0;
  group.pending().for_each_from({}, [&](const StreamId& id, const Delivery& delivery) {
    if (count == most) return false;
    c.reply.array(4);
    reply_stream_id(c, id);
    c.reply.bulk(delivery.consumer->name);
    c.reply.integer(delivery.delivered_ms);
    c.reply.integer(static_cast<int64_t>(delivery.count));
    ++count;
    return true;
  });
  c.reply.set_length(place, count);
  c.reply.bulk("consumers");
  c.reply.array(static_cast<int64_t>(group.consumers().size()));
  for (const auto& [consumer_name, consumer] : group.consumers())
    reply_consumer_in_full(c, group, *consumer, most);
}

void reply_in_full(CommandContext& c, const Stream& stream, int64_t most) {
  c.reply.map(9);
  reply_overview(c, stream);
  c.reply.bulk("entries");
  const size_t place = c.reply.array_later();
  int64_t count = 0;
  stream.for_each({}, StreamId::max(), [&](const Stream::EntryRef& entry) {
    reply_entry(c, entry);
    return ++count != most;
  });
  c.reply.set_length(place, count);
  c.reply.bulk("groups");
  c.reply.array(static_cast<int64_t>(stream.groups().size()));
  for (const auto& [name, group] : stream.groups())
    reply_group_in_full(c, stream, name, *group, most);
}

void xinfo_stream(CommandContext& c) {
  constexpr int64_t kDefaultCount = 10;
  const Stream& stream = existing_stream(c);
  c.args.skip(1);
  if (!c.args.at_end()) {
    const auto refuse = [&] {
      fail("ERR unknown subcommand or wrong number of arguments for '{}'. Try XINFO HELP.",
           c.args[1]);
    };
    int64_t most = kDefaultCount;
    if (!c.args.take("FULL")) refuse();
    if (!c.args.at_end()) {
      if (c.args.left() != 2 || !c.args.take("COUNT")) refuse();
      const int64_t count = c.args.next_integer();
      most = count < 0 ? kDefaultCount : count == 0 ? -1 : count;
    }
    return reply_in_full(c, stream, most);
  }
  c.reply.map(10);
  reply_overview(c, stream);
  reply_number_field(c, "groups", stream.groups().size());
  c.reply.bulk("first-entry");
  reply_edge(c, stream, false);
  c.reply.bulk("last-entry");
  reply_edge(c, stream, true);
}

// -- XINFO GROUPS and CONSUMERS ------------------------------------------------------------------

void xinfo_groups(CommandContext& c) {
  const Stream& stream = existing_stream(c);
  c.reply.array(static_cast<int64_t>(stream.groups().size()));
  for (const auto& [name, group] : stream.groups()) {
    c.reply.map(6);
    c.reply.bulk("name");
    c.reply.bulk(name);
    reply_number_field(c, "consumers", group->consumers().size());
    reply_number_field(c, "pending", group->pending().size());
    reply_progress(c, stream, *group);
  }
}

void xinfo_consumers(CommandContext& c) {
  const Stream& stream = existing_stream(c);
  const ConsumerGroup* const group = stream.find_group(c.args[3]);
  if (group == nullptr)
    fail("NOGROUP No such consumer group '{}' for key name '{}'", c.args[3], c.args[2]);
  c.reply.array(static_cast<int64_t>(group->consumers().size()));
  for (const auto& [name, consumer] : group->consumers()) {
    const auto since = [&](int64_t then) { return std::max<int64_t>(c.now_ms() - then, 0); };
    c.reply.map(4);
    c.reply.bulk("name");
    c.reply.bulk(name);
    reply_number_field(c, "pending", consumer->pending.size());
    c.reply.bulk("idle");
    c.reply.integer(since(consumer->seen_ms));
    c.reply.bulk("inactive");
    c.reply.integer(consumer->active_ms == Consumer::kNever ? -1 : since(consumer->active_ms));
  }
}

void xinfo_help(CommandContext& c) {
  reply_help(c, {"CONSUMERS <key> <groupname>", "    Show consumers of <groupname>.",
                 "GROUPS <key>", "    Show the stream consumer groups.",
                 "STREAM <key> [FULL [COUNT <count>]", "    Show information about the stream."});
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kStream = schema::Group::kStream;

constexpr CommandSpec kRows[] = {
    {.syntax = "XINFO",
     .group = kStream,
     .since = "5.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for stream introspection commands."},
    {.syntax = "XINFO CONSUMERS key groupname",
     .handler = xinfo_consumers,
     .keys = {key_at(2, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns a list of the consumers in a consumer group."},
    {.syntax = "XINFO GROUPS key",
     .handler = xinfo_groups,
     .keys = {key_at(2, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns a list of the consumer groups of a stream."},
    {.syntax = "XINFO HELP",
     .handler = xinfo_help,
     .flags = kLoading | kStale,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "XINFO STREAM key [FULL [COUNT count]]",
     .handler = xinfo_stream,
     .keys = {key_at(2, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns information about a stream."},
};

}  // namespace

Rows stream_info_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
