// What Scrubjay has beyond Redis for those who cache. CACHE.ADVISE: what more or less memory would
// do to the hit ratio (docs/eviction.md). CACHE.INV: what a client that was away has missed
// (docs/invalidation.md).
#include <limits>

#include "commands/help.h"
#include "commands/table.h"
#include "config/option_table.h"
#include "engine/cache_advice.h"
#include "engine/context.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

// The client has been told of all changes up to the number that it will get now, but some of it may
// be on the way within this thread: it goes before the reply.
void tell_first(CommandContext& c) {
  if (c.worker.deliver_pushes) c.worker.deliver_pushes();
}

void invalidations_now(CommandContext& c) {
  const uint64_t now = c.services.invalidation_log.now();
  tell_first(c);
  c.reply.integer(static_cast<int64_t>(now));
}

void invalidations_since(CommandContext& c) {
  const auto since =
      static_cast<uint64_t>(c.args.next_integer_in(0, std::numeric_limits<int64_t>::max()));
  std::string_view prefix;
  if (c.args.take("PREFIX")) prefix = c.args.next();
  c.args.end();
  const auto answer = c.services.invalidation_log.since(since, prefix);
  tell_first(c);
  c.reply.array(answer.keys ? 1 + static_cast<int64_t>(answer.keys->size()) : 2);
  c.reply.integer(static_cast<int64_t>(answer.now));
  if (!answer.keys) return c.reply.simple("RESYNC");
  for (const std::string& key : *answer.keys) c.reply.bulk(key);
}

void invalidations_help(CommandContext& c) {
  reply_help(
      c,
      {"NOW", "    Return the number of the last change of a key.", "SINCE <seq> [PREFIX <prefix>]",
       "    Return the number of the last change, and the keys (that begin with <prefix>)",
       "    that have changed after number <seq>, or RESYNC if they are not known any",
       "    more and all of them may have."});
}

void cache_advise(CommandContext& c) {
  if (!c.services.config.cache_advise)
    fail("ERR nothing is watched: CONFIG SET cache-advise yes switches it on");
  const auto advice = cache_advice(c.services, c.keys.holds_world());
  const uint64_t limit = c.services.config.maxmemory;
  const config::Option* const policy = config::find_option("maxmemory-policy");
  c.reply.map(5);
  c.reply.bulk("policy");
  c.reply.bulk(config::show(c.services.config, *policy));
  c.reply.bulk("maxmemory");
  c.reply.integer(static_cast<int64_t>(limit));
  c.reply.bulk("sampled-requests");
  c.reply.integer(static_cast<int64_t>(advice.requests));
  c.reply.bulk("observed-hit-ratio");
  c.reply.real(advice.observed);
  c.reply.bulk("expected");
  c.reply.array(detail::CacheAdvisor::kFactors.size());
  for (size_t i = 0; i < advice.expected.size(); ++i) {
    const double factor = detail::CacheAdvisor::kFactors[i];
    c.reply.map(3);
    c.reply.bulk("factor");
    c.reply.real(factor);
    c.reply.bulk("maxmemory");
    c.reply.integer(static_cast<int64_t>(factor * static_cast<double>(limit)));
    c.reply.bulk("hit-ratio");
    c.reply.real(advice.expected[i]);
  }
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kServer = schema::Group::kServer;

constexpr CommandSpec kRows[] = {
    {.syntax = "CACHE.ADVISE",
     .handler = cache_advise,
     .flags = kLoading | kStale | kWorld,
     .group = kServer,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary =
         "Tells the hit ratio to expect with half, the same, twice and four times the memory."},
    {.syntax = "CACHE.INV",
     .group = kServer,
     .since = "7.4.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands on the log of changed keys."},
    {.syntax = "CACHE.INV HELP",
     .handler = invalidations_help,
     .flags = kLoading | kStale,
     .group = kServer,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "CACHE.INV NOW",
     .handler = invalidations_now,
     .flags = kLoading | kStale | kFast | kNoMulti | kNoScript,
     .group = kServer,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "Returns the number of the last change of a key."},
    {.syntax = "CACHE.INV SINCE seq [PREFIX prefix]",
     .handler = invalidations_since,
     .flags = kLoading | kStale | kNoMulti | kNoScript,
     .group = kServer,
     .since = "7.4.0",
     .complexity = "O(N) where N is the number of changes since then",
     .summary = "Returns the keys that have changed since, or RESYNC if they are not known."},
};

}  // namespace

Rows cache_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
