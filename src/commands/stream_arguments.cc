#include "commands/stream_arguments.h"

namespace scrubjay::commands {

using namespace engine;
using objects::ConsumerGroup;
using objects::Stream;

std::optional<StreamId> stream_id_in(std::string_view text, uint64_t missing_seq) {
  const size_t dash = text.find('-');
  const auto ms = parse_uint64(text.substr(0, dash));
  if (!ms) return std::nullopt;
  if (dash == std::string_view::npos) return StreamId{*ms, missing_seq};
  const auto seq = parse_uint64(text.substr(dash + 1));
  if (!seq) return std::nullopt;
  return StreamId{*ms, *seq};
}

StreamId parse_stream_id(std::string_view text, uint64_t missing_seq) {
  const auto id = stream_id_in(text, missing_seq);
  if (!id) fail(kInvalidStreamId);
  return *id;
}

namespace {

struct Bound {
  StreamId id;
  bool exclusive;
};

Bound parse_bound(std::string_view text, uint64_t missing_seq) {
  if (text.size() > 1 && text[0] == '(')
    return {parse_stream_id(text.substr(1), missing_seq), true};
  if (text == "-") return {{}, false};
  if (text == "+") return {StreamId::max(), false};
  return {parse_stream_id(text, missing_seq), false};
}

}  // namespace

StreamId parse_interval_start(std::string_view text) {
  const Bound bound = parse_bound(text, 0);
  if (!bound.exclusive) return bound.id;
  if (bound.id.is_max()) fail("ERR invalid start ID for the interval");
  return bound.id.next();
}

StreamId parse_interval_end(std::string_view text) {
  const Bound bound = parse_bound(text, UINT64_MAX);
  if (!bound.exclusive) return bound.id;
  if (bound.id.is_zero()) fail("ERR invalid end ID for the interval");
  return bound.id.previous();
}

std::optional<References> take_references(Arguments& args) {
  if (args.take("KEEPREF")) return References::kKeep;
  if (args.take("DELREF")) return References::kDrop;
  if (args.take("ACKED")) return References::kAcked;
  return std::nullopt;
}

Deletion delete_entry(Stream& stream, const StreamId& id, References references) {
  if (references == References::kAcked) {
    if (!stream.contains(id)) return Deletion::kNone;
    for (const auto& [name, group] : stream.groups()) {
      if (group->last_id < id || group->find_pending(id) != nullptr) return Deletion::kReferenced;
    }
  }
  if (!stream.erase(id)) return Deletion::kNone;
  if (references == References::kDrop) {
    for (const auto& [name, group] : stream.groups()) group->acknowledge(id);
  }
  return Deletion::kDone;
}

void TrimmingParser::take_strategy(Arguments& args, bool by_length) {
  if (trimming_.given)
    fail("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
  trimming_.given = true;
  trimming_.trim.approximate = false;
  if (args.left() > 1) {
    if (args.take("~"))
      trimming_.trim.approximate = true;
    else
      args.take("=");
  }
  if (by_length) {
    const int64_t length = args.next_integer();
    if (length < 0) fail("ERR The MAXLEN argument must be >= 0.");
    trimming_.trim.length = static_cast<uint64_t>(length);
  } else {
    trimming_.trim.below = parse_stream_id(args.next());
  }
}

bool TrimmingParser::take(Arguments& args) {
  if (const auto references = take_references(args)) {
    trimming_.references = *references;
    return true;
  }
  if (args.left() < 2) return false;
  if (args.take("MAXLEN")) {
    take_strategy(args, true);
  } else if (args.take("MINID")) {
    take_strategy(args, false);
  } else if (args.take("LIMIT")) {
    const int64_t limit = args.next_integer();
    if (limit < 0) fail("ERR The LIMIT argument must be >= 0.");
    trimming_.trim.limit = static_cast<uint64_t>(limit);
    limited_ = true;
  } else {
    return false;
  }
  return true;
}

Trimming TrimmingParser::finish(const CommandContext& c) const {
  if (limited_ && !trimming_.given)
    fail("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
  if (limited_ && !trimming_.trim.approximate)
    fail("ERR syntax error, LIMIT cannot be used without the special ~ option");
  Trimming trimming = trimming_;
  if (!limited_ && trimming.trim.approximate) {
    constexpr uint64_t kDefaultLimit = 10'000;
    constexpr uint64_t kMostLimit = 1'000'000;
    const auto limit = static_cast<uint64_t>(c.services.config.stream_node_max_entries) * 100;
    trimming.trim.limit = limit == 0 ? kDefaultLimit : std::min(limit, kMostLimit);
  }
  return trimming;
}

uint64_t trim_stream(Stream& stream, const Trimming& trimming) {
  if (!trimming.given) return 0;
  if (trimming.references == References::kKeep) return stream.trim(trimming.trim);
  uint64_t trimmed = 0;
  const StreamId max_deleted = stream.max_deleted_id();
  for (const StreamId& id : stream.doomed_by(trimming.trim)) {
    if (delete_entry(stream, id, trimming.references) == Deletion::kDone) ++trimmed;
  }
  stream.set_max_deleted_id(max_deleted);
  return trimmed;
}

void reply_stream_id(CommandContext& c, const StreamId& id) {
  char text[objects::kStreamIdText];
  c.reply.bulk(std::string_view(text, objects::write_stream_id(id, text)));
}

void reply_entry(CommandContext& c, const Stream::EntryRef& entry) {
  c.reply.array(2);
  reply_stream_id(c, entry.id());
  c.reply.array(2 * static_cast<int64_t>(entry.pairs()));
  entry.for_each_pair([&](std::string_view field, std::string_view value) {
    c.reply.bulk(field);
    c.reply.bulk(value);
  });
}

bool reply_entry_at(CommandContext& c, const Stream& stream, const StreamId& id) {
  return stream.visit(id, [&](const Stream::EntryRef& entry) { reply_entry(c, entry); });
}

void fail_without_group(std::string_view key, std::string_view group, std::string_view where) {
  fail("NOGROUP No such key '{}' or consumer group '{}'{}", key, group, where);
}

}  // namespace scrubjay::commands
