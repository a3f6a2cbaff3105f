// A connected client, apart from its socket: what it chose, what it is in the middle of, what it
// did. Its own thread uses it while its gate is raised; others only while they hold the world, but
// for the atomic fields. net/session owns it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pubsub/peer.h"
#include "resp/reply.h"
#include "schema/command_table.h"

namespace scrubjay::engine {

struct Worker;

// A queued command of a transaction, with its own copy of the arguments.
struct QueuedCommand {
  const schema::Command* command;
  std::vector<std::string> arguments;
};

struct WatchedVersion {
  int database;
  std::string key;
  uint64_t version;
};

struct Transaction {
  bool open = false;
  bool aborted = false;  // a command could not be queued: EXEC refuses
  std::vector<QueuedCommand> queue;
  std::vector<WatchedVersion> watched;
  size_t executing = 0;  // how many commands EXEC is running
};

struct ClientWaiter;

// A client that waits: what ends the wait without an event, and where it is filed if it waits for
// data.
struct BlockedState {
  int64_t deadline_ms = 0;  // 0: none
  std::function<void(resp::ReplyBuilder&)> time_out;
  std::shared_ptr<ClientWaiter> waiter{};
};

// What a client listens to.
struct Subscriptions {
  std::set<std::string, std::less<>> channels;
  std::set<std::string, std::less<>> patterns;
  std::set<std::string, std::less<>> shard_channels;

  // As replies to SUBSCRIBE and its kin tell it; shard channels count apart.
  size_t count() const { return channels.size() + patterns.size(); }
  bool any() const { return count() + shard_channels.size() > 0; }
};

// Which of a client's reads are remembered because it caches them. How the rest of the server sees
// it stands in its peer.
struct ReadTracking {
  bool on = false;  // those of read-only commands, but for:
  bool opt_in = false;
  bool opt_out = false;
  bool caching = false;  // CLIENT CACHING: the next command, or transaction, is the exception

  bool remembers() const { return on && (opt_in ? caching : !(opt_out && caching)); }
};

enum class ReplyMode : uint8_t { kOn, kOff, kSkipNext, kSkipThis };

struct Client {
  explicit Client(uint64_t client_id, Worker& owner) : id(client_id), worker(&owner) {}

  const uint64_t id;
  Worker* const worker;

  // The connection, fixed at its start.
  int socket = -1;
  std::string address;  // "127.0.0.1:1234", "/path:0"
  std::string local_address;
  int64_t created_ms = 0;
  bool unix_socket = false;

  // What the client chose.
  int database = 0;
  int protocol = 2;
  std::string name;
  std::string library_name;
  std::string library_version;
  std::string user = "default";
  bool authenticated = true;
  bool no_evict = false;
  bool no_touch = false;
  ReadTracking read_tracking;
  bool monitor = false;
  uint64_t monitor_from = 0;  // lines up to this number were written before MONITOR
  ReplyMode reply_mode = ReplyMode::kOn;

  // What it is in the middle of.
  Transaction transaction;
  std::unique_ptr<BlockedState> blocked;
  Subscriptions subscriptions;
  pubsub::PeerPtr peer;  // how others reach it
  // In RESP2 who listens may do little else: replies and messages could not be told apart.
  bool in_subscriber_mode() const { return protocol == 2 && subscriptions.any(); }
  bool close_after_reply = false;

  // Set by others who hold the world; the owner obeys before the next command.
  std::atomic<bool> killed{false};
  std::atomic<int> unblock{0};  // 1: as if timed out, 2: with an error

  // What it did. The atomic ones are written outside the gate.
  const schema::Command* last_command = nullptr;
  uint64_t commands = 0;
  std::atomic<int64_t> last_active_ms{0};
  std::atomic<uint64_t> query_buffer_bytes{0};
  std::atomic<uint64_t> query_buffer_room{0};
  std::atomic<uint64_t> output_bytes{0};
  std::atomic<uint64_t> received_bytes{0};
  std::atomic<uint64_t> sent_bytes{0};
};

// Whether the client is on this host, as the options of kind "local" mean it.
inline bool is_local(const Client& client) {
  return client.unix_socket || client.address.starts_with("127.") ||
         client.address.starts_with("[::1]");
}

}  // namespace scrubjay::engine
