// Commands on keys of any type: DEL, EXISTS, RENAME, COPY, MOVE, FLUSHALL, WAIT and their kin.
#include "base/random.h"
#include "commands/table.h"
#include "engine/client_tracking.h"
#include "engine/context.h"
#include "engine/memory_limit.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
namespace error_text = resp::error_text;

void del(CommandContext& c) {
  int64_t count = 0;
  for (const Key& key : c.key_list) {
    if (!c.keys.erase(key)) continue;
    c.keys.announce("del", key);
    ++count;
  }
  c.reply.integer(count);
}

void count_present(CommandContext& c, Lookup lookup) {
  int64_t count = 0;
  for (const Key& key : c.key_list) count += c.keys.find(key, lookup) != nullptr ? 1 : 0;
  c.reply.integer(count);
}
void exists(CommandContext& c) {
  count_present(c, Lookup::kExamine);
}
void touch(CommandContext& c) {
  c.keys.set_touching(true);  // CLIENT NO-TOUCH spares all but TOUCH
  count_present(c, Lookup::kRead);
}

void type(CommandContext& c) {
  const Entry* entry = c.keys.find(c.key(), Lookup::kExamine);
  c.reply.simple(entry == nullptr ? "none" : store::type_name(entry->type()));
}

// Returns false when the target is there and may not be replaced.
bool rename_key(CommandContext& c, bool replace) {
  const Key& source = c.key(0);
  const Key& target = c.key(1);
  if (c.keys.find(source, Lookup::kWrite) == nullptr) fail(error_text::kNoSuchKey);
  if (source.text == target.text) return replace;
  if (!replace && c.keys.find(target, Lookup::kWrite) != nullptr) return false;
  c.keys.rename(source, target);
  c.keys.announce("rename_from", source);
  c.keys.announce("rename_to", target);
  return true;
}

void rename(CommandContext& c) {
  rename_key(c, true);
  c.reply.ok();
}

void renamenx(CommandContext& c) {
  c.reply.integer(rename_key(c, false) ? 1 : 0);
}

int database_argument(CommandContext& c, std::string_view not_integer) {
  const int64_t database = c.args.next_integer(not_integer);
  if (database < 0 || database >= c.keys.keyspace().databases())
    fail(error_text::kDbIndexOutOfRange);
  return static_cast<int>(database);
}

void copy(CommandContext& c) {
  c.args.skip(2);
  int database = c.keys.database();
  bool replace = false;
  while (!c.args.at_end()) {
    if (c.args.take("REPLACE"))
      replace = true;
    else if (c.args.left() >= 2 && c.args.take("DB"))
      database = database_argument(c, error_text::kNotInteger);
    else
      fail(error_text::kSyntax);
  }
  const Key& source = c.key(0);
  const Key& target = c.key(1);
  if (database == c.keys.database() && source.text == target.text) fail(error_text::kSameObject);
  if (c.keys.find(source, Lookup::kRead) == nullptr) return c.reply.integer(0);
  if (!replace && c.keys.find_in(database, target, Lookup::kWrite) != nullptr)
    return c.reply.integer(0);
  c.keys.copy(source, database, target);
  c.keys.announce_in(database, "copy_to", target);
  c.reply.integer(1);
}

void move(CommandContext& c) {
  c.args.skip(1);
  const int64_t number = c.args.next_integer();
  if (number < 0 || number >= c.keys.keyspace().databases()) fail(error_text::kDbIndexOutOfRange);
  const int database = static_cast<int>(number);
  if (database == c.keys.database()) fail(error_text::kSameObject);
  if (c.keys.find(c.key(), Lookup::kWrite) == nullptr) return c.reply.integer(0);
  if (c.keys.find_in(database, c.key(), Lookup::kWrite) != nullptr) return c.reply.integer(0);
  c.keys.move(c.key(), database);
  c.keys.announce("move_from", c.key());
  c.keys.announce_in(database, "move_to", c.key());
  c.reply.integer(1);
}

void dbsize(CommandContext& c) {
  const auto size = c.keys.keyspace().size(c.client.database, c.keys.holds_world());
  c.reply.integer(static_cast<int64_t>(size.keys));
}

// A stripe is drawn by its share of the keys, then a key in it; dead ones are drawn again.
void randomkey(CommandContext& c) {
  constexpr int kTries = 100;
  store::Keyspace& keyspace = c.keys.keyspace();
  const bool world = c.keys.holds_world();
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const uint64_t total = keyspace.size(c.client.database, world).keys;
    if (total == 0) break;
    uint64_t drawn = thread_random().below(total);
    std::string chosen;
    bool found = false;
    keyspace.each_stripe(world, [&](store::Stripe& stripe) {
      const store::Shelf* shelf = stripe.shelf(c.client.database);
      if (found || shelf == nullptr || shelf->table.size() == 0) return;
      if (drawn >= shelf->table.size()) {
        drawn -= shelf->table.size();
        return;
      }
      const Entry* entry = shelf->table.random(thread_random());
      const int64_t now_ms = std::max(c.now_ms(), stripe.latest_ms);
      if (entry->has_deadline() && entry->deadline() < now_ms) return;
      chosen = entry->key();
      found = true;
    });
    if (found) return c.reply.bulk(chosen);
  }
  c.reply.null();
}

