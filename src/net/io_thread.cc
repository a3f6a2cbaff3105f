#include "net/io_thread.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/memory.h"
#include "base/scheduling.h"
#include "engine/client_memory.h"
#include "engine/client_tracking.h"
#include "engine/memory_limit.h"
#include "engine/subscribing.h"
#include "net/address.h"
#include "net/session.h"

namespace scrubjay::net {
namespace {

constexpr int64_t kTickMs = 100;
constexpr int64_t kQuietTickMs = 1000;
constexpr int64_t kStopGraceMs = 3000;     // for clients that are slow to take their last replies
constexpr int64_t kMaxHoldNs = 1'000'000;  // messages wait no longer for others
constexpr size_t kMaxHeldPushes = 4u << 20;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

}  // namespace

IoThread::IoThread(engine::Services& services, engine::Worker& worker)
    : services_(services),
      worker_(worker),
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
      reactor_(context_),
      mail_(context_, ::dup(worker.bell.descriptor())),
      timer_(context_),
      maintenance_(services, worker),
      bench_(std::make_unique<Bench>()) {
  worker_.deliver_pushes = [this] { deliver_pushes(); };
  worker_.serve_visitors = [this] { serve_visitors(); };
  refresh_limits();
}

IoThread::~IoThread() = default;

void IoThread::refresh_limits() {
  services_.gates.enter(worker_.gate);
  const config::Config& config = services_.config;
  limits_version_ = services_.config_version.load(std::memory_order_relaxed);
  limits_ = {config.proto_max_bulk_len, config.client_query_buffer_limit, config.timeout_s * 1000,
             config.client_output_buffer_limit.normal, config.client_output_buffer_limit.pubsub};
  services_.gates.leave(worker_.gate);
}

void IoThread::run() {
  register_allocating_thread();
  name_thread(fmt::format("io-{}", worker_.index).c_str());
  wait_mail();
  maintain();
  reactor_.start([this](bool more) {
    run_round();
    settle(more);
  });
  context_.run();
}

void IoThread::run_round() {
  Round& round = bench_->round;
  if (round.parts.empty()) return;
  engine::Dispatcher& dispatcher = *services_.dispatcher;
  services_.gates.enter(worker_.gate);
  for (const Round::Part& part : round.parts) {
    dispatcher.prepare(round.batch, part.parsed.first, part.parsed.count,
                       part.session->client().database, round.prepared);
  }
  services_.gates.leave(worker_.gate);
  // What others did before these requests were sent is told before they are answered.
  if (worker_.inbox.has_some()) deliver_pushes();
  run_parts(*bench_);
  send_outbox();
  round.clear();
}

// Prefetches what the requests behind the first `done` will read, a group of them ahead.
void IoThread::fetch_ahead(Round& round, size_t done) {
  constexpr size_t kGroup = 64;
  if (round.fetched_parts == round.parts.size() || round.fetched_requests >= done + kGroup / 2)
    return;
  engine::Dispatcher& dispatcher = *services_.dispatcher;
  const size_t first = round.fetched_parts;
  size_t& last = round.fetched_parts;
  const auto each_part = [&](auto&& f) {
    for (size_t i = first; i < last; ++i) {
      const Round::Part& part = round.parts[i];
      f(std::span(round.prepared).subspan(part.parsed.first, part.parsed.count),
        part.session->client().database);
    }
  };
  while (last < round.parts.size() && round.fetched_requests < done + kGroup)
    round.fetched_requests += round.parts[last++].parsed.count;
  services_.gates.enter(worker_.gate);
  each_part([&](std::span<engine::PreparedRequest> requests, int database) {
    dispatcher.prefetch_entries(requests, database);
  });
  // One request alone has nothing to wait for meanwhile.
  if (round.prepared.size() > 1) {
    for (const bool inside : {false, true}) {
      each_part([&](std::span<engine::PreparedRequest> requests, int database) {
        dispatcher.prefetch_values(requests, database, inside);
      });
    }
  }
  services_.gates.leave(worker_.gate);
}

// Those that are left of the round: a busy script among them lets the others be run meanwhile.
void IoThread::run_parts(Bench& bench) {
  bench_->in_round = true;
  while (bench.next_part < bench.round.parts.size()) {
    const Round::Part& part = bench.round.parts[bench.next_part++];
    fetch_ahead(bench.round, part.parsed.first);
    part.session->run_part(bench.round, part);
  }
  bench_->in_round = false;
  if (&bench == bench_.get()) bench.next_part = 0;
}

// Inside of a script of this thread, whose session must not be touched.
void IoThread::serve_visitors() {
  if (serving_visitors_) return;
  serving_visitors_ = true;
  Session* const suspended = bench_->executing;
  if (suspended != nullptr) suspended->set_suspended(true);
  if (!second_bench_) second_bench_ = std::make_unique<Bench>();
  std::swap(bench_, second_bench_);
  const int64_t stamp_ns = worker_.stamp_ns;
  run_parts(*second_bench_);
  send_outbox();
  reactor_.run_round();
  run_round();
  settle(false);
  context_.poll();
  worker_.stamp_ns = stamp_ns;
  std::swap(bench_, second_bench_);
  if (suspended != nullptr) suspended->set_suspended(false);
  serving_visitors_ = false;
}

void IoThread::deliver_pushes() {
  worker_.outgoing.own_collected();
  const std::vector<pubsub::Push> pushes = worker_.inbox.collect();
  for (size_t i = 0; i < pushes.size();) {
    const pubsub::Push& push = pushes[i];
    if (push.kind == pubsub::PushKind::kMessage && !push.only) {
      i = deliver_messages(pushes, i);
    } else {
      const auto hand_over = [&](pubsub::Peer& peer) {
        if (peer.alive.load(std::memory_order_relaxed))
          peer.sink.push(push.kind, push.bytes, push.number);
      };
      if (push.only)
        hand_over(*push.only);
      else
        for (const pubsub::PeerPtr& peer : push.receivers->peers) hand_over(*peer);
      ++i;
    }
    if (executing() == nullptr && pushes_are_due()) flush_pushed();
  }
  message_batch_.clear();
}

// Messages in a row for the same clients are put together once for all of them. Returns the place
// of the next push.
size_t IoThread::deliver_messages(const std::vector<pubsub::Push>& pushes, size_t i) {
  const pubsub::ReceiversPtr& receivers = pushes[i].receivers;
  message_batch_.clear();
  do {
    message_batch_.add(pushes[i++].bytes);
  } while (i < pushes.size() && pushes[i].kind == pubsub::PushKind::kMessage &&
           pushes[i].receivers == receivers && message_batch_.has_room_for(pushes[i].bytes));
  for (const pubsub::PeerPtr& peer : receivers->peers) {
    // Whose inbox this is, its sinks are this thread's sessions.
    if (peer->alive.load(std::memory_order_relaxed))
      static_cast<Session&>(peer->sink).push(message_batch_);
  }
  return i;
}

void IoThread::flush_later(Session& session, size_t bytes) {
  pushed_bytes_ += bytes;
  if (session.pushed_slot() != Outbox::kNoSlot) return;
  if (pushed_.empty()) pushed_since_ns_ = services_.clock.now_ns();
  session.pushed_slot() = pushed_.size();
  pushed_.push_back(&session);
}

// Sending takes most of the time that a message to many costs, so it is worth gathering messages
// for as long as they took to send last time.
bool IoThread::pushes_are_due() const {
  if (pushed_.empty()) return false;
  if (pushed_bytes_ > kMaxHeldPushes) return true;
  const int64_t hold_ns = std::min(flush_took_ns_, kMaxHoldNs);
  return services_.clock.now_ns() - pushed_since_ns_ >= hold_ns;
}

void IoThread::flush_pushed() {
  if (pushed_.empty()) return;
  const int64_t start_ns = services_.clock.now_ns();
  for (size_t i = 0; i < pushed_.size(); ++i) {
    Session* const session = pushed_[i];
    if (session == nullptr) continue;
    session->pushed_slot() = Outbox::kNoSlot;
    session->flush_pushed();
  }
  pushed_.clear();
  pushed_bytes_ = 0;
  flush_took_ns_ = services_.clock.now_ns() - start_ns;
}

void IoThread::end_turn() {
  engine::end_turn(services_, worker_);
  if (worker_.outgoing.for_own()) deliver_pushes();
}

void IoThread::make_room(size_t bytes) {
  services_.gates.enter(worker_.gate);
  if (services_.config.maxmemory != 0) engine::make_room(services_, worker_, good_size(bytes));
  services_.gates.leave(worker_.gate);
}

void IoThread::end_reservation() {
  engine::end_reservation(services_, worker_);
}

void IoThread::settle(bool more) {
  if (ticks_slowly_ && worker_.counters.received_bytes != received_at_tick_) [[unlikely]]
    tick_soon();
  if (limits_clients()) [[unlikely]]
    evict_clients();
  while (worker_.inbox.has_some()) deliver_pushes();
  send_outbox();
  if (!more || pushes_are_due()) flush_pushed();
  worker_.outgoing.ring();
  if (const pubsub::Inbox* crowded = worker_.outgoing.take_crowded()) [[unlikely]]
    give_way(*crowded);
  if (!worker_.inbox.has_some() && !serving_visitors_) dropped_.clear();
}

bool IoThread::limits_clients() const {
  return services_.client_memory_limit.load(std::memory_order_relaxed) != 0;
}

void IoThread::evict_clients() {
  if (services_.client_memory.load(std::memory_order_relaxed) <=
      services_.client_memory_limit.load(std::memory_order_relaxed))
    return;
  services_.gates.enter(worker_.gate);
  engine::evict_clients(services_, worker_);
  services_.gates.leave(worker_.gate);
}

void IoThread::give_way(const pubsub::Inbox& inbox) {
  constexpr int kTurns = 500;
  constexpr auto kTurn = std::chrono::microseconds(200);
  for (int turn = 0; turn < kTurns && inbox.crowded(); ++turn) {
    // Who waits goes on collecting, so that two threads never wait for one another.
    while (worker_.inbox.has_some()) deliver_pushes();
    flush_pushed();
    std::this_thread::sleep_for(kTurn);
  }
}

void IoThread::wait_mail() {
  mail_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [this](const boost::system::error_code& error) {
                     if (error) return;
                     read_mail();
                     wait_mail();
                   });
}

