#include "engine/dispatcher.h"

#include <algorithm>

#include "engine/client_tracking.h"
#include "engine/memory_limit.h"
#include "engine/script_runner.h"

namespace scrubjay::engine {
namespace {

using schema::Command;
namespace error_text = resp::error_text;

constexpr size_t kShownBytes = 128;  // of an unknown command's name, and of its arguments together

// Bytes of a request that need room when it is carried out; few do not count.
uint64_t bytes_to_store(const Command& command, std::span<const std::string_view> arguments) {
  constexpr uint64_t kMany = 4096;
  if ((command.flags & schema::kDenyOom) == 0) return 0;
  uint64_t bytes = 0;
  for (const std::string_view argument : arguments) bytes += argument.size();
  if (bytes < kMany) [[likely]]
    return 0;
  constexpr uint64_t kHeader = 64;
  bytes = 0;
  for (const std::string_view argument : arguments) bytes += good_size(argument.size() + kHeader);
  return bytes;
}

// Consecutive commands of one batch that need the world share a section of about this length.
constexpr int64_t kSectionNs = 200'000;

std::string unknown_command(std::span<const std::string_view> arguments) {
  std::string text = fmt::format("ERR unknown command '{}', with args beginning with: ",
                                 arguments[0].substr(0, kShownBytes));
  std::string shown;
  for (size_t i = 1; i < arguments.size() && shown.size() < kShownBytes; ++i) {
    shown += fmt::format("'{}' ", arguments[i].substr(0, kShownBytes - shown.size()));
  }
  return text + shown;
}

// What an HTTP request begins with: somebody makes a browser speak to us.
bool is_http(std::string_view word) {
  return equal_ignoring_case(word, "post") || equal_ignoring_case(word, "host:");
}

// CLIENT or one of its subcommands.
bool is_client_command(const Command* command) {
  if (command == nullptr) return false;
  return (command->parent != nullptr ? command->parent : command)->spec->syntax == "CLIENT";
}

// Appends the keys that the request names.
void append_keys(const Command& command, std::span<const std::string_view> arguments,
                 std::vector<store::Key>& keys) {
  if (command.spec->keys[0].shape == schema::KeySpec::Shape::kNone) return;
  thread_local schema::KeyPositions positions;
  positions.clear();
  schema::extract_keys(*command.spec, arguments, positions);
  for (const auto& position : positions) keys.emplace_back(arguments[position.index]);
}

}  // namespace

Dispatcher::Dispatcher(Services& services) : services_(services) {
  services.dispatcher = this;
}

const Command* Dispatcher::resolve(std::span<const std::string_view> arguments,
                                   std::string* error) const {
  const Command* command = services_.commands.find(arguments[0]);
  if (command == nullptr) {
    if (error != nullptr) *error = unknown_command(arguments);
    return nullptr;
  }
  if (command->subcommands.empty() || arguments.size() < 2) return command;
  const Command* subcommand = services_.commands.find_subcommand(*command, arguments[1]);
  if (subcommand == nullptr && error != nullptr) {
    std::string parent = command->name;
    for (char& c : parent) c = static_cast<char>(std::toupper(c));
    *error = fmt::format("ERR unknown subcommand '{}'. Try {} HELP.",
                         arguments[1].substr(0, kShownBytes), parent);
  }
  return subcommand;
}

void Dispatcher::prepare(const resp::RequestBatch& batch, size_t first, size_t count, int database,
                         std::vector<PreparedRequest>& prepared) {
  const bool tracked = services_.tracking.in_use();
  for (size_t i = first; i < first + count; ++i) {
    const auto& request = batch.requests[i];
    const std::span<const std::string_view> arguments(&batch.arguments[request.first_argument],
                                                      request.argument_count);
    PreparedRequest& item = prepared.emplace_back();
    item.command = resolve(arguments, nullptr);
    if (item.command == nullptr) continue;
    if (!name_key(item, arguments)) continue;
    services_.keyspace.prefetch_bucket(item.key.hash, database);
    if (tracked) [[unlikely]]
      services_.tracking.prefetch(services_.keyspace.stripe_number(item.key.hash), item.key.hash);
  }
}

void Dispatcher::prefetch_entries(std::span<const PreparedRequest> prepared, int database) const {
  const store::Keyspace& keyspace = services_.keyspace;
  // Calls again(request) behind all for those of which first(request) was true.
  const auto twice = [&](auto&& first, auto&& again) {
    constexpr size_t kMost = 32;
    const PreparedRequest* stashed[kMost];
    size_t count = 0;
    for (const PreparedRequest& item : prepared) {
      if (item.has_key && first(item) && count < kMost) stashed[count++] = &item;
    }
    for (size_t i = 0; i < count; ++i) again(*stashed[i]);
  };
  twice(
      [&](const PreparedRequest& item) { return keyspace.prefetch_entry(item.key.hash, database); },
      [&](const PreparedRequest& item) { keyspace.prefetch_stashed(item.key.hash, database); });
  if (!services_.tracking.in_use()) [[likely]]
    return;
  const auto stripe = [&](const PreparedRequest& item) {
    return keyspace.stripe_number(item.key.hash);
  };
  twice(
      [&](const PreparedRequest& item) {
        return services_.tracking.prefetch_key(stripe(item), item.key.hash);
      },
      [&](const PreparedRequest& item) {
        services_.tracking.prefetch_stashed(stripe(item), item.key.hash);
      });
}

void Dispatcher::count_error(Worker& worker, std::string_view error) {
  ++worker.counters.error_replies;
  const std::string_view word = error.substr(0, error.find(' '));
  const auto found = worker.counters.errors.find(word);
  if (found != worker.counters.errors.end())
    ++found->second;
  else if (worker.counters.errors.size() < 128)
    worker.counters.errors.emplace(word, 1);
}

bool Dispatcher::refuse(Worker& worker, Client& client, const Command* command,
                        std::string_view error, resp::ReplyBuilder& reply) {
  if (command != nullptr) ++worker.counters.commands[command->id].rejected;
  if (command != nullptr && (command->flags & schema::kLocksQueue)) {
    // EXEC itself is refused: the transaction is over.
    forget(worker, client);
    const std::string_view reason = error.starts_with("ERR ") ? error.substr(4) : error;
    const std::string text = fmt::format("EXECABORT Transaction discarded because of: {}", reason);
    count_error(worker, text);
    reply.error(text);
    return true;
  }
  if (client.transaction.open) client.transaction.aborted = true;
  count_error(worker, error);
  reply.error(error);
  return true;
}

bool Dispatcher::is_paused(const Worker& worker, const Client& client, const Command& command,
                           std::span<const std::string_view> arguments) {
  if (services_.end_pause_if_over(services_.clock.now_ms())) return false;
  if (!services_.pause.writes_only) return true;
  const auto writes = [&](const Command& what, std::span<const std::string_view> words) {
    constexpr uint32_t kWriting = schema::kWrite | schema::kMayReplicate;
    if ((what.flags & kWriting) == 0) return false;
    return !(what.flags & schema::kScript) ||
           !services_.script_runners[worker.index]->declares_no_writes(what, words);
  };
  if (!(command.flags & schema::kLocksQueue)) return writes(command, arguments);
  std::vector<std::string_view> words;
  return std::any_of(client.transaction.queue.begin(), client.transaction.queue.end(),
                     [&](const QueuedCommand& queued) {
                       words.assign(queued.arguments.begin(), queued.arguments.end());
                       return writes(*queued.command, words);
                     });
}

std::string Dispatcher::why_refused(Worker& worker, Client& client, const Command& command,
                                    std::span<const std::string_view> arguments) {
  const uint32_t flags = command.flags;
  if (!client.authenticated && !(flags & schema::kNoAuth)) return std::string(error_text::kNoAuth);
  if ((flags & schema::kProtected) != 0) {
    const auto permission = services_.config.enable_debug_command;
    if (permission == config::Permission::kNo ||
        (permission == config::Permission::kLocal && !is_local(client))) {
      return "ERR DEBUG command not allowed. If the enable-debug-command option is set to "
             "\"local\", you can "
             "run it from a local connection, otherwise you need to set this option in the "
             "configuration file, "
             "and then restart the server.";
    }
  }
  if (client.in_subscriber_mode() && !(flags & schema::kWhileSubscribed)) {
    return fmt::format(
        "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
        "allowed in this context",
        command.name);
  }
  if (client.transaction.open && (flags & schema::kNoMulti))
    return "ERR Command not allowed inside a transaction";
  if (worker.gate.visiting() && !(flags & schema::kAllowBusy))
    return std::string(busy_error(services_));
  if (worker.gate.visiting()) return "";
  worker.out_of_memory = services_.config.maxmemory != 0 &&
                         !make_room(services_, worker, bytes_to_store(command, arguments));
  // Of the keys that are gone the client learns before the command's reply.
  if (worker.outgoing.for_own() && worker.deliver_pushes) worker.deliver_pushes();
  if (worker.out_of_memory) {
    bool needs_memory = flags & schema::kDenyOom;
    if (client.transaction.open && !(flags & schema::kControl)) needs_memory = true;
    if (flags & schema::kLocksQueue) {
      for (const QueuedCommand& queued : client.transaction.queue) {
        needs_memory |= (queued.command->flags & schema::kDenyOom) != 0;
      }
    }
    if (needs_memory) return std::string(error_text::kOutOfMemory);
  }
  return "";
}

Dispatcher::Outcome Dispatcher::execute(Worker& worker, Client& client,
                                        std::span<const std::string_view> arguments,
                                        const PreparedRequest& prepared,
                                        resp::ReplyBuilder& reply) {
  const Command* command = prepared.command;
  const ReplyMode mode = client.reply_mode;
  size_t mark = reply.buffer().mark();
  Outcome outcome = Outcome::kDone;

  if (command == nullptr) [[unlikely]] {
    if (is_http(arguments[0])) {
      client.killed.store(true, std::memory_order_relaxed);
      return Outcome::kDone;
    }
    std::string error;
    resolve(arguments, &error);
    refuse(worker, client, nullptr, error, reply);
  } else if (!arity_fits(*command, arguments.size()) || command->spec->handler == nullptr)
      [[unlikely]] {
    refuse(worker, client, command,
           fmt::format("ERR wrong number of arguments for '{}' command", command->name), reply);
  } else {
    const bool plain = client.authenticated && !client.transaction.open &&
                       !client.in_subscriber_mode() &&
                       (services_.config.maxmemory == 0 ||
                        worker.room.fits(bytes_to_store(*command, arguments))) &&
                       (command->flags & (schema::kProtected | schema::kLocksQueue)) == 0 &&
                       !worker.gate.visiting();
    worker.out_of_memory = false;
    std::string error;
    if (!plain) [[unlikely]] {
      error = why_refused(worker, client, *command, arguments);
      mark = reply.buffer().mark();  // evictions may have been told
    }
    if (!error.empty()) {
      refuse(worker, client, command, error, reply);
    } else if (services_.paused.load(std::memory_order_relaxed) &&
               is_paused(worker, client, *command, arguments)) {
      return Outcome::kPostponed;
    } else if (client.transaction.open && !(command->flags & schema::kControl)) {
      client.transaction.queue.push_back({command, {arguments.begin(), arguments.end()}});
      reply.simple("QUEUED");
    } else {
      run(worker, client, *command, arguments, prepared, reply);
      if (client.blocked) outcome = Outcome::kBlocked;
    }
  }

  if (worker.room.reserved != 0) [[unlikely]]
    end_reservation(services_, worker);
  if (worker.outgoing.must_ring()) [[unlikely]]
    worker.outgoing.ring();
  if (client.read_tracking.caching && !client.transaction.open && !is_client_command(command))
      [[unlikely]] {
    client.read_tracking.caching = false;
  }
  if (mode != ReplyMode::kOn || client.reply_mode != ReplyMode::kOn) [[unlikely]] {
    // What tells of subscriptions is a message, not a reply.
    constexpr uint32_t kSubscribing = schema::kPubSub | schema::kWhileSubscribed;
    const bool is_message = command != nullptr && (command->flags & kSubscribing) == kSubscribing;
    const bool skipped = mode == ReplyMode::kSkipThis && client.reply_mode == ReplyMode::kSkipThis;
    if ((client.reply_mode == ReplyMode::kOff || skipped) && !is_message)
      reply.buffer().truncate(mark);
    if (skipped) client.reply_mode = ReplyMode::kOn;
    if (client.reply_mode == ReplyMode::kSkipNext) client.reply_mode = ReplyMode::kSkipThis;
  }
  return outcome;
}

void Dispatcher::lock_transaction(Worker& worker, Client& client, const Command& command,
                                  bool& world) {
  Transaction& transaction = client.transaction;
  thread_local std::vector<std::string_view> views;
  thread_local std::vector<store::Key> keys;
  keys.clear();
  if (command.flags & schema::kLocksQueue) {
    for (const QueuedCommand& queued : transaction.queue) {
      constexpr uint32_t kNeedsWorld =
          schema::kWorld | schema::kWalks | schema::kLocksWatched | schema::kScript;
      world |= (queued.command->flags & kNeedsWorld) != 0 || queued.command->every_key;
      views.assign(queued.arguments.begin(), queued.arguments.end());
      append_keys(*queued.command, views, keys);
    }
  }
  for (const WatchedVersion& watched : transaction.watched) keys.emplace_back(watched.key);
  if (!world) worker.keys.lock(keys, worker.stamp_ns / 1'000'000);
}

void Dispatcher::run(Worker& worker, Client& client, const Command& command,
                     std::span<const std::string_view> arguments, const PreparedRequest& prepared,
                     resp::ReplyBuilder& reply) {
  std::vector<store::Key>& keys = worker.key_list;
  keys.clear();
  bool world = (command.flags & schema::kWorld) != 0 || command.every_key;
  if ((command.flags & schema::kScript) && !world) [[unlikely]]
    world = !services_.script_runners[worker.index]->declares_keys(command, arguments);
  // RESET ends tracking, which takes the world.
  constexpr uint32_t kLocks = schema::kLocksWatched | schema::kLocksQueue;
  if ((command.flags & kLocks) == schema::kLocksWatched) [[unlikely]]
    world |= client.peer && client.peer->tracking.on;
  if (services_.waiters.load(std::memory_order_relaxed) != 0 &&
      (command.flags & (schema::kWrite | schema::kLocksQueue | schema::kScript)) != 0)
      [[unlikely]] {
    lock_with_waiters(worker, client, command, arguments, keys, world);
  } else if (prepared.has_key) {
    keys.push_back(prepared.key);
    if (!world) worker.keys.lock_one(prepared.key.hash, worker.stamp_ns / 1'000'000);
  } else if (command.flags & (schema::kLocksQueue | schema::kLocksWatched)) {
    lock_transaction(worker, client, command, world);
  } else {
    append_keys(command, arguments, keys);
    if (keys.size() > 1) {
      for (const store::Key& key : keys)
        services_.keyspace.prefetch_bucket(key.hash, client.database);
      for (const store::Key& key : keys)
        services_.keyspace.prefetch_entry(key.hash, client.database);
    }
    if (!world) worker.keys.lock(keys, worker.stamp_ns / 1'000'000);
  }
  if (world) {
    if (!begin_section(worker)) {
      refuse(worker, client, &command, busy_error(services_), reply);
      return;
    }
    worker.keys.hold_world();
    call(worker, client, command, arguments, keys, reply, false);
    if (worker.keys.has_ready()) serve_waiters(services_, worker);
    worker.keys.unlock();
    if (!worker.keeps_world || worker.stamp_ns - worker.world_since_ns > kSectionNs)
      end_section(worker);
    return;
  }
  call(worker, client, command, arguments, keys, reply, false);
  const bool all_served = !worker.keys.has_ready() || serve_waiters(services_, worker);
  worker.keys.unlock();
  if (all_served) return;
  // Somebody waits who needs keys that could not be foreseen (COPY to another database).
  with_world(worker, [&] {
    worker.keys.hold_world();
    serve_waiters(services_, worker);
    worker.keys.unlock();
  });
}

bool Dispatcher::begin_section(Worker& worker) {
  if (worker.world || worker.gate.visiting()) return true;
  if (!services_.gates.take_world(worker.gate, true)) return false;
  worker.world = true;
  worker.world_since_ns = worker.stamp_ns;
  return true;
}

// Somebody waits for data, and this command may bring it: what the waiters' own commands need is
// locked beforehand, because they run before the locks are given back.
void Dispatcher::lock_with_waiters(Worker& worker, const Client& client, const Command& command,
                                   std::span<const std::string_view> arguments,
                                   std::vector<store::Key>& keys, bool& world) {
  append_keys(command, arguments, keys);
  world |= (command.flags & schema::kLocksQueue) != 0;
  if (world) return;
  std::vector<store::Key> wanted(keys);
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    worker.keys.lock(wanted, worker.stamp_ns / 1'000'000);
    if (add_waiters_keys(worker.keys, client.database, wanted)) return;
    worker.keys.unlock();
  }
  world = true;
}

