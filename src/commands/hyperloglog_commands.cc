// HyperLogLogs: PFADD, PFCOUNT, PFMERGE, and the two commands that look inside.
#include <fmt/format.h>

#include <cmath>

#include "commands/table.h"
#include "engine/context.h"
#include "objects/hyperloglog.h"
#include "store/value_edit.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::hll_estimate;
using objects::hll_histogram;
using objects::HllEdit;
using objects::HllRegisters;
using objects::HyperLogLog;

constexpr std::string_view kNotOne = "WRONGTYPE Key is not a valid HyperLogLog string value.";
constexpr std::string_view kCorrupt = "INVALIDOBJ Corrupted HLL object detected";

void check_hyperloglog(const Entry& entry) {
  if (entry.type() != store::Type::kString) fail(resp::error_text::kWrongType);
  if (!objects::is_hyperloglog(entry.string())) fail(kNotOne);
}

// For reading; nothing if the key is absent.
std::optional<HyperLogLog> find_hyperloglog(CommandContext& c, const Key& key) {
  const Entry* entry = c.keys.find(key);
  if (entry == nullptr) return std::nullopt;
  check_hyperloglog(*entry);
  return HyperLogLog(entry->string());
}

// For writing: says whether the key is there. The value becomes raw, even if nothing is written.
bool open(store::ValueEdit& edit) {
  Entry* const entry = edit.entry();
  if (entry == nullptr) return false;
  check_hyperloglog(*entry);
  entry->set_encoding(store::Encoding::kRaw);
  return true;
}

void create(store::ValueEdit& edit) {
  edit.create(store::Type::kString, store::Encoding::kRaw, objects::empty_hyperloglog());
}

void pfadd(CommandContext& c) {
  store::ValueEdit edit(c.keys, c.key());
  bool changed = false;
  if (!open(edit)) {
    create(edit);
    changed = true;
  }
  c.args.skip(1);
  for (const std::string_view element : c.args.rest()) {
    switch (hyperloglog_add(edit, element, c.services.config.hll_sparse_max_bytes)) {
      case HllEdit::kCorrupt:
        fail(kCorrupt);
      case HllEdit::kChanged:
        changed = true;
        break;
      case HllEdit::kUnchanged:
        break;
    }
  }
  if (changed) edit.announce("pfadd");
  c.reply.integer(changed ? 1 : 0);
}

// The estimate is kept in the value. To write it there is a change that watchers see, but no event.
void count_one(CommandContext& c) {
  const Entry* entry = c.keys.find(c.key());
  if (entry == nullptr) return c.reply.integer(0);
  check_hyperloglog(*entry);
  const auto stored = HyperLogLog(entry->string()).stored_estimate();
  if (stored && entry->encoding() == store::Encoding::kRaw)
    return c.reply.integer(static_cast<int64_t>(*stored));
  store::ValueEdit edit(c.keys, c.key());
  open(edit);
  if (stored) return c.reply.integer(static_cast<int64_t>(*stored));
  const auto estimate = HyperLogLog(edit.view()).estimate();
  if (!estimate) fail(kCorrupt);
  hyperloglog_store_estimate(edit, *estimate);
  edit.announce("");
  c.reply.integer(static_cast<int64_t>(*estimate));
}

// Returns whether one of them is dense.
bool join(CommandContext& c, HllRegisters& registers) {
  bool dense = false;
  for (const Key& key : c.key_list) {
    const auto value = find_hyperloglog(c, key);
    if (!value) continue;
    dense = dense || value->is_dense();
    if (!value->raise(registers)) fail(kCorrupt);
  }
  return dense;
}

void pfcount(CommandContext& c) {
  if (c.key_list.size() == 1) return count_one(c);
  HllRegisters registers{};
  join(c, registers);
  c.reply.integer(static_cast<int64_t>(hll_estimate(hll_histogram(registers))));
}

void pfmerge(CommandContext& c) {
  HllRegisters registers{};
  const bool dense = join(c, registers);
  store::ValueEdit target(c.keys, c.key());
  if (!open(target)) create(target);
  if (dense && !hyperloglog_make_dense(target)) fail(kCorrupt);
  hyperloglog_raise(target, registers, c.services.config.hll_sparse_max_bytes);
  hyperloglog_make_stale(target);
  target.announce("pfadd");
  c.reply.ok();
}

void reply_registers(CommandContext& c, store::ValueEdit& edit) {
  if (!hyperloglog_make_dense(edit)) fail(kCorrupt);
  HllRegisters registers{};
  static_cast<void>(HyperLogLog(edit.view()).raise(registers));
  c.reply.array(static_cast<int64_t>(registers.size()));
  for (const uint8_t value : registers) c.reply.integer(value);
}

