// MEMORY: what keys and the server as a whole take.
#include "base/number.h"
#include "commands/help.h"
#include "commands/memory_overview.h"
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

// Writes the pairs of MEMORY STATS and counts them.
class StatsMap {
 public:
  explicit StatsMap(resp::ReplyBuilder& reply) : reply_(reply), place_(reply.array_later()) {}

  void number(std::string_view name, int64_t value) {
    reply_.bulk(name);
    reply_.integer(value);
    ++pairs_;
  }
  void size(std::string_view name, uint64_t bytes) { number(name, static_cast<int64_t>(bytes)); }
  void zeros(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) number(name, 0);
  }
  void real(std::string_view name, double value) {
    reply_.bulk(name);
    reply_.real(value);
    ++pairs_;
  }
  // How far `a` is above `b`, as a ratio and in bytes.
  void excess(std::string_view prefix, uint64_t a, uint64_t b) {
    real(fmt::format("{}.ratio", prefix), ratio(a, b));
    number(fmt::format("{}.bytes", prefix), difference(a, b));
  }
  void database(const MemoryOverview::Database& database) {
    reply_.bulk(fmt::format("db.{}", database.number));
    reply_.map(2);
    reply_.bulk("overhead.hashtable.main");
    reply_.integer(static_cast<int64_t>(database.size.table_bytes));
    reply_.bulk("overhead.hashtable.expires");
    reply_.integer(static_cast<int64_t>(database.size.wheel_bytes));
    ++pairs_;
  }
  void end() { reply_.set_map_length(place_, pairs_); }

 private:
  resp::ReplyBuilder& reply_;
  const size_t place_;
  int64_t pairs_ = 0;
};

void memory_stats(CommandContext& c) {
  const MemoryOverview view = memory_overview(c.services);
  const MemoryFigures& figures = view.figures;
  StatsMap map(c.reply);
  map.size("peak.allocated", view.peak);
  map.size("total.allocated", figures.used);
  map.size("startup.allocated", view.startup);
  map.zeros({"replication.backlog", "clients.slaves"});
  map.size("clients.normal", view.clients);
  map.zeros({"cluster.links", "aof.buffer"});
  map.size("lua.caches", c.services.scripts.bytes());
  map.size("functions.caches", c.services.functions.bytes());
  for (const auto& database : view.databases) map.database(database);
  map.size("overhead.db.hashtable.lut", view.tables);
  map.number("overhead.db.hashtable.rehashing", 0);
  map.size("overhead.total", view.overhead);
  map.number("db.dict.rehashing.count", 0);
  map.size("keys.count", view.keys);
  map.size("keys.bytes-per-key", view.keys == 0 ? 0 : view.net / view.keys);
  map.size("dataset.bytes", view.dataset);
  map.real("dataset.percentage", 100 * ratio(view.dataset, view.net));
  map.real("peak.percentage", 100 * ratio(figures.used, view.peak));
  map.size("allocator.allocated", figures.allocated);
  map.size("allocator.active", figures.active);
  map.size("allocator.resident", figures.resident);
  map.number("allocator.muzzy", 0);
  map.excess("allocator-fragmentation", figures.active, figures.allocated);
  map.excess("allocator-rss", figures.resident, figures.active);
  map.excess("rss-overhead", figures.rss, figures.resident);
  map.real("fragmentation", ratio(figures.rss, figures.used));
  map.number("fragmentation.bytes", difference(figures.rss, figures.used));
  map.end();
}

void memory_doctor(CommandContext& c) {
  constexpr uint64_t kTooSmallToTell = 5 << 20;
  const MemoryFigures figures = memory_figures();
  const uint64_t peak = c.services.peak_memory.load();
  if (figures.used < kTooSmallToTell) {
    return c.reply.verbatim(
        "Less than 5 MB are in use: too little to tell whether anything is wrong.\n");
  }
  std::string findings;
  if (peak > figures.used + figures.used / 2) {
    findings += fmt::format(
        "* At its peak the server used {}, more than one and a half times the {} of now. What the "
        "system has "
        "not got back of it counts as resident.\n",
        human_bytes(peak), human_bytes(figures.used));
  }
  if (figures.rss > figures.used + figures.used * 2 / 5) {
    findings += fmt::format(
        "* The process holds {}, more than 1.4 times the {} in use. MEMORY PURGE gives free pages "
        "back.\n",
        human_bytes(figures.rss), human_bytes(figures.used));
  }
  c.reply.verbatim(findings.empty() ? "Nothing is wrong with this server's memory.\n" : findings);
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
