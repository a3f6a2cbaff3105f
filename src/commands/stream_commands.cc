// Streams as logs: XADD, XRANGE, XDEL and their kin. Reading on from an id and consumer groups are
// in stream_read_commands.cc, stream_group_commands.cc and stream_pending_commands.cc.
#include "commands/stream_arguments.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::Stream;
using store::StreamEdit;
using store::StreamView;

constexpr size_t kLargestEntry = 1u << 30;
constexpr std::string_view kTooLarge = "ERR Elements are too large to be stored";
constexpr std::string_view kTooSmallId =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";

// The id that XADD gives: complete, "ms-*", or "*".
struct NewId {
  std::optional<uint64_t> ms;
  std::optional<uint64_t> seq;

  static NewId parse(std::string_view text) {
    if (text == "*") return {};
    if (text.ends_with("-*")) {
      const auto ms = parse_uint64(text.substr(0, text.size() - 2));
      if (!ms) fail(kInvalidStreamId);
      return {*ms, std::nullopt};
    }
    const StreamId id = parse_stream_id(text);
    return {id.ms, id.seq};
  }

  // Above `last`, or an error.
  StreamId make(const StreamId& last, int64_t now_ms) const {
    const auto now = static_cast<uint64_t>(now_ms);
    if (!ms) return now > last.ms ? StreamId{now, 0} : last.next();
    if (seq) {
      if (StreamId{*ms, *seq} <= last) fail(kTooSmallId);
      return {*ms, *seq};
    }
    if (*ms < last.ms) fail(kTooSmallId);
    if (*ms == last.ms && last.seq == UINT64_MAX) fail(kTooLarge);
    return *ms == last.ms ? StreamId{last.ms, last.seq + 1} : StreamId{*ms, 0};
  }
};

objects::StreamLimits chunk_limits(const CommandContext& c) {
  return {c.services.config.stream_node_max_bytes,
          static_cast<uint64_t>(c.services.config.stream_node_max_entries)};
}

void xadd(CommandContext& c) {
  c.args.skip(1);
  bool make_stream = true;
  TrimmingParser parser;
  while (!c.args.at_end() && c.args.peek() != "*") {
    if (parser.take(c.args)) continue;
    if (!c.args.take("NOMKSTREAM")) break;
    make_stream = false;
  }
  const NewId wanted = c.args.at_end() ? NewId{} : NewId::parse(c.args.next());
  const Trimming trimming = parser.finish(c);
  const auto pairs = c.args.rest();
  if (pairs.empty() || pairs.size() % 2 != 0)
    fail("ERR wrong number of arguments for 'xadd' command");
  if (wanted.ms == 0 && wanted.seq == 0)
    fail("ERR The ID specified in XADD must be greater than 0-0");

  auto edit = c.edit<StreamEdit>(c.key());
  if (edit.entry() == nullptr && !make_stream) return c.reply.null();
  const Stream* const present = edit.stream();
  const StreamId last = present != nullptr ? present->last_id() : StreamId{};
  if (last.is_max())
    fail("ERR The stream has exhausted the last possible ID, unable to add more items");
  const StreamId id = wanted.make(last, c.now_ms());
  size_t size = 0;
  for (const std::string_view text : pairs) size += text.size();
  if (size > kLargestEntry) fail(kTooLarge);

  Stream& stream = edit.get_or_create();
  stream.append(id, pairs, chunk_limits(c));
  reply_stream_id(c, id);
  edit.announce("xadd");
  if (trim_stream(stream, trimming) > 0) edit.announce("xtrim");
}

void xtrim(CommandContext& c) {
  c.args.skip(1);
  TrimmingParser parser;
  while (!c.args.at_end()) {
    if (!parser.take(c.args)) fail(resp::error_text::kSyntax);
  }
  const Trimming trimming = parser.finish(c);
  if (!trimming.given) fail("ERR syntax error, XTRIM must be called with either MAXLEN or MINID");
  auto edit = c.edit<StreamEdit>(c.key());
  if (edit.entry() == nullptr) return c.reply.integer(0);
  const uint64_t trimmed = trim_stream(*edit.stream(), trimming);
  if (trimmed > 0) edit.announce("xtrim");
  c.reply.integer(static_cast<int64_t>(trimmed));
}

void xlen(CommandContext& c) {
  const Stream* const stream = c.find<StreamView>(c.key()).stream();
  c.reply.integer(stream != nullptr ? static_cast<int64_t>(stream->size()) : 0);
}