void IoThread::read_mail() {
  using Kind = engine::Letter::Kind;
  worker_.bell.answer();
  if (ticks_slowly_) tick_soon();
  for (engine::Letter& letter : worker_.mailbox.collect()) {
    switch (letter.kind) {
      case Kind::kAdopt:
        adopt(letter.socket);
        break;
      case Kind::kLookAtAll:
        look_at_all();
        break;
      case Kind::kLookAtTimers:
        break;  // maintain() below does
      case Kind::kStop:
        stop();
        break;
      case Kind::kLook: {
        const auto found = sessions_.find(letter.client_id);
        if (found != sessions_.end()) found->second->look(services_.clock.now_ms());
        break;
      }
      case Kind::kServed: {
        const auto found = sessions_.find(letter.client_id);
        while (worker_.inbox.has_some()) deliver_pushes();  // its reply is there
        if (found != sessions_.end()) found->second->go_on();
        break;
      }
      case Kind::kMonitorLine:
        for (Session* session : all_sessions()) {
          const engine::Client& client = session->client();
          if (client.monitor && letter.number > client.monitor_from)
            session->send_now(letter.bytes);
        }
        break;
    }
  }
  maintain();
  settle(false);
}

void IoThread::look_at_all() {
  const int64_t now_ms = services_.clock.now_ms();
  for (Session* session : all_sessions()) session->look(now_ms);
}

