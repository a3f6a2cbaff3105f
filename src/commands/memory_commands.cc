// MEMORY: what keys and the server as a whole take.
#include "base/memory.h"
#include "commands/help.h"
#include "commands/table.h"
#include "engine/context.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

constexpr int64_t kTableBytesPerKey = 11;  // as measured, docs/table.md
constexpr int64_t kWheelBytesPerKey = 9;

void memory_usage(CommandContext& c) {
  c.args.skip(1);
  while (!c.args.at_end()) {
    if (c.args.left() < 2 || !c.args.take("SAMPLES")) fail(resp::error_text::kSyntax);
    if (c.args.next_integer() < 0) fail(resp::error_text::kSyntax);
  }
  const Entry* entry = c.keys.find(c.key(), Lookup::kPeek);
  if (entry == nullptr) return c.reply.null();
  const int64_t places = kTableBytesPerKey + (entry->has_deadline() ? kWheelBytesPerKey : 0);
  c.reply.integer(static_cast<int64_t>(entry->memory_bytes()) + places);
}

void memory_stats(CommandContext& c) {
  const MemoryFigures figures = memory_figures();
  const uint64_t startup = c.services.startup_memory;
  const uint64_t clients = c.services.clients.size() * sizeof(Client);
  const size_t place = c.reply.array_later();
  int64_t pairs = 0;
  const auto number = [&](std::string_view name, uint64_t value) {
    c.reply.bulk(name);
    c.reply.integer(static_cast<int64_t>(value));
    ++pairs;
  };
  const auto real = [&](std::string_view name, double value) {
    c.reply.bulk(name);
    c.reply.real(value);
    ++pairs;
  };
  const auto ratio = [](uint64_t a, uint64_t b) {
    return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
  };
  number("peak.allocated", std::max(figures.allocated, c.services.peak_memory.load()));
  number("total.allocated", figures.allocated);
  number("startup.allocated", startup);
  for (const std::string_view name : {"replication.backlog", "clients.slaves"}) number(name, 0);
  number("clients.normal", clients);
  for (const std::string_view name :
       {"cluster.links", "aof.buffer", "lua.caches", "functions.caches"})
    number(name, 0);
  uint64_t keys = 0;
  uint64_t overhead = startup + clients;
  for (int db = 0; db < c.services.keyspace.databases(); ++db) {
    const auto size = c.services.keyspace.size(db, true);
    if (size.keys == 0) continue;
    keys += size.keys;
    overhead += size.table_bytes + size.wheel_bytes;
    c.reply.bulk(fmt::format("db.{}", db));
    c.reply.map(2);
    c.reply.bulk("overhead.hashtable.main");
    c.reply.integer(static_cast<int64_t>(size.table_bytes));
    c.reply.bulk("overhead.hashtable.expires");
    c.reply.integer(static_cast<int64_t>(size.wheel_bytes));
    ++pairs;
  }
  const uint64_t dataset = figures.allocated > overhead ? figures.allocated - overhead : 0;
  const uint64_t net = figures.allocated > startup ? figures.allocated - startup : 0;
  number("overhead.total", overhead);
  number("keys.count", keys);
  number("keys.bytes-per-key", keys == 0 ? 0 : net / keys);
  number("dataset.bytes", dataset);
  real("dataset.percentage", 100 * ratio(dataset, net));
  real("peak.percentage",
       100 * ratio(figures.allocated, std::max(figures.allocated, c.services.peak_memory.load())));
  number("allocator.allocated", figures.allocated);
  number("allocator.active", figures.active);
  number("allocator.resident", figures.resident);
  number("allocator.muzzy", 0);
  real("allocator-fragmentation.ratio", ratio(figures.active, figures.allocated));
  number("allocator-fragmentation.bytes",
         figures.active - std::min(figures.active, figures.allocated));
  real("allocator-rss.ratio", ratio(figures.resident, figures.active));
  number("allocator-rss.bytes", figures.resident - std::min(figures.resident, figures.active));
  real("rss-overhead.ratio", ratio(figures.rss, figures.resident));
  number("rss-overhead.bytes", figures.rss - std::min(figures.rss, figures.resident));
  real("fragmentation", ratio(figures.rss, figures.allocated));
  number("fragmentation.bytes", figures.rss - std::min(figures.rss, figures.allocated));
  c.reply.set_map_length(place, pairs);
}