void pfdebug(CommandContext& c) {
  const std::string_view word = c.args[1];
  store::ValueEdit edit(c.keys, c.key());
  if (!open(edit)) fail("ERR The specified key does not exist");
  const bool dense = HyperLogLog(edit.view()).is_dense();
  if (equal_ignoring_case(word, "GETREG")) {
    reply_registers(c, edit);
  } else if (equal_ignoring_case(word, "DECODE")) {
    if (dense) fail("ERR HLL encoding is not sparse");
    c.reply.bulk(HyperLogLog(edit.view()).runs_text());
  } else if (equal_ignoring_case(word, "ENCODING")) {
    c.reply.simple(dense ? "dense" : "sparse");
  } else if (equal_ignoring_case(word, "TODENSE")) {
    if (!hyperloglog_make_dense(edit)) fail(kCorrupt);
    c.reply.integer(dense ? 0 : 1);
  } else {
    fail("ERR Unknown PFDEBUG subcommand '{}'", word.substr(0, word.find('\0')));
  }
}

// Counts known sets of growing size, in one that begins sparse and in one that is dense: they must
// agree about every register, and the estimate stay within six standard errors.
void pfselftest(CommandContext& c) {
  constexpr uint64_t kElements = 100'000;
  constexpr uint64_t kSparseLimit = 3000;
  constexpr double kTolerance = 6 * 1.04 / 128;
  objects::OwnBytes sparse(objects::empty_hyperloglog());
  objects::OwnBytes dense(objects::empty_hyperloglog());
  bool agree = hyperloglog_make_dense(dense);
  uint64_t checkpoint = 1;
  for (uint64_t i = 1; i <= kElements && agree; ++i) {
    char element[kInt64Digits];
    const std::string_view text(element, write_int64(static_cast<int64_t>(i), element));
    agree = hyperloglog_add(sparse, text, kSparseLimit) == hyperloglog_add(dense, text, 0);
    if (i != checkpoint) continue;
    checkpoint *= 10;
    const auto estimate = HyperLogLog(dense.view()).estimate();
    agree = agree && estimate && estimate == HyperLogLog(sparse.view()).estimate();
    const double error = std::abs(static_cast<double>(*estimate) - static_cast<double>(i));
    if (agree && error > std::ceil(kTolerance * static_cast<double>(i)))
      fail("TESTFAILED {} elements were counted as {}", i, *estimate);
  }
  if (!agree) fail("TESTFAILED sparse and dense disagree");
  c.reply.ok();
}

using schema::CommandSpec;
using schema::key_at;
using schema::keys_from_to;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kHyperLogLog = schema::Group::kHyperLogLog;

constexpr CommandSpec kRows[] = {
    {.syntax = "PFADD key [element [element ...]]",
     .handler = pfadd,
     .keys = {key_at(1, kRW | kInsert)},
     .flags = kWrite | kDenyOom | kFast,
     .group = kHyperLogLog,
     .since = "2.8.9",
     .complexity = "O(1) to add every element.",
     .summary = "Adds elements to a HyperLogLog key. Creates the key if it doesn't exist."},
    {.syntax = "PFCOUNT key [key ...]",
     .handler = pfcount,
     .keys = {keys_from_to(1, -1, 1, kRW | kAccess)},
     .flags = kReadOnly | kMayReplicate,
     .group = kHyperLogLog,
     .since = "2.8.9",
     .complexity = "O(1) with a very small average constant time when called with a single key. "
                   "O(N) with N being the number of keys, and much bigger constant times, when "
                   "called with multiple keys.",
     .summary = "Returns the approximated cardinality of the set(s) observed by the HyperLogLog "
                "key(s)."},
    {.syntax = "PFMERGE destkey [sourcekey [sourcekey ...]]",
     .handler = pfmerge,
     .keys = {key_at(1, kRW | kAccess | kInsert), keys_from_to(2, -1, 1, kRO | kAccess)},
     .flags = kWrite | kDenyOom,
     .group = kHyperLogLog,
     .since = "2.8.9",
     .complexity = "O(N) to merge N HyperLogLogs, but with high constant times.",
     .summary = "Merges one or more HyperLogLog values into a single key."},
    {.syntax = "PFDEBUG subcommand key",
     .handler = pfdebug,
     .keys = {key_at(2, kRW | kAccess)},
     .flags = kWrite | kDenyOom | kAdmin,
     .group = kHyperLogLog,
     .since = "2.8.9",
     .complexity = "N/A",
     .summary = "Internal commands for debugging HyperLogLog values."},
    {.syntax = "PFSELFTEST",
     .handler = pfselftest,
     .flags = kAdmin,
     .group = kHyperLogLog,
     .since = "2.8.9",
     .complexity = "N/A",
     .summary = "An internal command for testing HyperLogLog values."},
};

}  // namespace

Rows hyperloglog_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
