// CACHE.ADVISE: what more or less memory would do to the hit ratio.
#include "commands/table.h"
#include "config/option_table.h"
#include "engine/cache_advice.h"
#include "engine/context.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

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

constexpr CommandSpec kRows[] = {
    {.syntax = "CACHE.ADVISE",
     .handler = cache_advise,
     .flags = kLoading | kStale | kWorld,
     .group = schema::Group::kServer,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary =
         "Tells the hit ratio to expect with half, the same, twice and four times the memory."},
};

}  // namespace

Rows cache_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