bool Dispatcher::run_again(Worker& worker, ClientWaiter& waiter,
                           std::span<const std::string_view> arguments,
                           std::span<const store::Key> keys, resp::ReplyBuilder& reply) {
  bool waits_again = false;
  const Client* const acting = std::exchange(worker.acting, &waiter.stand_in);
  const int database = worker.keys.database();
  worker.keys.select(waiter.database);
  worker.keys.set_touching(!waiter.stand_in.no_touch);
  CommandContext context{Arguments(arguments, 1),
                         *waiter.command,
                         reply,
                         waiter.stand_in,
                         services_,
                         worker,
                         worker.keys,
                         keys,
                         false,
                         &waits_again};
  try {
    waiter.command->spec->handler(context);
  } catch (const CommandError& error) {
    reply.buffer().clear();
    reply.error(error.text);
    count_error(worker, error.text);
    ++worker.counters.commands[waiter.command->id].failed;
  }
  if (services_.tracking.in_use()) command_ended(worker);
  if (waiter.stand_in.read_tracking.on && (waiter.command->flags & schema::kReadOnly))
    remember_reads(services_, worker, waiter.stand_in, keys);
  worker.acting = acting;
  worker.keys.select(database);
  return !waits_again;
}

void Dispatcher::run_locked(Worker& worker, Client& client, const Command& command,
                            std::span<const std::string_view> arguments, resp::ReplyBuilder& reply,
                            bool in_transaction) {
  std::vector<store::Key> keys;
  append_keys(command, arguments, keys);
  call(worker, client, command, arguments, keys, reply, in_transaction);
}

