// CLIENT TRACKING and its kin: clients that cache what they read, and want to know when it changes.
// https://redis.io/docs/latest/develop/reference/client-side-caching
#include <optional>
#include <vector>

#include "commands/table.h"
#include "engine/client_tracking.h"
#include "engine/context.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
namespace error_text = resp::error_text;

struct TrackingOptions {
  const Client* redirect = nullptr;
  bool broadcast = false;
  bool opt_in = false;
  bool opt_out = false;
  bool no_loop = false;
  std::vector<std::string_view> prefixes;
};

TrackingOptions parse_options(CommandContext& c) {
  TrackingOptions options;
  while (!c.args.at_end()) {
    const bool more = c.args.left() > 1;
    if (more && c.args.take("REDIRECT")) {
      if (options.redirect != nullptr)
        fail("ERR A client can only redirect to a single other client");
      const int64_t id = c.args.next_integer();
      if (id > 0) options.redirect = c.services.clients.find(static_cast<uint64_t>(id));
      if (options.redirect == nullptr)
        fail("ERR The client ID you want redirect to does not exist");
    } else if (c.args.take("BCAST")) {
      options.broadcast = true;
    } else if (c.args.take("OPTIN")) {
      options.opt_in = true;
    } else if (c.args.take("OPTOUT")) {
      options.opt_out = true;
    } else if (c.args.take("NOLOOP")) {
      options.no_loop = true;
    } else if (more && c.args.take("PREFIX")) {
      options.prefixes.push_back(c.args.next());
    } else {
      fail(error_text::kSyntax);
    }
  }
  return options;
}

bool overlap(std::string_view a, std::string_view b) {
  return a.starts_with(b) || b.starts_with(a);
}

void check_prefixes(const Client& client, const std::vector<std::string_view>& prefixes) {
  constexpr std::string_view kWhy = "Prefixes for a single client must not overlap.";
  for (size_t i = 0; i < prefixes.size(); ++i) {
    for (const std::string& other : client.peer->tracking.prefixes) {
      if (overlap(prefixes[i], other)) {
        fail("ERR Prefix '{}' overlaps with an existing prefix '{}'. {}", prefixes[i], other, kWhy);
      }
    }
    for (size_t j = i + 1; j < prefixes.size(); ++j) {
      if (overlap(prefixes[i], prefixes[j])) {
        fail("ERR Prefix '{}' overlaps with another provided prefix '{}'. {}", prefixes[i],
             prefixes[j], kWhy);
      }
    }
  }
}

void check_options(const Client& client, const TrackingOptions& options) {
  const pubsub::TrackingMode& mode = client.peer->tracking;
  if (!options.broadcast && !options.prefixes.empty())
    fail("ERR PREFIX option requires BCAST mode to be enabled");
  if (mode.on && mode.broadcast != options.broadcast) {
    fail(
        "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and "
        "then re-enabling it with a different mode.");
  }
  if (options.broadcast && (options.opt_in || options.opt_out))
    fail("ERR OPTIN and OPTOUT are not compatible with BCAST");
  if (options.opt_in && options.opt_out)
    fail("ERR You can't specify both OPTIN mode and OPTOUT mode");
  if ((options.opt_in && client.read_tracking.opt_out) ||
      (options.opt_out && client.read_tracking.opt_in)) {
    fail(
        "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and "
        "then re-enabling it with a different mode.");
  }
  if (options.broadcast) check_prefixes(client, options.prefixes);
}

