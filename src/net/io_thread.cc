#include "net/io_thread.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/memory.h"
#include "engine/client_memory.h"
#include "engine/memory_limit.h"
#include "engine/subscribing.h"
#include "net/address.h"
#include "net/session.h"

namespace scrubjay::net {
namespace {

constexpr int64_t kTickMs = 100;
constexpr int64_t kStopGraceMs = 3000;  // for clients that are slow to take their last replies
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
      reply_(reply_buffer_) {
  worker_.deliver_pushes = [this] { deliver_pushes(); };
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
  wait_mail();
  maintain();
  reactor_.start([this] {
    run_round();
    settle();
  });
  context_.run();
}

void IoThread::run_round() {
  if (round_.parts.empty()) return;
  engine::Dispatcher& dispatcher = *services_.dispatcher;
  services_.gates.enter(worker_.gate);
  for (const Round::Part& part : round_.parts) {
    dispatcher.prepare(round_.batch, part.parsed.first, part.parsed.count,
                       part.session->client().database, round_.prepared);
  }
  for (const Round::Part& part : round_.parts) {
    dispatcher.prefetch_entries(
        std::span(round_.prepared).subspan(part.parsed.first, part.parsed.count),
        part.session->client().database);
  }
  // One request alone has nothing to wait for meanwhile.
  if (round_.prepared.size() > 1) {
    for (const bool inside : {false, true}) {
      for (const Round::Part& part : round_.parts) {
        dispatcher.prefetch_values(
            std::span(round_.prepared).subspan(part.parsed.first, part.parsed.count),
            part.session->client().database, inside);
      }
    }
  }
  services_.gates.leave(worker_.gate);
  // What others did before these requests were sent is told before they are answered.
  if (worker_.inbox.has_some()) deliver_pushes();
  in_round_ = true;
  for (const Round::Part& part : round_.parts) part.session->run_part(round_, part);
  in_round_ = false;
  send_outbox();
  round_.clear();
}

void IoThread::deliver_pushes() {
  worker_.outgoing.own_collected();
  for (const pubsub::Push& push : worker_.inbox.collect()) {
    for (const pubsub::PeerPtr& peer : push.receivers->peers) {
      if (peer->alive.load(std::memory_order_relaxed)) peer->sink.push(push.bytes);
    }
    if (executing_ == nullptr && outbox_.is_due(worker_.stamp_ns)) send_outbox();
  }
}

void IoThread::make_room(size_t bytes) {
  services_.gates.enter(worker_.gate);
  if (services_.config.maxmemory != 0) engine::make_room(services_, worker_, good_size(bytes));
  services_.gates.leave(worker_.gate);
}

void IoThread::end_reservation() {
  engine::end_reservation(services_, worker_);
}

void IoThread::settle() {
  const uint64_t client_limit = services_.client_memory_limit.load(std::memory_order_relaxed);
  if (client_limit != 0 && services_.client_memory.load(std::memory_order_relaxed) > client_limit)
      [[unlikely]] {
    services_.gates.enter(worker_.gate);
    engine::evict_clients(services_, worker_);
    services_.gates.leave(worker_.gate);
  }
  while (worker_.inbox.has_some()) deliver_pushes();
  send_outbox();
  worker_.outgoing.ring();
  if (!worker_.inbox.has_some()) dropped_.clear();
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
        if (found != sessions_.end()) found->second->served(letter.number, letter.bytes);
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
  settle();
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
  engine::unsubscribe_all(services_.hub, client);
  client.peer->alive.store(false, std::memory_order_relaxed);
  if (client.monitor) services_.monitors.fetch_sub(1, std::memory_order_relaxed);
  if (client.blocked) services_.blocked_clients.fetch_sub(1, std::memory_order_relaxed);
  services_.gates.leave(worker_.gate);
  worker_.client_count.fetch_sub(1, std::memory_order_relaxed);
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
    settle();
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
  if (now_ms >= next_tick_ms_) {
    tick(now_ms);
    next_tick_ms_ = now_ms + kTickMs;
  }
  int64_t next = maintenance_.next_due();
  if (next <= now_ms) next = maintenance_.run_slice();
  if (!wakes_.empty()) next = std::min(next, wakes_.begin()->first);
  arm(std::min(next, next_tick_ms_));
}

void IoThread::tick(int64_t now_ms) {
  for (Session* session : all_sessions()) {
    if (limits().timeout_ms > 0 || !session->flushed()) session->check_limits(now_ms);
    if (!session->closed()) session->count_memory();
  }
  dropped_.clear();
  if (services_.on_tick && worker_.index == 0) services_.on_tick(now_ms);
  if (stop_at_ms_ == 0) return;
  const bool all_flushed = std::all_of(sessions_.begin(), sessions_.end(),
                                       [](const auto& item) { return item.second->flushed(); });
  if (all_flushed || now_ms >= stop_at_ms_) context_.stop();
}

void IoThread::stop() {
  if (on_stop_) on_stop_();
  stop_at_ms_ = services_.clock.now_ms() + kStopGraceMs;
  tick(services_.clock.now_ms());
}

}  // namespace scrubjay::net