void range(CommandContext& c, bool backwards) {
  const StreamId start = parse_interval_start(c.args[backwards ? 3 : 2]);
  const StreamId end = parse_interval_end(c.args[backwards ? 2 : 3]);
  int64_t most = INT64_MAX;
  c.args.skip(3);
  while (!c.args.at_end()) {
    if (c.args.left() < 2 || !c.args.take("COUNT")) fail(resp::error_text::kSyntax);
    most = std::max<int64_t>(c.args.next_integer(), 0);
  }
  const Stream* const stream = c.find<StreamView>(c.key()).stream();
  if (stream == nullptr) return c.reply.array(0);
  if (most == 0) return c.reply.null_array();
  const size_t place = c.reply.array_later();
  int64_t count = 0;
  const auto visit = [&](const Stream::EntryRef& entry) {
    reply_entry(c, entry);
    return ++count < most;
  };
  if (backwards)
    stream->for_each_backwards(start, end, visit);
  else
    stream->for_each(start, end, visit);
  c.reply.set_length(place, count);
}
void xrange(CommandContext& c) {
  range(c, false);
}
void xrevrange(CommandContext& c) {
  range(c, true);
}

std::vector<StreamId> parse_ids(std::span<const std::string_view> texts) {
  std::vector<StreamId> ids;
  ids.reserve(texts.size());
  for (const std::string_view text : texts) ids.push_back(parse_stream_id(text));
  return ids;
}

void xdel(CommandContext& c) {
  auto edit = c.edit<StreamEdit>(c.key());
  if (edit.entry() == nullptr) return c.reply.integer(0);
  c.args.skip(1);
  int64_t deleted = 0;
  for (const StreamId& id : parse_ids(c.args.rest())) deleted += edit.stream()->erase(id) ? 1 : 0;
  if (deleted > 0) edit.announce("xdel");
  c.reply.integer(deleted);
}

// IDS numids id [id ...]
std::vector<StreamId> parse_counted_ids(CommandContext& c, References& references) {
  std::optional<std::vector<StreamId>> ids;
  while (!c.args.at_end()) {
    if (const auto given = take_references(c.args)) {
      references = *given;
    } else if (!ids && c.args.left() > 1 && c.args.take("IDS")) {
      const int64_t count =
          c.args.next_integer_in(1, INT64_MAX, "ERR Number of IDs must be a positive integer");
      if (static_cast<uint64_t>(count) > c.args.left())
        fail("ERR The `numids` parameter must match the number of arguments");
      const auto texts = c.args.rest().first(static_cast<size_t>(count));
      c.args.skip(texts.size());
      ids = parse_ids(texts);
    } else {
      fail(resp::error_text::kSyntax);
    }
  }
  if (!ids) fail(resp::error_text::kSyntax);
  return std::move(*ids);
}

int64_t deletion_code(Deletion deletion) {
  switch (deletion) {
    case Deletion::kNone:
      return -1;
    case Deletion::kDone:
      return 1;
    case Deletion::kReferenced:
      return 2;
  }
  return -1;
}

void xdelex(CommandContext& c) {
  c.args.skip(1);
  References references = References::kKeep;
  const std::vector<StreamId> ids = parse_counted_ids(c, references);
  auto edit = c.edit<StreamEdit>(c.key());
  Stream* const stream = edit.stream();
  bool any = false;
  c.reply.array(static_cast<int64_t>(ids.size()));
  for (const StreamId& id : ids) {
    const Deletion deletion =
        stream != nullptr ? delete_entry(*stream, id, references) : Deletion::kNone;
    any |= deletion == Deletion::kDone;
    c.reply.integer(deletion_code(deletion));
  }
  if (any) edit.announce("xdel");
}

void xackdel(CommandContext& c) {
  c.args.skip(2);
  References references = References::kKeep;
  const std::vector<StreamId> ids = parse_counted_ids(c, references);
  auto edit = c.edit<StreamEdit>(c.key());
  Stream* const stream = edit.stream();
  objects::ConsumerGroup* const group = stream != nullptr ? stream->find_group(c.args[2]) : nullptr;
  bool any = false;
  c.reply.array(static_cast<int64_t>(ids.size()));
  for (const StreamId& id : ids) {
    if (group == nullptr || !group->acknowledge(id)) {
      c.reply.integer(deletion_code(Deletion::kNone));
      continue;
    }
    const Deletion deletion = delete_entry(*stream, id, references);
    any |= deletion == Deletion::kDone;
    // What was acknowledged counts as done, though somebody had deleted the entry before.
    c.reply.integer(deletion_code(deletion == Deletion::kNone ? Deletion::kDone : deletion));
  }
  if (any) edit.announce("xdel");
}

