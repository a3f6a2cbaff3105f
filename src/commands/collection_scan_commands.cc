// HSCAN, SSCAN, ZSCAN: walks over one collection. A compact one is given whole in one reply; a
// large one in steps of its table, by a cursor that survives growth and shrinking.
#include "base/glob.h"
#include "commands/scan_options.h"
#include "commands/table.h"
#include "store/hash_value.h"
#include "store/set_value.h"
#include "store/sorted_set_value.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::PackedItem;

class ScanReply {
 public:
  ScanReply(CommandContext& c, uint64_t cursor, const ScanOptions& options)
      : c_(c), cursor_(cursor), options_(options) {
    c.reply.array(2);
    cursor_place_ = c.reply.array_later();
  }

  bool wants(const PackedItem& name) const {
    char digits[kInt64Digits];
    return !options_.pattern || glob_match(*options_.pattern, name.text(digits));
  }
  void add(const PackedItem& item) {
    c_.reply_item(item);
    ++count_;
  }
  void add_score(double score) {
    c_.reply.bulk(format_double(score));
    ++count_;
  }
  // walk(cursor, count) gives the next cursor.
  template <class Walk>
  void walk_steps(Walk&& walk) {
    const uint64_t next = walk(cursor_, static_cast<size_t>(options_.count));
    finish(next);
  }
  void finish(uint64_t cursor) {
    c_.reply.set_length(cursor_place_, count_);
    const std::string text = std::to_string(cursor);
    c_.reply.insert_bulk(cursor_place_, text);
  }

 private:
  CommandContext& c_;
  const uint64_t cursor_;
  const ScanOptions& options_;
  size_t cursor_place_;
  int64_t count_ = 0;
};

// Without the key the options are not looked at.
void reply_nothing(CommandContext& c) {
  c.reply.array(2);
  c.reply.bulk("0");
  c.reply.array(0);
}

void hscan(CommandContext& c) {
  c.args.skip(1);
  const uint64_t cursor = parse_scan_cursor(c);
  const auto hash = c.find<store::HashView>(c.key());
  if (hash.entry() == nullptr) return reply_nothing(c);
  const ScanOptions options = parse_scan_options(c, ScanKind::kHash);
  ScanReply reply(c, cursor, options);
  const auto add = [&](const PackedItem& field, const PackedItem& value) {
    if (!reply.wants(field)) return;
    reply.add(field);
    if (!options.no_values) reply.add(value);
  };
  if (const objects::Hash* object = hash.object())
    return reply.walk_steps([&](uint64_t from, size_t count) {
      return object->scan(from, count, [&](const objects::Hash::Field& field) {
        add(store::packed(field.name()), store::packed(field.value()));
      });
    });
  hash.for_each(add);
  reply.finish(0);
}

void sscan(CommandContext& c) {
  c.args.skip(1);
  const uint64_t cursor = parse_scan_cursor(c);
  const auto set = c.find<store::SetView>(c.key());
  if (set.entry() == nullptr) return reply_nothing(c);
  const ScanOptions options = parse_scan_options(c, ScanKind::kOther);
  ScanReply reply(c, cursor, options);
  const auto add = [&](const PackedItem& member) {
    if (reply.wants(member)) reply.add(member);
  };
  if (const objects::Set* object = set.object())
    return reply.walk_steps([&](uint64_t from, size_t count) {
      return object->scan(from, count,
                          [&](std::string_view member) { add(store::packed(member)); });
    });
  set.for_each(add);
  reply.finish(0);
}

void zscan(CommandContext& c) {
  c.args.skip(1);
  const uint64_t cursor = parse_scan_cursor(c);
  const auto set = c.find<store::SortedSetView>(c.key());
  if (set.entry() == nullptr) return reply_nothing(c);
  const ScanOptions options = parse_scan_options(c, ScanKind::kOther);
  ScanReply reply(c, cursor, options);
  const auto add = [&](const PackedItem& member, double score) {
    if (!reply.wants(member)) return;
    reply.add(member);
    reply.add_score(score);
  };
  if (const objects::SortedSet* object = set.object())
    return reply.walk_steps([&](uint64_t from, size_t count) {
      return object->scan(from, count, [&](const objects::SortedSet::Item& item) {
        add(store::packed(item.member), item.score);
      });
    });
  set.for_each(0, [&](const store::ScoredItem& item) {
    add(item.member, item.score);
    return true;
  });
  reply.finish(0);
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kHash = schema::Group::kHash;
constexpr auto kSet = schema::Group::kSet;
constexpr auto kSortedSet = schema::Group::kSortedSet;

constexpr CommandSpec kRows[] = {
    {.syntax = "HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
     .handler = hscan,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kHash,
     .since = "2.8.0",
     .complexity =
         "O(1) for every call. O(N) for a complete iteration, including enough command calls for "
         "the cursor to return back to 0. N is the number of elements inside the collection..",
     .summary = "Iterates over fields and values of a hash."},
    {.syntax = "SSCAN key cursor [MATCH pattern] [COUNT count]",
     .handler = sscan,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSet,
     .since = "2.8.0",
     .complexity =
         "O(1) for every call. O(N) for a complete iteration, including enough command calls for "
         "the cursor to return back to 0. N is the number of elements inside the collection..",
     .summary = "Iterates over members of a set."},
    {.syntax = "ZSCAN key cursor [MATCH pattern] [COUNT count]",
     .handler = zscan,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "2.8.0",
     .complexity =
         "O(1) for every call. O(N) for a complete iteration, including enough command calls for "
         "the cursor to return back to 0. N is the number of elements inside the collection..",
     .summary = "Iterates over members and scores of a sorted set."},
};

}  // namespace

Rows collection_scan_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
