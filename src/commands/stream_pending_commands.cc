// What consumers were given and have to acknowledge: XACK, XCLAIM, XAUTOCLAIM and XPENDING.
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

int64_t idle_ms(const Delivery& delivery, int64_t now_ms) {
  return std::max<int64_t>(now_ms - delivery.delivered_ms, 0);
}

void xack(CommandContext& c) {
  auto edit = c.edit<StreamEdit>(c.key());
  Stream* const stream = edit.stream();
  if (stream == nullptr) c.keys.find(c.key());  // a miss
  ConsumerGroup* const group = stream != nullptr ? stream->find_group(c.args[2]) : nullptr;
  if (group == nullptr) return c.reply.integer(0);
  c.args.skip(2);
  const auto texts = c.args.rest();
  constexpr size_t kFew = 16;
  std::array<StreamId, kFew> few;
  std::vector<StreamId> many(texts.size() > kFew ? texts.size() : 0);
  StreamId* const ids = texts.size() > kFew ? many.data() : few.data();
  for (size_t i = 0; i < texts.size(); ++i) ids[i] = parse_stream_id(texts[i]);
  int64_t acknowledged = 0;
  for (size_t i = 0; i < texts.size(); ++i) acknowledged += group->acknowledge(ids[i]) ? 1 : 0;
  c.reply.integer(acknowledged);
}

// -- claiming ------------------------------------------------------------------------------------

struct Claim {
  int64_t min_idle = 0;
  int64_t delivered_ms = 0;
  std::optional<uint64_t> deliveries{};
  bool ids_only = false;
};

ConsumerGroup& existing_group(CommandContext& c, const Stream* stream) {
  ConsumerGroup* const group = stream != nullptr ? stream->find_group(c.args[2]) : nullptr;
  if (group == nullptr) fail_without_group(c.args[1], c.args[2]);
  return *group;
}

