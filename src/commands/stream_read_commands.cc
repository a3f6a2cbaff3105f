// XREAD and XREADGROUP: entries of several streams behind given ids, now or when they come. A
// client that waits runs its command again (engine/waiting.h); by then `$` and `+` have been
// replaced by the ids that they meant.
#include "commands/stream_arguments.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::Consumer;
using objects::ConsumerGroup;
using objects::Delivery;
using objects::Stream;
using store::StreamEdit;
using store::StreamView;

constexpr std::string_view kNew = ">";

struct ReadRequest {
  int64_t most = INT64_MAX;  // entries of each stream
  std::optional<int64_t> deadline;
  std::string_view group;
  std::string_view consumer;
  bool in_group = false;
  bool acknowledged = false;  // NOACK
  std::span<const std::string_view> ids;
  size_t first_id = 0;  // index of ids[0] among the arguments
};

int64_t parse_block_time(CommandContext& c) {
  const int64_t ms = c.args.next_integer("ERR timeout is not an integer or out of range");
  if (ms < 0) fail("ERR timeout is negative");
  int64_t deadline = 0;
  if (__builtin_add_overflow(ms, c.now_ms(), &deadline)) fail("ERR timeout is out of range");
  return ms == 0 ? 0 : deadline;
}

ReadRequest parse(CommandContext& c, bool group_command) {
  ReadRequest request;
  bool streams = false;
  while (!streams) {
    if (c.args.at_end()) fail(resp::error_text::kSyntax);
    const bool more = c.args.left() > 1;
    if (more && c.args.take("BLOCK")) {
      if (c.worker.in_script)
        fail("ERR {} command is not allowed with BLOCK option from scripts", c.args[0]);
      request.deadline = parse_block_time(c);
    } else if (more && c.args.take("COUNT")) {
      const int64_t count = c.args.next_integer();
      request.most = count > 0 ? count : INT64_MAX;
    } else if (more && c.args.take("STREAMS")) {
      streams = true;
    } else if (c.args.left() > 2 && c.args.take("GROUP")) {
      if (!group_command)
        fail("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
      request.group = c.args.next();
      request.consumer = c.args.next();
      request.in_group = true;
    } else if (c.args.take("NOACK")) {
      if (!group_command)
        fail("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
      request.acknowledged = true;
    } else {
      fail(resp::error_text::kSyntax);
    }
  }
  if (c.args.left() % 2 != 0) {
    fail("ERR Unbalanced '{}' list of streams: for each stream key an ID{} must be specified.",
         c.command.name, group_command ? " or '>'" : ", '+', or '$'");
  }
  if (group_command && !request.in_group) fail("ERR Missing GROUP option for XREADGROUP");
  const size_t count = c.args.left() / 2;
  request.first_id = c.args.size() - count;
  request.ids = c.args.all().last(count);
  return request;
}

// One stream's part of the reply: its name and its entries.
class StreamReplies {
 public:
  explicit StreamReplies(CommandContext& c) : c_(c), place_(c.reply.array_later()) {}

  // `write` replies the entries and returns how many.
  template <class Write>
  void add(std::string_view key, Write&& write) {
    ++count_;
    if (c_.reply.protocol() == 2) c_.reply.array(2);
    c_.reply.bulk(key);
    const size_t place = c_.reply.array_later();
    const int64_t entries = write();
    c_.reply.set_length(place, entries);
  }
  // Returns whether there was any stream.
  bool finish() {
    if (count_ == 0) return false;
    if (c_.reply.protocol() == 2)
      c_.reply.set_length(place_, count_);
    else
      c_.reply.set_map_length(place_, count_);
    return true;
  }

 private:
  CommandContext& c_;
  size_t place_;
  int64_t count_ = 0;
};

// No stream had anything: the client waits, if it said so. `last_ids` stand for the ids from then.
void wait_or_reply_nothing(CommandContext& c, const ReadRequest& request,
                           std::span<const StreamId> last_ids, bool on_any_change) {
  if (!request.deadline || c.in_transaction) return c.reply.null_array();
  c.wait_for(c.key_list, store::Type::kStream, *request.deadline,
             [](resp::ReplyBuilder& reply) { reply.null_array(); });
  if (c.waits_again != nullptr) return;
  ClientWaiter& waiter = *c.client.blocked->waiter;
  waiter.on_any_change = on_any_change;
  for (size_t i = 0; i < last_ids.size(); ++i)
    waiter.arguments[request.first_id + i] = to_text(last_ids[i]);
}

int64_t reply_behind(CommandContext& c, const Stream& stream, const StreamId& last, int64_t most) {
  int64_t count = 0;
  stream.for_each(last.next(), StreamId::max(), [&](const Stream::EntryRef& entry) {
    reply_entry(c, entry);
    return ++count < most;
  });
  return count;
}

// The id behind which to read.
StreamId read_from(std::string_view text, const Stream* stream) {
  if (text == "$") return stream != nullptr ? stream->last_id() : StreamId{};
  if (text == "+") {
    if (stream == nullptr) return {};
    const auto last = stream->last_entry_id();
    return last ? last->previous() : stream->last_id();
  }
  if (text == ">")
    fail(
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
        "<consumer> option.");
  return parse_stream_id(text);
}

void xread(CommandContext& c) {
  const ReadRequest request = parse(c, false);
  std::vector<StreamId> last_ids;
  for (size_t i = 0; i < request.ids.size(); ++i) {
    const Stream* const stream = c.find<StreamView>(c.key(i)).stream();
    last_ids.push_back(read_from(request.ids[i], stream));
  }
  StreamReplies replies(c);
  for (size_t i = 0; i < last_ids.size(); ++i) {
    const Stream* const stream = c.find<StreamView>(c.key(i)).stream();
    if (stream == nullptr || stream->size() == 0 || stream->last_id() <= last_ids[i]) continue;
    const auto last = stream->last_entry_id();
    if (!last || *last <= last_ids[i]) continue;
    replies.add(c.key(i).text, [&] { return reply_behind(c, *stream, last_ids[i], request.most); });
  }
  if (!replies.finish()) wait_or_reply_nothing(c, request, last_ids, false);
}

// -- groups --------------------------------------------------------------------------------------

// Entries that no consumer of the group has been given yet.
int64_t deliver_new(CommandContext& c, const Stream& stream, ConsumerGroup& group,
                    Consumer& consumer, const ReadRequest& request) {
  int64_t count = 0;
  stream.for_each(group.last_id.next(), StreamId::max(), [&](const Stream::EntryRef& entry) {
    stream.advance(group, entry.id());
    reply_entry(c, entry);
    if (!request.acknowledged) group.give(entry.id(), consumer, c.now_ms(), 1);
    return ++count < request.most;
  });
  if (count > 0) consumer.active_ms = c.now_ms();
  return count;
}

// What the consumer was given before and has not acknowledged.
int64_t deliver_again(CommandContext& c, const Stream& stream, ConsumerGroup& group,
                      Consumer& consumer, const StreamId& last, int64_t most) {
  int64_t count = 0;
  if (last.is_max()) return 0;
  consumer.pending.for_each_from(last.next(), [&](const StreamId& id, objects::Nothing&) {
    if (reply_entry_at(c, stream, id)) {
      Delivery& delivery = *group.find_pending(id);
      delivery.delivered_ms = c.now_ms();
      ++delivery.count;
    } else {
      c.reply.array(2);
      reply_stream_id(c, id);
      c.reply.null_array();
    }
    return ++count < most;
  });
  return count;
}

Consumer& attend(StreamEdit& edit, ConsumerGroup& group, std::string_view name, int64_t now_ms) {
  Consumer* consumer = group.find_consumer(name);
  if (consumer == nullptr) {
    consumer = &group.add_consumer(name, now_ms);
    edit.announce_aside("xgroup-createconsumer");
  }
  consumer->seen_ms = now_ms;
  return *consumer;
}

void check_group_id(std::string_view text) {
  if (text == kNew) return;
  if (text == "$" || text == "+") {
    fail(
        "ERR The {} ID is meaningless in the context of XREADGROUP: you want to read the history "
        "of this consumer by specifying a proper ID, or use the > ID to get new messages. The {} "
        "ID would just return an empty result set.",
        text, text);
  }
  parse_stream_id(text);
}

void xreadgroup(CommandContext& c) {
  const ReadRequest request = parse(c, true);
  std::vector<StreamEdit> edits;
  edits.reserve(request.ids.size());
  for (size_t i = 0; i < request.ids.size(); ++i) {
    edits.push_back(c.edit<StreamEdit>(c.key(i)));
    const Stream* const stream = edits[i].stream();
    if (stream == nullptr) c.keys.find(c.key(i));  // a miss
    if (stream == nullptr || stream->find_group(request.group) == nullptr)
      fail_without_group(c.key(i).text, request.group, " in XREADGROUP with GROUP option");
    check_group_id(request.ids[i]);
  }
  StreamReplies replies(c);
  for (size_t i = 0; i < edits.size(); ++i) {
    Stream& stream = *edits[i].stream();
    ConsumerGroup& group = *stream.find_group(request.group);
    Consumer& consumer = attend(edits[i], group, request.consumer, c.now_ms());
    if (request.ids[i] != kNew) {
      const StreamId last = parse_stream_id(request.ids[i]);
      replies.add(c.key(i).text,
                  [&] { return deliver_again(c, stream, group, consumer, last, request.most); });
      continue;
    }
    const auto last = stream.size() > 0 && stream.last_id() > group.last_id ? stream.last_entry_id()
                                                                            : std::nullopt;
    if (!last || *last <= group.last_id) continue;
    replies.add(c.key(i).text, [&] { return deliver_new(c, stream, group, consumer, request); });
  }
  if (!replies.finish()) wait_or_reply_nothing(c, request, {}, true);
}

using schema::CommandSpec;
using schema::keys_after;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kStream = schema::Group::kStream;

constexpr CommandSpec kRows[] = {
    {.syntax = "XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
     .handler = xread,
     .keys = {keys_after("STREAMS", true, kRO | kAccess, 1)},
     .flags = kReadOnly | kBlocking,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "For each stream mentioned: O(N) with N being the number of elements being "
                   "returned, it means that XREAD-ing with a fixed COUNT is O(1). Note that when "
                   "the BLOCK option is used, XADD will pay O(M) time in order to serve the M "
                   "clients blocked on the stream getting new data.",
     .summary = "Returns messages from multiple streams with IDs greater than the ones requested. "
                "Blocks until a message is available otherwise."},
    {.syntax = "XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS "
               "key [key ...] id [id ...]",
     .handler = xreadgroup,
     .keys = {keys_after("STREAMS", true, kRO | kAccess, 4)},
     .flags = kWrite | kBlocking,
     .group = kStream,
     .since = "5.0.0",
     .complexity =
         "For each stream mentioned: O(M) with M being the number of elements returned. If M is "
         "constant (e.g. always asking for the first 10 elements with COUNT), you can consider it "
         "O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in order to "
         "serve the N clients blocked on the stream getting new data.",
     .summary = "Returns new or historical messages from a stream for a consumer in a group. "
                "Blocks until a message is available otherwise."},
};

}  // namespace

Rows stream_read_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
