// DUMP and RESTORE: values in Redis's own payload format (rdb/).
#include <algorithm>

#include "commands/table.h"
#include "engine/context.h"
#include "rdb/payload_reader.h"
#include "rdb/payload_writer.h"
#include "rdb/stream_payload.h"
#include "store/access.h"
#include "store/hash_value.h"
#include "store/list_value.h"
#include "store/set_value.h"
#include "store/sorted_set_value.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::PackedItem;
using rdb::PayloadWriter;
using store::Encoding;
using store::Type;

void write_list(PayloadWriter& writer, const Entry& entry) {
  constexpr size_t kNodeBytes = 8192;
  writer.begin(rdb::kListOfListpacksCode);
  std::vector<objects::OwnBytes> nodes;
  if (!entry.is_object()) {
    nodes.emplace_back(entry.string());
  } else {
    entry.object<objects::List>().for_each(0, [&](std::string_view text) {
      const objects::PackedText item(text);
      if (nodes.empty() || nodes.back().size() + objects::listpack_item_size(item) > kNodeBytes)
        nodes.emplace_back(objects::empty_listpack());
      objects::listpack_append(nodes.back(), item);
      return true;
    });
  }
  writer.count(nodes.size());
  for (const objects::OwnBytes& node : nodes) {
    writer.count(rdb::kPackedNode);
    writer.string(node.view());
  }
}

void write_set(PayloadWriter& writer, const Entry& entry) {
  if (entry.encoding() == Encoding::kIntset) {
    writer.begin(rdb::kSetIntsetCode);
    return writer.string(entry.string());
  }
  const store::SetView set(&entry);
  writer.begin(rdb::kSetCode);
  writer.count(set.size());
  char digits[kInt64Digits];
  set.for_each([&](const PackedItem& member) { writer.string(member.text(digits)); });
}

void write_hash(PayloadWriter& writer, const Entry& entry) {
  if (!entry.is_object()) {
    writer.begin(rdb::kHashListpackCode);
    return writer.string(entry.string());
  }
  const auto& hash = entry.object<objects::Hash>();
  const bool timed = hash.timed_fields() > 0;
  if (timed) {
    int64_t first = INT64_MAX;
    hash.for_each([&](const objects::Hash::Field& field) {
      if (field.is_timed()) first = std::min(first, field.deadline());
    });
    writer.begin_timed_hash(hash.size(), first);
  } else {
    writer.begin(rdb::kHashCode);
    writer.count(hash.size());
  }
  hash.for_each([&](const objects::Hash::Field& field) {
    if (timed) writer.field_deadline(field.deadline());
    writer.string(field.name());
    writer.string(field.value());
  });
}

void write_sorted_set(PayloadWriter& writer, const Entry& entry) {
  if (!entry.is_object()) {
    writer.begin(rdb::kSortedSetListpackCode);
    return writer.string(entry.string());
  }
  const store::SortedSetView set(&entry);
  writer.begin(rdb::kSortedSetCode);
  writer.count(set.size());
  char digits[kInt64Digits];
  set.for_each_backwards(set.size() - 1, [&](const store::ScoredItem& item) {
    writer.string(item.member.text(digits));
    writer.score(item.score);
    return true;
  });
}

void dump(CommandContext& c) {
  const Entry* const entry = c.keys.find(c.key());
  if (entry == nullptr) return c.reply.null();
  PayloadWriter writer(c.services.config.rdbcompression);
  switch (entry->type()) {
    case Type::kString:
      writer.begin(rdb::kStringCode);
      writer.string(entry->string());
      break;
    case Type::kList:
      write_list(writer, *entry);
      break;
    case Type::kSet:
      write_set(writer, *entry);
      break;
    case Type::kHash:
      write_hash(writer, *entry);
      break;
    case Type::kSortedSet:
      write_sorted_set(writer, *entry);
      break;
    case Type::kStream:
      rdb::write_stream(writer, entry->object<objects::Stream>());
      break;
  }
  c.reply.bulk(writer.finish());
}

// Puts the value under the key, which holds nothing.
void put_value(CommandContext& c, rdb::Value value) {
  const Key& key = c.key();
  const std::vector<std::string_view> items(value.items.begin(), value.items.end());
  switch (value.kind) {
    case rdb::Value::Kind::kString:
      return c.keys.put_string(key, value.text, kNoDeadline);
    case rdb::Value::Kind::kList: {
      store::ListEdit list(c.keys, key);
      list.expect(items);
      for (const std::string_view item : items) list.push(store::End::kBack, item);
      return;
    }
    case rdb::Value::Kind::kSet: {
      store::SetEdit set(c.keys, key);
      // Numbers that are too many for an intset go on as a table.
      const bool numbers = std::all_of(items.begin(), items.end(), [](std::string_view item) {
        return objects::PackedText(item).number.has_value();
      });
      const auto most = static_cast<size_t>(c.keys.keyspace().limits.intset_entries);
      set.expect(items[0], numbers && items.size() > most ? SIZE_MAX : items.size());
      for (const std::string_view item : items) set.insert(item);
      return;
    }
    case rdb::Value::Kind::kHash: {
      store::HashEdit hash(c.keys, key);
      hash.expect(items);
      for (size_t i = 0; i < items.size(); i += 2) {
        hash.put(items[i], items[i + 1]);
        if (!value.deadlines.empty() && value.deadlines[i / 2] != rdb::Value::kNoDeadline)
          hash.set_deadline(items[i], value.deadlines[i / 2]);
      }
      return hash.file_deadlines();
    }
    case rdb::Value::Kind::kSortedSet: {
      store::SortedSetEdit set(c.keys, key);
      size_t longest = 0;
      for (const std::string_view item : items) longest = std::max(longest, item.size());
      set.expect(items.size(), longest);
      for (size_t i = 0; i < items.size(); ++i) set.put(items[i], value.scores[i]);
      return;
    }
    case rdb::Value::Kind::kStream:
      return c.keys.put_entry(key, Entry::make({key.text, Type::kStream, store::Encoding::kStream},
                                               value.stream.release()));
  }
}