void Dispatcher::run_in_script(Worker& worker, Client& client, const Command& command,
                               std::span<const std::string_view> arguments,
                               std::vector<store::Key>& keys, resp::ReplyBuilder& reply) {
  keys.clear();
  append_keys(command, arguments, keys);
  worker.in_script = true;
  call(worker, client, command, arguments, keys, reply, true);
  worker.in_script = false;
}

void Dispatcher::refuse_in_script(Worker& worker, const Command* command, std::string_view error,
                                  resp::ReplyBuilder& reply) {
  if (command != nullptr) ++worker.counters.commands[command->id].rejected;
  count_error(worker, error);
  reply.error(error);
}

void Dispatcher::call(Worker& worker, Client& client, const Command& command,
                      std::span<const std::string_view> arguments, std::span<const store::Key> keys,
                      resp::ReplyBuilder& reply, bool in_transaction) {
  // EXEC is shown behind what it ran.
  const uint32_t unseen =
      command.flags & schema::kScript ? schema::kAdmin : schema::kSkipMonitor | schema::kAdmin;
  const bool monitored =
      services_.monitors.load(std::memory_order_relaxed) != 0 && !(command.flags & unseen);
  const bool runs_queue = (command.flags & schema::kLocksQueue) != 0;
  if (monitored && !runs_queue) [[unlikely]]
    feed_monitors(worker, client, command, arguments);
  worker.keys.select(client.database);
  worker.keys.set_touching(!client.no_touch);
  CommandContext context{Arguments(arguments, command.parent != nullptr ? 2 : 1),
                         command,
                         reply,
                         client,
                         services_,
                         worker,
                         worker.keys,
                         keys,
                         in_transaction};
  metrics::CommandCounters& counters = worker.counters.commands[command.id];
  const size_t mark = reply.buffer().mark();
  const int64_t start_ns = worker.stamp_ns;
  const Client* const acting = std::exchange(worker.acting, &client);
  try {
    command.spec->handler(context);
  } catch (const CommandError& error) {
    reply.buffer().truncate(mark);
    reply.error(error.text);
    if (!error.counted) count_error(worker, error.text);
    ++counters.failed;
  }
  if (services_.tracking.in_use()) [[unlikely]]
    command_ended(worker);
  worker.acting = acting;
  // What a script has read its commands have remembered.
  constexpr uint32_t kReading = schema::kReadOnly | schema::kScript;
  if (client.read_tracking.on && (command.flags & kReading) == schema::kReadOnly) [[unlikely]]
    remember_reads(services_, worker, client, keys);
  if (!worker.unsent.to_self.empty() && !in_transaction) [[unlikely]]
    tell_itself(worker, client);
  if (monitored && runs_queue) [[unlikely]]
    feed_monitors(worker, client, command, arguments);
  client.last_command = &command;
  ++client.commands;
  ++worker.counters.commands_processed;

  worker.stamp_ns = services_.clock.now_ns();
  const int64_t duration_ns = std::max<int64_t>(worker.stamp_ns - start_ns, 0);
  ++counters.calls;
  counters.ns += static_cast<uint64_t>(duration_ns);
  if (services_.config.latency_tracking) {
    if (!counters.histogram) counters.histogram = std::make_unique<metrics::LatencyHistogram>();
    counters.histogram->add(static_cast<uint64_t>(duration_ns));
  }
  const int64_t slow_us = services_.config.slowlog_log_slower_than_us;
  if (slow_us >= 0 && duration_ns >= slow_us * 1000 && !(command.flags & schema::kSkipSlowlog))
      [[unlikely]] {
    services_.slow_log.record(worker.stamp_ns / 1'000'000, duration_ns / 1000, arguments,
                              client.address, client.name,
                              static_cast<size_t>(services_.config.slowlog_max_len));
  }
  const int64_t threshold_ms = services_.config.latency_monitor_threshold_ms;
  if (threshold_ms > 0 && duration_ns >= threshold_ms * 1'000'000) [[unlikely]] {
    services_.latency_monitor.add(command.flags & schema::kFast ? "fast-command" : "command",
                                  worker.stamp_ns / 1'000'000, duration_ns / 1'000'000);
  }
}