void client_tracking(CommandContext& c) {
  const std::string_view on_or_off = c.args.next();
  const TrackingOptions options = parse_options(c);
  Client& client = c.client;
  if (equal_ignoring_case(on_or_off, "off")) {
    stop_tracking(c.services, client);
    return c.reply.ok();
  }
  if (!equal_ignoring_case(on_or_off, "on")) fail(error_text::kSyntax);
  check_options(client, options);
  pubsub::TrackingMode& mode = client.peer->tracking;
  mode.broadcast = options.broadcast;
  mode.no_loop = options.no_loop;
  mode.redirect_id = options.redirect != nullptr ? options.redirect->id : 0;
  mode.redirect = options.redirect != nullptr ? options.redirect->peer : nullptr;
  mode.redirect_broken.store(false, std::memory_order_relaxed);
  client.read_tracking.on = !options.broadcast;
  client.read_tracking.opt_in = options.opt_in;
  client.read_tracking.opt_out = options.opt_out;
  c.services.tracking.start(*client.peer);
  if (options.broadcast && options.prefixes.empty())
    c.services.tracking.add_prefix(*client.peer, "");
  for (const std::string_view prefix : options.prefixes)
    c.services.tracking.add_prefix(*client.peer, prefix);
  c.reply.ok();
}

void client_caching(CommandContext& c) {
  if (!c.client.peer->tracking.on) {
    fail(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
        "OPTOUT mode enabled");
  }
  ReadTracking& tracking = c.client.read_tracking;
  if (c.args.take("YES")) {
    if (!tracking.opt_in)
      fail("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
  } else if (c.args.take("NO")) {
    if (!tracking.opt_out)
      fail("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
  } else {
    fail(error_text::kSyntax);
  }
  tracking.caching = true;
  c.reply.ok();
}

// The client that gets the invalidations: 0 for this one itself, -1 if it tracks nothing.
int64_t redirect_of(const Client& client) {
  const pubsub::TrackingMode& mode = client.peer->tracking;
  return mode.on ? static_cast<int64_t>(mode.redirect_id) : -1;
}

void client_getredir(CommandContext& c) {
  c.reply.integer(redirect_of(c.client));
}

void client_trackinginfo(CommandContext& c) {
  const pubsub::TrackingMode& mode = c.client.peer->tracking;
  const ReadTracking& reads = c.client.read_tracking;
  std::vector<std::string_view> flags{mode.on ? "on" : "off"};
  if (mode.broadcast) flags.emplace_back("bcast");
  if (reads.opt_in) flags.emplace_back("optin");
  if (reads.opt_in && reads.caching) flags.emplace_back("caching-yes");
  if (reads.opt_out) flags.emplace_back("optout");
  if (reads.opt_out && reads.caching) flags.emplace_back("caching-no");
  if (mode.no_loop) flags.emplace_back("noloop");
  if (mode.redirect_broken.load(std::memory_order_relaxed)) flags.emplace_back("broken_redirect");
  c.reply.map(3);
  c.reply.bulk("flags");
  c.reply.set(static_cast<int64_t>(flags.size()));
  for (const std::string_view flag : flags) c.reply.bulk(flag);
  c.reply.bulk("redirect");
  c.reply.integer(redirect_of(c.client));
  c.reply.bulk("prefixes");
  c.reply.array(static_cast<int64_t>(mode.prefixes.size()));
  for (const std::string& prefix : mode.prefixes) c.reply.bulk(prefix);
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kConnection = schema::Group::kConnection;
constexpr uint32_t kOwn = kNoScript | kLoading | kStale;

constexpr CommandSpec kRows[] = {
    {.syntax = "CLIENT CACHING <YES | NO>",
     .handler = client_caching,
     .flags = kOwn,
     .group = kConnection,
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary =
         "Instructs the server whether to track the keys in the next request when tracking is "
         "enabled in OPTIN or OPTOUT mode."},
    {.syntax = "CLIENT GETREDIR",
     .handler = client_getredir,
     .flags = kOwn,
     .group = kConnection,
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary =
         "Returns the client ID to which the connection's tracking notifications are redirected."},
    {.syntax =
         "CLIENT TRACKING <ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] "
         "[BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
     .handler = client_tracking,
     .flags = kOwn | kWorld,
     .group = kConnection,
     .since = "6.0.0",
     .complexity = "O(1). Some options may introduce additional complexity.",
     .summary = "Controls server-assisted client-side caching for the connection."},
    {.syntax = "CLIENT TRACKINGINFO",
     .handler = client_trackinginfo,
     .flags = kOwn,
     .group = kConnection,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary =
         "Returns information about server-assisted client-side caching for the connection."},
};

}  // namespace

Rows client_tracking_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