struct RestoreOptions {
  bool replace = false;
  bool absolute = false;
  int64_t idle_seconds = -1;
  int64_t frequency = -1;
};

RestoreOptions parse_restore_options(CommandContext& c) {
  RestoreOptions options;
  c.args.skip(3);
  while (!c.args.at_end()) {
    const bool more = c.args.left() >= 2;
    if (c.args.take("REPLACE")) {
      options.replace = true;
    } else if (c.args.take("ABSTTL")) {
      options.absolute = true;
    } else if (more && options.frequency < 0 && c.args.take("IDLETIME")) {
      options.idle_seconds = c.args.next_integer();
      if (options.idle_seconds < 0) fail("ERR Invalid IDLETIME value, must be >= 0");
    } else if (more && options.idle_seconds < 0 && c.args.take("FREQ")) {
      options.frequency = c.args.next_integer();
      if (options.frequency < 0 || options.frequency > 255)
        fail("ERR Invalid FREQ value, must be >= 0 and <= 255");
    } else {
      fail(resp::error_text::kSyntax);
    }
  }
  return options;
}

void restore(CommandContext& c) {
  const RestoreOptions options = parse_restore_options(c);
  const Key& key = c.key();
  const bool was_there = c.keys.find(key, Lookup::kWrite) != nullptr;
  if (was_there && !options.replace) fail("BUSYKEY Target key name already exists.");
  const auto ttl = parse_int64(c.args[2]);
  if (!ttl) fail(resp::error_text::kNotInteger);
  if (*ttl < 0) fail("ERR Invalid TTL value, must be >= 0");
  const std::string_view payload = c.args[3];
  if (!rdb::footer_is_good(payload)) fail("ERR DUMP payload version or checksum are wrong");
  auto value = rdb::read_payload(payload);
  if (!value) fail("ERR Bad data format");

  int64_t deadline = *ttl == 0 ? kNoDeadline : *ttl;
  if (*ttl != 0 && !options.absolute && __builtin_add_overflow(*ttl, c.now_ms(), &deadline)) {
    deadline = INT64_MAX;
  }
  if (was_there) c.keys.erase(key);
  if (deadline != kNoDeadline && deadline <= c.now_ms()) {
    if (was_there) c.keys.announce("del", key);
    return c.reply.ok();
  }
  put_value(c, std::move(*value));
  if (deadline != kNoDeadline) c.keys.set_deadline(key, deadline);
  const store::Policy& policy = c.keys.keyspace().policy;
  if (options.frequency >= 0 && policy.lfu())
    c.keys.set_access(key, store::lfu_stamp(c.now_ms(), static_cast<uint32_t>(options.frequency)));
  if (options.idle_seconds >= 0 && !policy.lfu() && !policy.adaptive())
    c.keys.set_access(key, store::lru_stamp(c.now_ms() - options.idle_seconds * 1000));
  c.keys.announce("restore", key);
  c.reply.ok();
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kGeneric = schema::Group::kGeneric;

constexpr CommandSpec kRows[] = {
    {.syntax = "DUMP key",
     .handler = dump,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kGeneric,
     .since = "2.6.0",
     .complexity =
         "O(1) to access the key and additional O(N*M) to serialize it, where N is the number of "
         "Redis objects composing the value and M their average size. For small string values the "
         "time complexity is thus O(1)+O(1*M) where M is small, so simply O(1).",
     .summary = "Returns a serialized representation of the value stored at a key."},
    {.syntax =
         "RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
     .handler = restore,
     .keys = {key_at(1, kOW | kUpdate)},
     .flags = kWrite | kDenyOom,
     .group = kGeneric,
     .acl = schema::kAclKeyspace | schema::kAclDangerous,
     .since = "2.6.0",
     .complexity = "O(1) to create the new key and additional O(N*M) to reconstruct the serialized "
                   "value, where N is the number of Redis objects composing the value and M their "
                   "average size. For small string values the time complexity is thus O(1)+O(1*M) "
                   "where M is small, so simply O(1). However for sorted set values the complexity "
                   "is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).",
     .summary = "Creates a key from the serialized representation of a value."},
};

}  // namespace

Rows dump_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