void memory_doctor(CommandContext& c) {
  constexpr uint64_t kSmall = 5 << 20;
  const MemoryFigures figures = memory_figures();
  if (figures.allocated < kSmall) {
    return c.reply.verbatim(
        "Hi Sam, this instance is empty or is using very little memory, my issues detector can't "
        "be used in these "
        "conditions. Please, leave for your mission on Earth and fill it with some data.\n");
  }
  std::string text;
  if (c.services.peak_memory.load() > figures.allocated + figures.allocated / 2) {
    text += " * Peak memory: in the past this instance used more than 150% of what it uses now.\n";
  }
  if (figures.rss > figures.allocated + figures.allocated * 2 / 5) {
    text +=
        " * High fragmentation: the process holds more than 1.4 times what is in use. MEMORY PURGE "
        "gives free pages back.\n";
  }
  if (text.empty()) {
    return c.reply.verbatim(
        "Hi Sam, I can't find any memory issue in your instance. I can only account for what "
        "occurs on this base.\n");
  }
  c.reply.verbatim("Sam, I detected a few issues in this instance's memory:\n\n" + text);
}

void memory_purge(CommandContext& c) {
  purge_memory();
  c.reply.ok();
}

void memory_malloc_stats(CommandContext& c) {
  c.reply.verbatim(allocator_report());
}

void memory_help(CommandContext& c) {
  reply_help(c, {"DOCTOR", "    Return memory problems reports.", "MALLOC-STATS",
                 "    Return internal statistics report from the memory allocator.", "PURGE",
                 "    Attempt to purge dirty pages for reclamation by the allocator.", "STATS",
                 "    Return information about the memory usage of the server.",
                 "USAGE <key> [SAMPLES <count>]",
                 "    Return memory in bytes used by <key> and its value. Nested values are",
                 "    sampled up to <count> times (default: 5, 0 means sample all)."});
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kServer = schema::Group::kServer;

constexpr CommandSpec kRows[] = {
    {.syntax = "MEMORY",
     .group = kServer,
     .since = "4.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for memory diagnostics commands."},
    {.syntax = "MEMORY DOCTOR",
     .handler = memory_doctor,
     .group = kServer,
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Outputs a memory problems report."},
    {.syntax = "MEMORY HELP",
     .handler = memory_help,
     .flags = kLoading | kStale,
     .group = kServer,
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "MEMORY MALLOC-STATS",
     .handler = memory_malloc_stats,
     .group = kServer,
     .since = "4.0.0",
     .complexity = "Depends on how much memory is allocated, could be slow",
     .summary = "Returns the allocator statistics."},
    {.syntax = "MEMORY PURGE",
     .handler = memory_purge,
     .group = kServer,
     .since = "4.0.0",
     .complexity = "Depends on how much memory is allocated, could be slow",
     .summary = "Asks the allocator to release memory."},
    {.syntax = "MEMORY STATS",
     .handler = memory_stats,
     .flags = kWorld,
     .group = kServer,
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Returns details about memory usage."},
    {.syntax = "MEMORY USAGE key [SAMPLES count]",
     .handler = memory_usage,
     .keys = {key_at(2, kRO)},
     .flags = kReadOnly,
     .group = kServer,
     .since = "4.0.0",
     .complexity = "O(N) where N is the number of samples.",
     .summary = "Estimates the memory usage of a key."},
};

}  // namespace

Rows memory_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