// What so many keys hold that have just left the keyspace, about. World held.
uint64_t bytes_of_taken(CommandContext& c, size_t keys) {
  uint64_t left = 0;
  for (int i = 0; i < c.keys.keyspace().databases(); ++i)
    left += c.keys.keyspace().size(i, true).keys;
  const uint64_t used = counted_memory(c.services);
  const uint64_t fixed = std::min(used, c.services.startup_memory);
  return static_cast<uint64_t>(static_cast<double>(used - fixed) * static_cast<double>(keys) /
                               static_cast<double>(keys + left));
}

void flush(CommandContext& c, int database) {
  bool lazily = c.services.config.lazyfree_lazy_user_flush;
  if (c.args.left() > 1) fail(error_text::kSyntax);
  if (c.args.take("ASYNC"))
    lazily = true;
  else if (c.args.take("SYNC"))
    lazily = false;
  else
    c.args.end();
  auto shelves = c.keys.keyspace().take_shelves(database);
  invalidate_all(c.services, c.worker);
  for (int i = 0; i < c.keys.keyspace().databases(); ++i) {
    if (database < 0 || i == database) c.keys.ready_all(i);
  }
  // A big keyspace never holds up the others: only a small one is freed here and now.
  constexpr size_t kFreeAtOnce = 10'000;
  size_t keys = 0;
  for (const auto& shelf : shelves) keys += shelf->table.size();
  if (keys > 0 && (lazily || keys > kFreeAtOnce))
    c.services.janitor.free_later(std::move(shelves), bytes_of_taken(c, keys));
  c.reply.ok();
}
void flushdb(CommandContext& c) {
  flush(c, c.client.database);
}
void flushall(CommandContext& c) {
  flush(c, -1);
}

void swapdb(CommandContext& c) {
  const int64_t first = c.args.next_integer("ERR invalid first DB index");
  const int64_t second = c.args.next_integer("ERR invalid second DB index");
  const int64_t databases = c.keys.keyspace().databases();
  if (first < 0 || first >= databases || second < 0 || second >= databases)
    fail(error_text::kDbIndexOutOfRange);
  c.keys.keyspace().swap_databases(static_cast<int>(first), static_cast<int>(second), c.now_ms());
  c.keys.ready_all(static_cast<int>(first));
  c.keys.ready_all(static_cast<int>(second));
  c.reply.ok();
}

int64_t timeout_argument(CommandContext& c) {
  const int64_t ms = c.args.next_integer("ERR timeout is not an integer or out of range");
  if (ms < 0) fail("ERR timeout is negative");
  return ms;
}

// There are no replicas: what asks for none is served at once, anything else waits its time out.
void wait_for(CommandContext& c, int64_t wanted, int64_t timeout_ms,
              std::function<void(resp::ReplyBuilder&)> answer) {
  if (wanted <= 0 || c.in_transaction) return answer(c.reply);
  c.block(timeout_ms == 0 ? 0 : c.now_ms() + timeout_ms, std::move(answer));
}

void wait(CommandContext& c) {
  const int64_t replicas = c.args.next_integer();
  const int64_t timeout_ms = timeout_argument(c);
  wait_for(c, replicas, timeout_ms, [](resp::ReplyBuilder& reply) { reply.integer(0); });
}

void waitaof(CommandContext& c) {
  const int64_t local =
      c.args.next_integer_in(0, 1, "ERR value is out of range, value must between 0 and 1");
  const int64_t replicas = c.args.next_integer();
  if (replicas < 0) fail("ERR value is out of range, must be positive");
  const int64_t timeout_ms = timeout_argument(c);
  if (local > 0)
    fail("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  wait_for(c, replicas, timeout_ms, [](resp::ReplyBuilder& reply) {
    reply.array(2);
    reply.integer(0);
    reply.integer(0);
  });
}

using schema::CommandSpec;
using schema::key_at;
using schema::keys_from_to;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kGeneric = schema::Group::kGeneric;
constexpr auto kServer = schema::Group::kServer;