int64_t parse_min_idle(CommandContext& c, std::string_view command) {
  const auto idle = parse_int64(c.args.next());
  if (!idle) fail("ERR Invalid min-idle-time argument for {}", command);
  return std::max<int64_t>(*idle, 0);
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

// Gives a pending entry to the consumer, and replies it.
void take_over(CommandContext& c, const Stream& stream, ConsumerGroup& group, Consumer& consumer,
               const StreamId& id, const Claim& claim) {
  const Delivery* const delivery = group.find_pending(id);
  uint64_t count = delivery != nullptr ? delivery->count : 1;
  if (claim.deliveries)
    count = *claim.deliveries;
  else if (!claim.ids_only)
    ++count;
  group.give(id, consumer, claim.delivered_ms, count);
  consumer.active_ms = c.now_ms();
  if (claim.ids_only)
    reply_stream_id(c, id);
  else
    reply_entry_at(c, stream, id);
}

struct ClaimOptions {
  Claim claim{};
  bool force = false;
  StreamId last_id{};
};

int64_t parse_claim_number(CommandContext& c, std::string_view option) {
  const auto number = parse_int64(c.args.next());
  if (!number) fail("ERR Invalid {} option argument for XCLAIM", option);
  return *number;
}

ClaimOptions parse_claim_options(CommandContext& c) {
  ClaimOptions options;
  int64_t delivered_ms = c.now_ms();
  while (!c.args.at_end()) {
    const bool more = c.args.left() > 1;
    if (c.args.take("FORCE")) {
      options.force = true;
    } else if (c.args.take("JUSTID")) {
      options.claim.ids_only = true;
    } else if (more && c.args.take("IDLE")) {
      const int64_t idle = parse_claim_number(c, "IDLE");
      if (__builtin_sub_overflow(c.now_ms(), idle, &delivered_ms)) delivered_ms = -1;
    } else if (more && c.args.take("TIME")) {
      delivered_ms = parse_claim_number(c, "TIME");
    } else if (more && c.args.take("RETRYCOUNT")) {
      options.claim.deliveries = static_cast<uint64_t>(parse_claim_number(c, "RETRYCOUNT"));
    } else if (more && c.args.take("LASTID")) {
      options.last_id = parse_stream_id(c.args.next());
    } else {
      fail("ERR Unrecognized XCLAIM option '{}'", c.args.peek());
    }
  }
  const bool plausible = delivered_ms >= 0 && delivered_ms <= c.now_ms();
  options.claim.delivered_ms = plausible ? delivered_ms : c.now_ms();
  return options;
}

void xclaim(CommandContext& c) {
  auto edit = c.edit<StreamEdit>(c.key());
  if (edit.stream() == nullptr) c.keys.find(c.key());  // a miss
  ConsumerGroup& group = existing_group(c, edit.stream());
  c.args.skip(3);
  const int64_t min_idle = parse_min_idle(c, "XCLAIM");
  std::vector<StreamId> ids;
  while (!c.args.at_end()) {
    const auto id = stream_id_in(c.args.peek(), 0);
    if (!id) break;
    ids.push_back(*id);
    c.args.skip();
  }
  ClaimOptions options = parse_claim_options(c);
  options.claim.min_idle = min_idle;
  group.last_id = std::max(group.last_id, options.last_id);

  Consumer& consumer = attend(edit, group, c.args[3], c.now_ms());
  const Stream& stream = *edit.stream();
  const size_t place = c.reply.array_later();
  int64_t claimed = 0;
  for (const StreamId& id : ids) {
    const Delivery* const delivery = group.find_pending(id);
    if (!stream.contains(id)) {
      group.acknowledge(id);
      continue;
    }
    if (delivery == nullptr && !options.force) continue;
    if (delivery != nullptr && min_idle > 0 && idle_ms(*delivery, c.now_ms()) < min_idle) continue;
    take_over(c, stream, group, consumer, id, options.claim);
    ++claimed;
  }
  c.reply.set_length(place, claimed);
}

void xautoclaim(CommandContext& c) {
  constexpr int64_t kDefaultCount = 100;
  constexpr int64_t kAttemptsPerEntry = 10;
  constexpr int64_t kMostCount = INT64_MAX / 16;
  c.args.skip(3);
  Claim claim;
  claim.min_idle = parse_min_idle(c, "XAUTOCLAIM");
  claim.delivered_ms = c.now_ms();
  const StreamId start = parse_interval_start(c.args.next());
  int64_t count = kDefaultCount;
  while (!c.args.at_end()) {
    if (c.args.left() > 1 && c.args.take("COUNT"))
      count = c.args.next_integer_in(1, kMostCount, "ERR COUNT must be > 0");
    else if (c.args.take("JUSTID"))
      claim.ids_only = true;
    else
      fail(resp::error_text::kSyntax);
  }
  auto edit = c.edit<StreamEdit>(c.key());
  if (edit.stream() == nullptr) c.keys.find(c.key());  // a miss
  ConsumerGroup& group = existing_group(c, edit.stream());
  Consumer& consumer = attend(edit, group, c.args[3], c.now_ms());
  const Stream& stream = *edit.stream();

  // Looked for first, as claiming changes what is walked.
  std::vector<StreamId> claimed;
  std::vector<StreamId> deleted;
  StreamId cursor;
  int64_t attempts = count * kAttemptsPerEntry;
  group.pending().for_each_from(start, [&](const StreamId& id, const Delivery& delivery) {
    if (attempts-- == 0 || count == 0) {
      cursor = id;
      return false;
    }
    if (!stream.contains(id)) {
      deleted.push_back(id);
      --count;
    } else if (claim.min_idle == 0 || idle_ms(delivery, c.now_ms()) >= claim.min_idle) {
      claimed.push_back(id);
      --count;
    }
    return true;
  });
  for (const StreamId& id : deleted) group.acknowledge(id);
  c.reply.array(3);
  reply_stream_id(c, cursor);
  c.reply.array(static_cast<int64_t>(claimed.size()));
  for (const StreamId& id : claimed) take_over(c, stream, group, consumer, id, claim);
  c.reply.array(static_cast<int64_t>(deleted.size()));
  for (const StreamId& id : deleted) reply_stream_id(c, id);
}

// -- XPENDING ------------------------------------------------------------------------------------

void reply_summary(CommandContext& c, const ConsumerGroup& group) {
  c.reply.array(4);
  c.reply.integer(static_cast<int64_t>(group.pending().size()));
  if (group.pending().empty()) {
    c.reply.null();
    c.reply.null();
    return c.reply.null_array();
  }
  reply_stream_id(c, group.pending().first_id());
  reply_stream_id(c, group.pending().last_id());
  const size_t place = c.reply.array_later();
  int64_t consumers = 0;
  for (const auto& [name, consumer] : group.consumers()) {
    if (consumer->pending.empty()) continue;
    c.reply.array(2);
    c.reply.bulk(name);
    c.reply.bulk_integer(static_cast<int64_t>(consumer->pending.size()));
    ++consumers;
  }
  c.reply.set_length(place, consumers);
}

void reply_delivery(CommandContext& c, const StreamId& id, const Delivery& delivery) {
  c.reply.array(4);
  reply_stream_id(c, id);
  c.reply.bulk(delivery.consumer->name);
  c.reply.integer(idle_ms(delivery, c.now_ms()));
  c.reply.integer(static_cast<int64_t>(delivery.count));
}

struct PendingRange {
  int64_t min_idle = 0;
  StreamId start{};
  StreamId end{};
  int64_t most = 0;
  std::optional<std::string_view> consumer;
};

PendingRange parse_pending_range(CommandContext& c) {
  PendingRange range;
  c.args.skip(2);
  if (c.args.take("IDLE")) {
    range.min_idle = c.args.next_integer();
    if (c.args.left() < 3) fail(resp::error_text::kSyntax);
  }
  const std::string_view start = c.args.next();
  const std::string_view end = c.args.next();
  range.most = c.args.next_integer();
  range.start = parse_interval_start(start);
  range.end = parse_interval_end(end);
  if (!c.args.at_end()) range.consumer = c.args.next();
  return range;
}

void reply_range(CommandContext& c, const ConsumerGroup& group, const PendingRange& range) {
  const size_t place = c.reply.array_later();
  int64_t count = 0;
  const auto visit = [&](const StreamId& id, const Delivery& delivery) {
    if (count >= range.most || id > range.end) return false;
    if (range.min_idle > 0 && idle_ms(delivery, c.now_ms()) < range.min_idle) return true;
    reply_delivery(c, id, delivery);
    ++count;
    return true;
  };
  if (!range.consumer) {
    group.pending().for_each_from(range.start, visit);
  } else if (const Consumer* const consumer = group.find_consumer(*range.consumer)) {
    consumer->pending.for_each_from(range.start, [&](const StreamId& id, const objects::Nothing&) {
      return visit(id, *group.pending().find(id));
    });
  }
  c.reply.set_length(place, count);
}

void xpending(CommandContext& c) {
  const size_t size = c.args.size();
  if (size != 3 && (size < 6 || size > 9)) fail(resp::error_text::kSyntax);
  const std::optional<PendingRange> range =
      size > 3 ? std::optional(parse_pending_range(c)) : std::nullopt;
  const ConsumerGroup& group = existing_group(c, c.find<StreamView>(c.key()).stream());
  if (range)
    reply_range(c, group, *range);
  else
    reply_summary(c, group);
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kStream = schema::Group::kStream;

constexpr CommandSpec kRows[] = {
    {.syntax = "XACK key group id [id ...]",
     .handler = xack,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kFast,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1) for each message ID processed.",
     .summary = "Returns the number of messages that were successfully acknowledged by the "
                "consumer group member of a stream."},
    {.syntax = "XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]",
     .handler = xautoclaim,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite | kFast,
     .group = kStream,
     .since = "6.2.0",
     .complexity = "O(1) if COUNT is small.",
     .summary = "Changes, or acquires, ownership of messages in a consumer group, as if the "
                "messages were delivered to as consumer group member."},
    {.syntax = "XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME "
               "unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]",
     .handler = xclaim,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kFast,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(log N) with N being the number of messages in the PEL of the consumer group.",
     .summary = "Changes, or acquires, ownership of a message in a consumer group, as if the "
                "message was delivered a consumer group member."},
    {.syntax = "XPENDING key group [[IDLE min-idle-time] start end count [consumer]]",
     .handler = xpending,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N being the number of elements returned, so asking for a small fixed "
                   "number of entries per call is O(1). O(M), where M is the total number of "
                   "entries scanned when used with the IDLE filter. When the command returns just "
                   "the summary and the list of consumers is small, it runs in O(1) time; "
                   "otherwise, an additional O(N) time for iterating every consumer.",
     .summary = "Returns the information and entries from a stream consumer group's pending "
                "entries list."},
};

}  // namespace

Rows stream_pending_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