std::vector<Session*> IoThread::all_sessions() const {
  std::vector<Session*> all;
  for (const auto& [id, session] : sessions_) all.push_back(session.get());
  return all;
}

void IoThread::adopt(int socket) {
  auto session = std::make_unique<Session>(*this, socket, services_.clients.next_id());
  engine::Client& client = session->client();
  services_.gates.enter(worker_.gate);
  set_connection_options(socket, services_.config.tcp_keepalive_s);
  client.authenticated = services_.config.requirepass.empty();
  services_.clients.add(client);
  ++worker_.counters.connections;
  services_.gates.leave(worker_.gate);
  sessions_.emplace(client.id, std::move(session)).first->second->start();
}

void IoThread::drop(Session& session) {
  engine::Client& client = session.client();
  services_.gates.enter(worker_.gate);
  services_.clients.remove(client);
  services_.dispatcher->forget(worker_, client);
  // Of a client that was killed the hub knows nothing any more.
  if (client.peer->alive.load(std::memory_order_relaxed))
    engine::unsubscribe_all(services_.hub, client);
  engine::drop_tracking(services_, worker_, client);
  client.peer->alive.store(false, std::memory_order_relaxed);
  if (client.monitor) services_.monitors.fetch_sub(1, std::memory_order_relaxed);
  if (client.blocked) services_.blocked_clients.fetch_sub(1, std::memory_order_relaxed);
  services_.gates.leave(worker_.gate);
  worker_.client_count.fetch_sub(1, std::memory_order_relaxed);
  if (session.pushed_slot() != Outbox::kNoSlot) pushed_[session.pushed_slot()] = nullptr;
  const auto found = sessions_.find(client.id);
  dropped_.push_back(std::move(found->second));
  sessions_.erase(found);
}

