#include "schema/acl_category.h"

#include "base/text.h"
#include "schema/command_spec.h"

namespace scrubjay::schema {
namespace {

constexpr std::string_view kNames[kAclCategories] = {
    "keyspace", "read",   "write",       "set",       "sortedset",  "list",        "hash",
    "string",   "bitmap", "hyperloglog", "geo",       "stream",     "pubsub",      "admin",
    "fast",     "slow",   "blocking",    "dangerous", "connection", "transaction", "scripting"};

// What marks the few generic commands that are not about keys as such (SORT, WAIT).
constexpr uint32_t kNotOfKeys = kAclList | kAclSet | kAclSortedSet | kAclConnection;

uint32_t implied_by_group(const CommandSpec& command) {
  switch (command.group) {
    case Group::kString:
      return kAclString;
    case Group::kGeneric:
      return (command.acl & kNotOfKeys) == 0 ? uint32_t{kAclKeyspace} : 0;
    case Group::kList:
      return kAclList;
    case Group::kSet:
      return kAclSet;
    case Group::kSortedSet:
      return kAclSortedSet;
    case Group::kHash:
      return kAclHash;
    case Group::kPubSub:
      return kAclPubSub;
    case Group::kTransactions:
      return kAclTransaction;
    case Group::kConnection:
      return kAclConnection;
    case Group::kScripting:
      return kAclScripting;
    case Group::kHyperLogLog:
      return kAclHyperLogLog;
    case Group::kGeo:
      return kAclGeo;
    case Group::kStream:
      return kAclStream;
    case Group::kBitmap:
      return kAclBitmap;
    case Group::kServer:
    case Group::kCluster:
    case Group::kSentinel:
    case Group::kModule:
      return 0;
  }
  return 0;
}

}  // namespace

std::string_view acl_category_name(size_t bit) {
  return kNames[bit];
}

std::optional<uint32_t> find_acl_category(std::string_view name) {
  for (size_t bit = 0; bit < kAclCategories; ++bit) {
    if (equal_ignoring_case(kNames[bit], name)) return 1u << bit;
  }
  return std::nullopt;
}

uint32_t categories_of(const CommandSpec& command) {
  // A container does nothing itself: its subcommands have the categories.
  if (command.handler == nullptr) return kAclSlow;
  const uint32_t flags = command.flags;
  uint32_t categories = command.acl | implied_by_group(command);
  if (flags & kWrite) categories |= kAclWrite;
  if ((flags & kReadOnly) && command.group != Group::kScripting) categories |= kAclRead;
  if (flags & kAdmin) categories |= kAclAdmin | kAclDangerous;
  if (flags & kPubSub) categories |= kAclPubSub;
  if (flags & kBlocking) categories |= kAclBlocking;
  return categories | (flags & kFast ? kAclFast : kAclSlow);
}

}  // namespace scrubjay::schema