void Dispatcher::feed_monitors(const Worker& worker, const Client& client, const Command& command,
                               std::span<const std::string_view> arguments) {
  const int64_t now_us = services_.clock.now_us();
  std::string line =
      fmt::format("+{}.{:06} [{} {}]", now_us / 1'000'000, now_us % 1'000'000, client.database,
                  worker.in_script     ? "lua"
                  : client.unix_socket ? "unix:" + client.address
                                       : client.address);
  // Passwords are not shown: all that AUTH gets, and the two words behind HELLO's AUTH.
  size_t hidden_from = command.name == "auth" ? 1 : arguments.size();
  size_t hidden_to = arguments.size();
  if (command.name == "hello") {
    for (size_t i = 2; i < arguments.size(); ++i) {
      if (!equal_ignoring_case(arguments[i], "AUTH")) continue;
      hidden_from = i + 1;
      hidden_to = i + 3;
    }
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    line += ' ';
    line += i >= hidden_from && i < hidden_to ? "\"(redacted)\"" : quoted(arguments[i]);
  }
  line += "\r\n";
  const SharedBytes bytes = SharedBytes::copy_of(line);
  const uint64_t number = services_.monitor_lines.fetch_add(1) + 1;
  for (const auto& each : services_.workers) {
    each->mailbox.post({.kind = Letter::Kind::kMonitorLine, .number = number, .bytes = bytes});
  }
}