void xsetid(CommandContext& c) {
  c.args.skip(1);
  const StreamId id = parse_stream_id(c.args.next());
  std::optional<uint64_t> entries_added;
  std::optional<StreamId> max_deleted;
  while (!c.args.at_end()) {
    if (c.args.left() < 2) fail(resp::error_text::kSyntax);
    if (c.args.take("ENTRIESADDED")) {
      const int64_t count = c.args.next_integer();
      if (count < 0) fail("ERR entries_added must be positive");
      entries_added = static_cast<uint64_t>(count);
    } else if (c.args.take("MAXDELETEDID")) {
      max_deleted = parse_stream_id(c.args.next());
      if (id < *max_deleted)
        fail("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
    } else {
      fail(resp::error_text::kSyntax);
    }
  }
  auto edit = c.edit<StreamEdit>(c.key());
  Stream* const stream = edit.stream();
  if (stream == nullptr) fail(resp::error_text::kNoSuchKey);
  if (stream->size() > 0) {
    if (id < *stream->last_entry_id())
      fail("ERR The ID specified in XSETID is smaller than the target stream top item");
    if (entries_added && *entries_added < stream->size())
      fail("ERR The entries_added specified in XSETID is smaller than the target stream length");
  }
  if (id < stream->max_deleted_id())
    fail("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
  stream->set_last_id(id);
  if (entries_added) stream->set_entries_added(*entries_added);
  if (max_deleted && !max_deleted->is_zero()) stream->set_max_deleted_id(*max_deleted);
  c.reply.ok();
  edit.announce_aside("xsetid");
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kStream = schema::Group::kStream;

constexpr CommandSpec kRows[] = {
    {.syntax = "XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
     .handler = xackdel,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite | kFast,
     .group = kStream,
     .since = "8.2.0",
     .complexity = "O(1) for each message ID processed.",
     .summary = "Acknowledges and deletes one or multiple messages for a stream consumer group."},
    {.syntax = "XADD key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [<MAXLEN | MINID> [= | ~] "
               "threshold [LIMIT count]] <* | id> field value [field value ...]",
     .handler = xadd,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1) when adding a new entry, O(N) when trimming where N being the number of "
                   "entries evicted.",
     .summary = "Appends a new message to a stream. Creates the key if it doesn't exist."},
    {.syntax = "XDEL key id [id ...]",
     .handler = xdel,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite | kFast,
     .group = kStream,
     .since = "5.0.0",
     .complexity =
         "O(1) for each single item to delete in the stream, regardless of the stream size.",
     .summary = "Returns the number of messages after removing them from a stream."},
    {.syntax = "XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
     .handler = xdelex,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite | kFast,
     .group = kStream,
     .since = "8.2.0",
     .complexity =
         "O(1) for each single item to delete in the stream, regardless of the stream size.",
     .summary = "Deletes one or multiple entries from the stream."},
    {.syntax = "XLEN key",
     .handler = xlen,
     .keys = {key_at(1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Return the number of messages in a stream."},
    {.syntax = "XRANGE key start end [COUNT count]",
     .handler = xrange,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kStream,
     .since = "5.0.0",
     .complexity =
         "O(N) with N being the number of elements being returned. If N is constant (e.g. always "
         "asking for the first 10 elements with COUNT), you can consider it O(1).",
     .summary = "Returns the messages from a stream within a range of IDs."},
    {.syntax = "XREVRANGE key end start [COUNT count]",
     .handler = xrevrange,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N being the number of elements returned. If N is constant (e.g. "
                   "always asking for the first 10 elements with COUNT), you can consider it O(1).",
     .summary = "Returns the messages from a stream within a range of IDs in reverse order."},
    {.syntax =
         "XSETID key last-id [ENTRIESADDED entries_added] [MAXDELETEDID max_deleted_entry_id]",
     .handler = xsetid,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "An internal command for replicating stream values."},
    {.syntax =
         "XTRIM key <MAXLEN | MINID> [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]",
     .handler = xtrim,
     .keys = {key_at(1, kRW | kDelete)},
     .flags = kWrite,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(N), with N being the number of evicted entries. Constant times are very "
                   "small however, since entries are organized in macro nodes containing multiple "
                   "entries that can be released with a single deallocation.",
     .summary = "Deletes messages from the beginning of a stream."},
};

}  // namespace

Rows stream_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