void IoThread::wake_at(int64_t when_ms, uint64_t client_id) {
  if (when_ms == 0) return;
  wakes_.emplace(when_ms, client_id);
  arm(when_ms);
}

void IoThread::wake_when_unpaused(uint64_t client_id) {
  services_.gates.enter(worker_.gate);
  const int64_t until_ms = services_.pause.until_ms;
  services_.gates.leave(worker_.gate);
  wake_at(std::max<int64_t>(until_ms, 1), client_id);
}

void IoThread::arm(int64_t when_ms) {
  if (when_ms >= armed_for_ms_) return;
  armed_for_ms_ = when_ms;
  worker_.armed_until.store(when_ms, std::memory_order_relaxed);
  const int64_t now_ms = services_.clock.now_ms();
  timer_.expires_after(std::chrono::milliseconds(std::max<int64_t>(when_ms - now_ms, 0)));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    armed_for_ms_ = kNever;
    worker_.armed_until.store(kNever, std::memory_order_relaxed);
    maintain();
    settle(false);
  });
}

void IoThread::maintain() {
  int64_t now_ms = services_.clock.now_ms();
  while (!wakes_.empty() && wakes_.begin()->first <= now_ms) {
    const uint64_t id = wakes_.begin()->second;
    wakes_.erase(wakes_.begin());
    const auto found = sessions_.find(id);
    if (found != sessions_.end()) found->second->look(now_ms);
  }
  const bool ticks = now_ms >= next_tick_ms_;
  if (ticks) {
    tick(now_ms);
    ticks_slowly_ = was_quiet();
    next_tick_ms_ = now_ms + (ticks_slowly_ ? kQuietTickMs : kTickMs);
  }
  int64_t next = maintenance_.next_due();
  if (ticks || next <= now_ms) next = maintenance_.run_slice();
  if (!wakes_.empty()) next = std::min(next, wakes_.begin()->first);
  arm(std::min(next, next_tick_ms_));
}

bool IoThread::was_quiet() {
  const uint64_t received = std::exchange(received_at_tick_, worker_.counters.received_bytes);
  const uint64_t allocated = std::exchange(allocated_at_tick_, used_bytes());
  if (received != received_at_tick_ || allocated != allocated_at_tick_) return false;
  if (stop_at_ms_ != 0 || limits().timeout_ms > 0) return false;
  return std::all_of(sessions_.begin(), sessions_.end(),
                     [](const auto& item) { return item.second->flushed(); });
}

void IoThread::tick_soon() {
  ticks_slowly_ = false;
  next_tick_ms_ = std::min(next_tick_ms_, services_.clock.now_ms() + kTickMs);
  arm(next_tick_ms_);
}

void IoThread::tick(int64_t now_ms) {
  for (Session* session : all_sessions()) {
    if (limits().timeout_ms > 0 || !session->flushed()) session->check_limits(now_ms);
    if (!session->closed()) session->count_memory();
  }
  if (!serving_visitors_) dropped_.clear();
  if (services_.on_tick && worker_.index == 0) services_.on_tick(now_ms);
  if (services_.tracking.in_use() && worker_.index == 0) {
    // Fewer keys may be remembered since a CONFIG SET.
    services_.gates.enter(worker_.gate);
    engine::end_turn(services_, worker_);
    services_.gates.leave(worker_.gate);
  }
  if (stop_at_ms_ == 0) return;
  const bool all_flushed = std::all_of(sessions_.begin(), sessions_.end(),
                                       [](const auto& item) { return item.second->flushed(); });
  if (all_flushed || now_ms >= stop_at_ms_) context_.stop();
}

void IoThread::stop() {
  if (on_stop_) on_stop_();
  stop_at_ms_ = services_.clock.now_ms() + kStopGraceMs;
  tick(services_.clock.now_ms());
  tick_soon();
}

}  // namespace scrubjay::net
