#include "net/session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "engine/client_memory.h"
#include "engine/waiting.h"
#include "net/address.h"
#include "net/io_thread.h"

namespace scrubjay::net {
namespace {

constexpr size_t kMaxBatch = 128;
// From this size on a bulk string is read straight to where it will be parsed.
constexpr size_t kReadAhead = 1 << 20;
// From this size on memory is made free before it is read.
constexpr size_t kMuchToRead = 64 << 10;

// Most likely, that is: a script may have declared its keys.
bool wants_world(const engine::PreparedRequest& request) {
  return request.command != nullptr &&
         (request.command->flags & (schema::kWorld | schema::kScript)) != 0;
}

// Whether one of the next requests needs the world, and those before it are over at once: then it
// is cheaper for all to keep it than to take it again.
bool wants_world_soon(std::span<const engine::PreparedRequest> next) {
  constexpr size_t kFar = 8;
  for (const engine::PreparedRequest& request : next.first(std::min(kFar, next.size()))) {
    if (wants_world(request)) return true;
    if (request.command == nullptr || (request.command->flags & schema::kFast) == 0) return false;
  }
  return false;
}

}  // namespace

Session::Session(IoThread& thread, int socket, uint64_t id)
    : thread_(thread), client_(id, thread.worker()) {
  client_.socket = socket;
  client_.address = peer_address(socket);
  client_.local_address = local_address(socket);
  client_.unix_socket = is_unix_socket(socket);
  client_.created_ms = thread.services().clock.now_ms();
  client_.last_active_ms = client_.created_ms;
  client_.peer = new pubsub::Peer(id, thread.worker().inbox, *this);
}

Session::~Session() {
  ::close(client_.socket);
}

void Session::start() {
  if (!thread_.reactor().add(client_.socket, *this)) close();
}

void Session::on_ready(bool readable, bool writable) {
  if (closed_) return;
  if (suspended_) {
    unread_ = true;
    return;
  }
  if (writable) {
    socket_full_ = false;
    if (!output_.empty()) flush_output();
  }
  if (readable && !closed_) on_readable();
}

void Session::count_received(size_t bytes) {
  thread_.worker().counters.received_bytes += bytes;
  ++thread_.worker().counters.reads;
  client_.received_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

// The socket is watched edge-triggered: a read that fills less than its room has emptied it, so
// that no further read is needed to learn that nothing is left.
void Session::on_readable() {
  if (!input_.empty() || waiting() || reading_ended_) return read_all();
  Round& round = thread_.round();
  if (round.full()) thread_.run_round();
  char* target = round.buffer.data() + round.used;
  const ssize_t received = ::recv(client_.socket, target, Round::kWindow, MSG_DONTWAIT);
  if (received < 0 && errno == EINTR) return read_all();
  if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (received <= 0) return close();
  const auto bytes = static_cast<size_t>(received);
  count_received(bytes);
  round.used += bytes;
  round.parts.push_back({this, parse({target, bytes}, 0, round.batch), bytes < Round::kWindow});
}

void Session::run_part(const Round& round, const Round::Part& part) {
  if (closed_) return;
  bool go_on = false;
  const size_t position =
      execute(round.batch, std::span(round.prepared).subspan(part.parsed.first, part.parsed.count),
              part.parsed, go_on);
  if (closed_) return;
  if (go_on)
    consume(part.parsed.input, position, false);
  else if (!reading_ended_)
    input_.append(part.parsed.input.substr(position));
  if (!closed_) check_query_buffer();
  if (!part.drained && !closed_) read_all();
}

void Session::read_all() {
  for (;;) {
    const bool held = !input_.empty();
    size_t room = thread_.read_buffer().size();
    char* target = thread_.read_buffer().data();
    if (held) {
      const size_t wanted = std::min<size_t>(parser_.missing_bytes(), kReadAhead);
      const size_t reading = std::max<size_t>(wanted, Round::kWindow);
      const size_t growth = input_.allocation_for(reading);
      if (growth > kMuchToRead) thread_.make_room(growth);
      target = input_.reserve(reading);
      if (growth > kMuchToRead) thread_.end_reservation();
      room = input_.room();
    }
    const ssize_t received = ::recv(client_.socket, target, room, MSG_DONTWAIT);
    if (received < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return close();
      break;
    }
    if (received == 0) return close();
    const auto bytes = static_cast<size_t>(received);
    count_received(bytes);
    if (reading_ended_) {
      if (bytes < room) break;
      continue;
    }
    if (held) input_.commit(bytes);
    if (waiting()) {
      if (!held) input_.append({target, bytes});
    } else {
      consume(held ? input_.view() : std::string_view(target, bytes), 0, held);
    }
    if (!closed_) check_query_buffer();
    if (closed_) return;
    if (bytes < room) break;
  }
}

void Session::check_query_buffer() {
  client_.query_buffer_bytes.store(input_.size(), std::memory_order_relaxed);
  client_.query_buffer_room.store(input_.room(), std::memory_order_relaxed);
  count_memory();
  if (input_.size() <= thread_.limits().query_buffer) return;
  log::warning("Closing client that reached max query buffer length: id={} addr={}", client_.id,
               client_.address);
  ++thread_.worker().counters.query_limit_disconnects;
  close();
}

void Session::count_memory() {
  engine::Services& services = thread_.services();
  const bool limited = thread_.limits_clients();
  if (!limited && counted_bytes_ == 0) [[likely]]
    return;
  const uint64_t bytes =
      limited && !closed_ && !client_.no_evict ? engine::client_bytes(client_) : 0;
  services.client_memory.fetch_add(bytes - counted_bytes_, std::memory_order_relaxed);
  counted_bytes_ = bytes;
}

void Session::consume(std::string_view input, size_t position, bool held) {
  engine::Services& services = thread_.services();
  engine::Worker& worker = thread_.worker();
  resp::RequestBatch& batch = thread_.batch();
  std::vector<engine::PreparedRequest>& prepared = thread_.prepared();
  bool go_on = true;
  while (go_on) {
    batch.clear();
    prepared.clear();
    // What others did before the requests were sent is told before they are answered.
    if (worker.inbox.has_some()) thread_.deliver_pushes();
    if (closed_) return;
    const ParsedRequests parsed = parse(input, position, batch);
    services.gates.enter(worker.gate);
    services.dispatcher->prepare(batch, 0, parsed.count, client_.database, prepared);
    services.dispatcher->prefetch_entries(prepared, client_.database);
    services.gates.leave(worker.gate);
    position = execute(batch, prepared, parsed, go_on);
    if (closed_) break;
  }
  batch.clear();
  if (closed_) return;
  if (held)
    input_.consume(reading_ended_ ? input_.size() : position);
  else if (position < input.size() && !reading_ended_)
    input_.append(input.substr(position));
}

ParsedRequests Session::parse(std::string_view input, size_t position, resp::RequestBatch& batch) {
  using Outcome = resp::RequestParser::Outcome;
  const resp::RequestParser::Limits limits{thread_.limits().max_bulk, client_.authenticated};
  const size_t max_requests = client_.authenticated ? kMaxBatch : 1;
  ParsedRequests parsed{input, batch.requests.size(), 0, position, Outcome::kNothing};
  while (parsed.count < max_requests && parsed.end < input.size()) {
    parsed.outcome = parser_.parse(input, parsed.end, limits, batch);
    if (parsed.outcome == Outcome::kNeedMore || parsed.outcome == Outcome::kError) break;
    parsed.count = batch.requests.size() - parsed.first;
  }
  return parsed;
}

size_t Session::execute(const resp::RequestBatch& batch,
                        std::span<const engine::PreparedRequest> prepared,
                        const ParsedRequests& parsed, bool& go_on) {
  using Outcome = resp::RequestParser::Outcome;
  engine::Worker& worker = thread_.worker();
  engine::Services& services = thread_.services();
  Outcome outcome = parsed.outcome;
  size_t consumed = parsed.end;
  go_on = outcome != Outcome::kNeedMore && outcome != Outcome::kError &&
          parsed.end < parsed.input.size();
  if (parsed.count > 0) {
    engine::Dispatcher& dispatcher = *services.dispatcher;
    resp::ReplyBuilder& reply = thread_.reply();
    reply.set_protocol(client_.protocol);
    if (thread_.outbox().is_due(worker.stamp_ns)) thread_.send_outbox();
    if (closed_) return consumed;
    if (thread_.limits_clients()) [[unlikely]] {
      // With what it has sent and before any of that is run.
      client_.query_buffer_bytes.store(parsed.input.size(), std::memory_order_relaxed);
      count_memory();
      thread_.evict_clients();
    }
    services.gates.enter(worker.gate);
    worker.stamp_ns = services.clock.now_ns();
    client_.last_active_ms.store(worker.stamp_ns / 1'000'000, std::memory_order_relaxed);
    thread_.set_executing(this);
    for (size_t i = 0; i < parsed.count; ++i) {
      if (client_.killed.load(std::memory_order_relaxed)) break;
      const auto& request = batch.requests[parsed.first + i];
      const std::span<const std::string_view> arguments(&batch.arguments[request.first_argument],
                                                        request.argument_count);
      worker.keeps_world =
          (worker.world || wants_world(prepared[i])) && wants_world_soon(prepared.subspan(i + 1));
      const auto result = dispatcher.execute(worker, client_, arguments, prepared[i], reply);
      reply.set_protocol(client_.protocol);
      // What the client says to itself follows its reply; what it says to others can wait.
      if (worker.outgoing.for_own() && (client_.subscriptions.any() || services.tracking.in_use()))
          [[unlikely]]
        thread_.deliver_pushes();
      if (result == engine::Dispatcher::Outcome::kDone && !client_.close_after_reply) {
        if (!worker.world && services.gates.wanted()) {
          services.gates.leave(worker.gate);
          services.gates.enter(worker.gate);
          worker.stamp_ns = services.clock.now_ns();
        }
        continue;
      }
      // The rest waits, or is never run.
      const bool postponed = result == engine::Dispatcher::Outcome::kPostponed;
      set_postponed(postponed);
      consumed = postponed ? request.begin : request.end;
      go_on = false;
      outcome = Outcome::kNothing;
      break;
    }
    if (worker.world) dispatcher.end_section(worker);
    if (worker.unsent.any_of_turn()) [[unlikely]]
      thread_.end_turn();
    thread_.set_executing(nullptr);
    services.gates.leave(worker.gate);
    if (unread_)
      worker.mailbox.post({.kind = engine::Letter::Kind::kLook, .client_id = client_.id});
    if (client_.blocked) {
      services.blocked_clients.fetch_add(1, std::memory_order_relaxed);
      thread_.wake_at(client_.blocked->deadline_ms, client_.id);
    }
    if (postponed_) thread_.wake_when_unpaused(client_.id);
  }
  if (client_.killed.load(std::memory_order_relaxed)) {
    close();
    return consumed;
  }
  if (outcome == Outcome::kError) protocol_error();
  if (client_.close_after_reply) reading_ended_ = true;
  send_replies();
  return consumed;
}

void Session::protocol_error() {
  thread_.reply().error("ERR Protocol error: " + parser_.error());
  ++thread_.worker().counters.error_replies;
  client_.close_after_reply = true;
}

bool Session::hold_replies() {
  if (!thread_.in_round() || !output_.empty() || client_.close_after_reply) return false;
  resp::ReplyBuffer& replies = thread_.reply().buffer();
  if (replies.total_bytes() > Outbox::kMaxReply || !replies.splices().empty()) return false;
  if (!replies.empty()) {
    thread_.outbox().put(*this, replies.own_bytes(), "", thread_.worker().stamp_ns);
    replies.clear();
  }
  return true;
}

void Session::send_held(std::string_view replies) {
  if (closed_) return;
  uint64_t sent = 0;
  const auto state = output_.send(client_.socket, replies, sent);
  after_send(state, sent);
}

void Session::send_replies() {
  const uint64_t limit = output_limit().hard;
  if (limit != 0 && client_.authenticated &&
      output_.bytes() + thread_.reply().buffer().total_bytes() > limit) [[unlikely]] {
    return close_over_limit();
  }
  if (hold_replies()) return;
  thread_.send_outbox();
  if (closed_) return;
  resp::ReplyBuffer& replies = thread_.reply().buffer();
  // Messages wait to be sent, and a reply to send them with is not there.
  if (replies.empty() && !output_.empty()) return;
  auto state = OutputQueue::Sent::kAll;
  uint64_t sent = 0;
  if (!replies.empty()) {
    state = output_.send(client_.socket, replies, sent);
    replies.clear();
  }
  after_send(state, sent);
}

void Session::after_send(OutputQueue::Sent state, uint64_t sent) {
  if (sent > 0) ++thread_.worker().counters.writes;
  thread_.worker().counters.sent_bytes += sent;
  client_.sent_bytes.fetch_add(sent, std::memory_order_relaxed);
  if (state == OutputQueue::Sent::kFailed) return close();
  client_.output_bytes.store(output_.bytes(), std::memory_order_relaxed);
  count_memory();
  socket_full_ = !output_.empty();
  if (socket_full_) {
    check_limits(thread_.services().clock.now_ms());
  } else if (client_.close_after_reply) {
    close();
  }
}

void Session::flush_output() {
  uint64_t sent = 0;
  const auto state = output_.flush(client_.socket, sent);
  after_send(state, sent);
}

void Session::push(pubsub::PushKind kind, const SharedBytes& bytes, uint64_t number) {
  using Kind = pubsub::PushKind;
  const bool resp3 = client_.protocol > 2;
  switch (kind) {
    case Kind::kMessage:
      return take_message(bytes);
    case Kind::kServed:
      return push_served(number, bytes);
    case Kind::kRedirectBroken:
      if (resp3) take(">2\r\n", bytes, 0);
      return;
    case Kind::kInvalidation:
    case Kind::kRedirected:
      break;
  }
  if (resp3) {
    take(bytes ? ">2\r\n$10\r\ninvalidate\r\n" : ">2\r\n$10\r\ninvalidate\r\n_\r\n", bytes, 0);
  } else if (kind == Kind::kRedirected && client_.subscriptions.any()) {
    take(bytes ? "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n"
               : "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n$-1\r\n",
         bytes, 0);
  }
  // Else RESP2 has no place for it between replies.
}

void Session::push(MessageBatch& messages) {
  take_message(messages.count() == 1 ? messages.single() : messages.bytes(client_.protocol));
}

void Session::push_served(uint64_t ticket, const SharedBytes& reply) {
  if (closed_ || !client_.blocked || !client_.blocked->waiter ||
      client_.blocked->waiter->ticket != ticket)
    return;
  engine::Services& services = thread_.services();
  const bool gate_raised = thread_.executing() != nullptr;
  if (!gate_raised) services.gates.enter(thread_.worker().gate);  // others may look at who waits
  client_.blocked.reset();
  if (!gate_raised) services.gates.leave(thread_.worker().gate);
  services.blocked_clients.fetch_sub(1, std::memory_order_relaxed);
  take("", reply, 0);
}

void Session::take_message(const SharedBytes& bytes) {
  const std::string_view first = client_.protocol > 2 ? ">" : "*";
  if (bytes.view().starts_with(first))
    take("", bytes, 0);
  else
    take(first, bytes, 1);
}

void Session::take(std::string_view head, const SharedBytes& bytes, size_t from) {
  constexpr size_t kShort = 1024;
  if (closed_ || over_limit_) return;
  const std::string_view rest = bytes ? bytes.view().substr(from) : "";
  if (thread_.executing() == this) {
    resp::ReplyBuffer& replies = thread_.reply().buffer();
    replies.append(head);
    replies.append(rest);
    return;
  }
  if (outbox_slot_ != Outbox::kNoSlot) {
    if (rest.size() <= kShort)
      return thread_.outbox().put(*this, head, rest, thread_.worker().stamp_ns);
    output_.append(thread_.outbox().take(*this));
  }
  output_.push(head, bytes, from);
  thread_.flush_later(*this, head.size() + rest.size());
  const uint64_t limit = output_limit().hard;
  over_limit_ = limit != 0 && output_.bytes() > limit;
}

void Session::flush_pushed() {
  if (closed_) return;
  if (over_limit_) return close_over_limit();
  if (!socket_full_) return flush_output();
  client_.output_bytes.store(output_.bytes(), std::memory_order_relaxed);
}

void Session::send_now(const SharedBytes& bytes) {
  if (closed_) return;
  resp::ReplyBuffer& replies = thread_.reply().buffer();
  replies.append(bytes.view());
  send_replies();
}

void Session::finish_wait(bool with_error) {
  engine::Services& services = thread_.services();
  engine::Worker& worker = thread_.worker();
  resp::ReplyBuilder& reply = thread_.reply();
  reply.set_protocol(client_.protocol);
  services.gates.enter(worker.gate);
  const bool finished = services.dispatcher->finish_blocked(worker, client_, with_error, reply);
  services.gates.leave(worker.gate);
  if (!finished) return;
  services.blocked_clients.fetch_sub(1, std::memory_order_relaxed);
  send_replies();
}

// With the requests that came while the client waited.
void Session::go_on() {
  if (!closed_ && !client_.blocked && !input_.empty()) consume(input_.view(), 0, true);
}

void Session::look(int64_t now_ms) {
  if (closed_ || suspended_) return;
  if (client_.killed.load(std::memory_order_relaxed)) return close();
  if (std::exchange(unread_, false)) {
    if (!output_.empty()) flush_output();
    if (!closed_) read_all();
    if (closed_) return;
  }
  const bool was_waiting = waiting();
  if (client_.blocked) {
    const int how = client_.unblock.exchange(0, std::memory_order_relaxed);
    const int64_t deadline = client_.blocked->deadline_ms;
    if (how != 0 || (deadline != 0 && now_ms >= deadline))
      finish_wait(how == 2);
    else
      thread_.wake_at(deadline, client_.id);
  }
  set_postponed(false);  // a command that must still wait is postponed again
  if (was_waiting) go_on();
}

void Session::set_postponed(bool postponed) {
  if (postponed == postponed_) return;
  postponed_ = postponed;
  if (postponed)
    thread_.services().blocked_clients.fetch_add(1, std::memory_order_relaxed);
  else
    thread_.services().blocked_clients.fetch_sub(1, std::memory_order_relaxed);
}

void Session::check_limits(int64_t now_ms) {
  if (suspended_) return;
  const IoThread::Limits& limits = thread_.limits();
  const bool idle_counts = !client_.blocked && !client_.monitor && !client_.subscriptions.any();
  if (limits.timeout_ms > 0 && idle_counts &&
      now_ms - client_.last_active_ms.load(std::memory_order_relaxed) > limits.timeout_ms) {
    return close();
  }
  const uint64_t waiting = output_.bytes();
  const auto& limit = output_limit();
  bool over = limit.hard != 0 && waiting > limit.hard;
  if (limit.soft != 0 && waiting > limit.soft) {
    if (over_soft_limit_since_ms_ == 0) over_soft_limit_since_ms_ = now_ms;
    over |= now_ms - over_soft_limit_since_ms_ >= limit.soft_seconds * 1000;
  } else {
    over_soft_limit_since_ms_ = 0;
  }
  if (over) close_over_limit();
}

const config::OutputBufferLimit& Session::output_limit() const {
  static constexpr config::OutputBufferLimit kUnknown{.hard = 1024};  // beyond the socket's buffer
  if (!client_.authenticated) return kUnknown;
  const IoThread::Limits& limits = thread_.known_limits();
  return client_.subscriptions.any() ? limits.pubsub_output : limits.output;
}

void Session::close_over_limit() {
  log::warning("Client id={} addr={} closed for overcoming of output buffer limits.", client_.id,
               client_.address);
  ++thread_.worker().counters.output_limit_disconnects;
  close();
}

void Session::close() {
  if (closed_) return;
  thread_.send_outbox();
  if (closed_) return;
  closed_ = true;
  set_postponed(false);
  count_memory();
  thread_.reply().buffer().clear();
  thread_.reactor().remove(client_.socket);
  // Who sees the connection end must find its client gone: nothing may be handed to it any more.
  thread_.drop(*this);
  ::shutdown(client_.socket, SHUT_RDWR);
}

}  // namespace scrubjay::net