// The race with whoever may be serving it is decided under the locks of the waiter's keys.
bool Dispatcher::give_up_waiting(Worker& worker, ClientWaiter& waiter) {
  worker.keys.lock(waiter.all_keys(), services_.clock.now_ms());
  const bool served = std::exchange(waiter.served, true);
  if (!served) {
    unfile_waiter(worker.keys, waiter);
    services_.waiters.fetch_sub(1, std::memory_order_relaxed);
  }
  worker.keys.unlock();
  return !served;
}

bool Dispatcher::finish_blocked(Worker& worker, Client& client, bool with_error,
                                resp::ReplyBuilder& reply) {
  if (!client.blocked) return false;
  if (client.blocked->waiter && !give_up_waiting(worker, *client.blocked->waiter)) return false;
  const auto blocked = std::move(client.blocked);
  if (with_error) {
    if (client.last_command != nullptr) ++worker.counters.commands[client.last_command->id].failed;
    constexpr std::string_view kUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
    count_error(worker, kUnblocked);
    reply.error(kUnblocked);
  } else {
    blocked->time_out(reply);
  }
  return true;
}

void Dispatcher::forget(Worker& worker, Client& client) {
  if (client.blocked && client.blocked->waiter) give_up_waiting(worker, *client.blocked->waiter);
  std::vector<WatchedVersion> watched = std::exchange(client.transaction, {}).watched;
  if (watched.empty()) return;
  std::vector<store::Key> keys;
  for (const WatchedVersion& item : watched) keys.emplace_back(item.key);
  worker.keys.lock(keys, services_.clock.now_ms());
  for (size_t i = 0; i < keys.size(); ++i) worker.keys.unwatch(watched[i].database, keys[i]);
  worker.keys.unlock();
}

}  // namespace scrubjay::engine
