// Walks over a database: KEYS and SCAN. Outside of transactions they lock one stripe at a time.
#include <bit>
#include <mutex>

#include "base/glob.h"
#include "commands/scan_options.h"
#include "commands/table.h"
#include "engine/context.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

bool is_dead(const Entry& entry, int64_t now_ms) {
  return entry.has_deadline() && entry.deadline() < now_ms;
}

void keys(CommandContext& c) {
  const std::string_view pattern = c.args.next();
  const bool every = pattern == "*";
  int64_t count = 0;
  const size_t place = c.reply.array_later();
  c.keys.keyspace().each_stripe(c.keys.holds_world(), [&](store::Stripe& stripe) {
    const store::Shelf* shelf = stripe.shelf(c.client.database);
    if (shelf == nullptr) return;
    const int64_t now_ms = std::max(c.now_ms(), stripe.latest_ms);
    shelf->table.for_each([&](const Entry* entry) {
      if (is_dead(*entry, now_ms) || !(every || glob_match(pattern, entry->key()))) return;
      c.reply.bulk(entry->key());
      ++count;
    });
  });
  c.reply.set_length(place, count);
}

// A cursor names a stripe (its low bits) and a place in the stripe's table, a hash prefix. It stays
// below 2^53, which Lua and JavaScript can hold; with very many stripes the prefix loses low bits,
// which can only make a bucket come twice.
class ScanCursor {
 public:
  ScanCursor(uint64_t cursor, uint32_t stripes)
      : stripe_bits_(static_cast<uint32_t>(std::countr_zero(stripes))),
        dropped_bits_(stripe_bits_ > 5 ? stripe_bits_ - 5 : 0),
        stripe_(static_cast<uint32_t>(cursor) & (stripes - 1)),
        place_(cursor >> stripe_bits_ << dropped_bits_) {}

  uint32_t stripe() const { return stripe_; }
  uint64_t place() const { return place_; }
  // Whether `place` reads back as a later one than where this cursor stands.
  bool advances_to(uint64_t place) const {
    return place == 0 || place >> dropped_bits_ > place_ >> dropped_bits_;
  }
  void move_to(uint64_t place) {
    place_ = place;
    if (place == 0) ++stripe_;
  }
  uint64_t encode() const { return place_ >> dropped_bits_ << stripe_bits_ | stripe_; }

 private:
  uint32_t stripe_bits_;
  uint32_t dropped_bits_;
  uint32_t stripe_;
  uint64_t place_;
};

// Removes a key that a walk met after its deadline.
void remove_dead(CommandContext& c, const std::string& name) {
  const Key key(name);
  if (!c.keys.holds_world()) c.keys.lock_one(key.hash, c.worker.stamp_ns / 1'000'000);
  c.keys.find(key, Lookup::kPeek);
  if (!c.keys.holds_world()) c.keys.unlock();
}

void scan(CommandContext& c) {
  const uint64_t start = parse_scan_cursor(c);
  const ScanOptions options = parse_scan_options(c, ScanKind::kKeys);
  store::Keyspace& keyspace = c.keys.keyspace();
  const bool world = c.keys.holds_world();
  ScanCursor cursor(start, keyspace.stripe_count());
  std::vector<std::string> found;
  std::vector<std::string> dead;
  size_t visited = 0;
  const auto wanted = static_cast<size_t>(options.count);
  while (visited < wanted && cursor.stripe() < keyspace.stripe_count()) {
    store::Stripe& stripe = keyspace.stripe(cursor.stripe());
    std::unique_lock lock(stripe.mutex, std::defer_lock);
    if (!world) lock.lock();
    const store::Shelf* shelf = stripe.shelf(c.client.database);
    if (shelf == nullptr) {
      cursor.move_to(0);
      continue;
    }
    const int64_t now_ms = std::max(c.now_ms(), stripe.latest_ms);
    const auto visit = [&](const Entry* entry) {
      ++visited;
      if (is_dead(*entry, now_ms)) return dead.emplace_back(entry->key()), void();
      if (options.pattern && !glob_match(*options.pattern, entry->key())) return;
      if (options.type && !equal_ignoring_case(*options.type, store::type_name(entry->type())))
        return;
      found.emplace_back(entry->key());
    };
    uint64_t place = cursor.place();
    do place = shelf->table.scan(place, wanted - std::min(visited, wanted - 1), visit);
    while (!cursor.advances_to(place));
    cursor.move_to(place);
  }
  for (const std::string& name : dead) remove_dead(c, name);
  const bool at_end = cursor.stripe() >= keyspace.stripe_count();
  c.reply.array(2);
  c.reply.bulk(at_end ? "0" : std::to_string(cursor.encode()));
  c.reply.array(static_cast<int64_t>(found.size()));
  for (const std::string& name : found) c.reply.bulk(name);
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kGeneric = schema::Group::kGeneric;

constexpr CommandSpec kRows[] = {
    {.syntax = "KEYS pattern",
     .handler = keys,
     .flags = kReadOnly | kWalks,
     .group = kGeneric,
     .acl = schema::kAclDangerous,
     .since = "1.0.0",
     .complexity = "O(N) with N being the number of keys in the database, under the assumption "
                   "that the key names in the database and the given pattern have limited length.",
     .summary = "Returns all key names that match a pattern."},
    {.syntax = "SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]",
     .handler = scan,
     .flags = kReadOnly | kWalks,
     .group = kGeneric,
     .since = "2.8.0",
     .complexity =
         "O(1) for every call. O(N) for a complete iteration, including enough command calls for "
         "the cursor to return back to 0. N is the number of elements inside the collection.",
     .summary = "Iterates over the key names in the database."},
};

}  // namespace

Rows scan_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
