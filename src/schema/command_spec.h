// What a command looks like: one row per command, beside its handler at the foot of a
// commands/*_commands.cc. Arity, COMMAND INFO and DOCS, key extraction, ACL categories and the
// dispatcher's decisions are all derived from the row. Rows are constexpr and never change.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "schema/acl_category.h"
#include "schema/key_spec.h"

namespace scrubjay::engine {
struct CommandContext;
}

namespace scrubjay::schema {

using Handler = void (*)(engine::CommandContext&);

// Flags of a row. Those up to kMayReplicate have Redis's meaning and appear in COMMAND INFO; the
// rest are ours and tell the dispatcher which part of the world the command needs.
enum Flag : uint32_t {
  kWrite = 1u << 0,
  kReadOnly = 1u << 1,
  kDenyOom = 1u << 2,  // refused with -OOM when memory is full and nothing can be evicted
  kAdmin = 1u << 3,
  kPubSub = 1u << 4,
  kNoScript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,
  kStale = 1u << 8,
  kSkipMonitor = 1u << 9,
  kSkipSlowlog = 1u << 10,
  kFast = 1u << 11,
  kNoAuth = 1u << 12,     // allowed before authentication
  kNoMulti = 1u << 13,    // refused inside MULTI
  kAllowBusy = 1u << 14,  // heard while a script is busy
  kMayReplicate = 1u << 15,
  kNoAsyncLoading = 1u << 16,
  kProtected = 1u << 17,
  kWorld = 1u << 24,       // runs alone: takes every gate
  kWalks = 1u << 25,       // walks the keyspace stripe by stripe; inside MULTI it takes every gate
  kControl = 1u << 26,     // runs at once inside MULTI instead of being queued (EXEC, DISCARD ...)
  kLocksQueue = 1u << 27,  // locks what the queued commands of the transaction name (EXEC)
  kLocksWatched = 1u << 28,     // locks what the client watches (EXEC, DISCARD, UNWATCH, RESET)
  kWhileSubscribed = 1u << 30,  // allowed while a RESP2 client listens to channels
  kScript = 1u << 23,           // runs a script, which locks the world or the keys that it declares
  kContainer = 1u << 29,        // has subcommands and a handler of its own (COMMAND)
};

// Command groups, as COMMAND DOCS names them, and the ACL category that goes with most.
enum class Group : uint8_t {
  kString,
  kGeneric,
  kList,
  kSet,
  kSortedSet,
  kHash,
  kPubSub,
  kTransactions,
  kConnection,
  kServer,
  kScripting,
  kHyperLogLog,
  kCluster,
  kSentinel,
  kGeo,
  kStream,
  kBitmap,
  kModule,
};

struct CommandSpec {
  // "GETDEL key", "SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | ... | KEEPTTL]",
  // "CONFIG GET parameter [parameter ...]". A row whose syntax is one bare word and whose handler
  // is null ("CONFIG") is a container: rows that start with that word are its subcommands.
  std::string_view syntax;
  Handler handler = nullptr;
  std::array<KeySpec, 3> keys{};  // unused ones have shape kNone
  uint32_t flags = 0;
  Group group = Group::kGeneric;
  uint32_t acl = 0;  // extra categories, e.g. kAclKeyspace | kAclDangerous
  std::string_view since;
  std::string_view complexity;
  std::string_view summary;
  int arity = 0;  // 0: computed from the syntax; else as given
};

}  // namespace scrubjay::schema