constexpr CommandSpec kRows[] = {
    {.syntax = "COPY source destination [DB destination-db] [REPLACE]",
     .handler = copy,
     .keys = {key_at(1, kRO | kAccess), key_at(2, kOW | kUpdate)},
     .flags = kWrite | kDenyOom,
     .group = kGeneric,
     .since = "6.2.0",
     .complexity = "O(N) worst case for collections, where N is the number of nested items. O(1) "
                   "for string values.",
     .summary = "Copies the value of a key to a new key."},
    {.syntax = "DEL key [key ...]",
     .handler = del,
     .keys = {keys_from_to(1, -1, 1, kRM | kDelete)},
     .flags = kWrite,
     .group = kGeneric,
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of keys that will be removed. When a key to remove "
                   "holds a value other than a string, the individual complexity for this key is "
                   "O(M) where M is the number of elements in the list, set, sorted set or hash. "
                   "Removing a single key that holds a string value is O(1).",
     .summary = "Deletes one or more keys."},
    {.syntax = "EXISTS key [key ...]",
     .handler = exists,
     .keys = {keys_from_to(1, -1, 1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kGeneric,
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of keys to check.",
     .summary = "Determines whether one or more keys exist."},
    {.syntax = "MOVE key db",
     .handler = move,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kFast,
     .group = kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Moves a key to another database."},
    {.syntax = "RANDOMKEY",
     .handler = randomkey,
     .flags = kReadOnly | kWalks,
     .group = kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns a random key name from the database."},
    {.syntax = "RENAME key newkey",
     .handler = rename,
     .keys = {key_at(1, kRW | kAccess | kDelete), key_at(2, kOW | kUpdate)},
     .flags = kWrite,
     .group = kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Renames a key and overwrites the destination."},
    {.syntax = "RENAMENX key newkey",
     .handler = renamenx,
     .keys = {key_at(1, kRW | kAccess | kDelete), key_at(2, kOW | kInsert)},
     .flags = kWrite | kFast,
     .group = kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Renames a key only when the target key name doesn't exist."},
    {.syntax = "TOUCH key [key ...]",
     .handler = touch,
     .keys = {keys_from_to(1, -1, 1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kGeneric,
     .since = "3.2.1",
     .complexity = "O(N) where N is the number of keys that will be touched.",
     .summary = "Returns the number of existing keys out of those specified after updating the "
                "time they were last accessed."},
    {.syntax = "TYPE key",
     .handler = type,
     .keys = {key_at(1, kRO)},
     .flags = kReadOnly | kFast,
     .group = kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Determines the type of value stored at a key."},
    {.syntax = "UNLINK key [key ...]",
     .handler = del,
     .keys = {keys_from_to(1, -1, 1, kRM | kDelete)},
     .flags = kWrite | kFast,
     .group = kGeneric,
     .since = "4.0.0",
     .complexity = "O(1) for each key removed regardless of its size. Then the command does O(N) "
                   "work in a different thread in order to reclaim memory, where N is the number "
                   "of allocations the deleted objects where composed of.",
     .summary = "Asynchronously deletes one or more keys."},
    {.syntax = "WAIT numreplicas timeout",
     .handler = wait,
     .flags = kBlocking,
     .group = kGeneric,
     .acl = schema::kAclConnection,
     .since = "3.0.0",
     .complexity = "O(1)",
     .summary = "Blocks until the asynchronous replication of all preceding write commands sent by "
                "the connection is completed."},
    {.syntax = "WAITAOF numlocal numreplicas timeout",
     .handler = waitaof,
     .flags = kBlocking,
     .group = kGeneric,
     .acl = schema::kAclConnection,
     .since = "7.2.0",
     .complexity = "O(1)",
     .summary = "Blocks until all of the preceding write commands sent by the connection are "
                "written to the append-only file of the master and/or replicas."},
    {.syntax = "DBSIZE",
     .handler = dbsize,
     .flags = kReadOnly | kFast | kWalks,
     .group = kServer,
     .acl = schema::kAclKeyspace,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns the number of keys in the database."},
    {.syntax = "FLUSHALL [ASYNC | SYNC]",
     .handler = flushall,
     .flags = kWrite | kWorld,
     .group = kServer,
     .acl = schema::kAclKeyspace | schema::kAclDangerous,
     .since = "1.0.0",
     .complexity = "O(N) where N is the total number of keys in all databases",
     .summary = "Removes all keys from all databases."},
    {.syntax = "FLUSHDB [ASYNC | SYNC]",
     .handler = flushdb,
     .flags = kWrite | kWorld,
     .group = kServer,
     .acl = schema::kAclKeyspace | schema::kAclDangerous,
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of keys in the selected database",
     .summary = "Remove all keys from the current database."},
    {.syntax = "SWAPDB index1 index2",
     .handler = swapdb,
     .flags = kWrite | kFast | kWorld,
     .group = kServer,
     .acl = schema::kAclKeyspace | schema::kAclDangerous,
     .since = "4.0.0",
     .complexity =
         "O(N) where N is the count of clients watching or blocking on keys from both databases.",
     .summary = "Swaps two Redis databases."},
};

}  // namespace

Rows keyspace_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
