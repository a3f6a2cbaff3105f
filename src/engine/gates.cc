#include "engine/gates.h"

#include <thread>

#include "base/contention.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace scrubjay::engine {
namespace {

// Worth more than a sleep and a wake-up when the other side needs a few microseconds.
constexpr int kSpins = 200;
constexpr uint32_t kTaken = 1;
constexpr uint32_t kBusy = 2;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

// Sleeps until it is not `seen` any more, or may not be.
template <class T>
void sleep_while(const std::atomic<T>& word, T seen) {
  ContentionCounters::add(Contention::kSleep);
  word.wait(seen);
}

}  // namespace

Gates::Gate& Gates::add() {
  const std::lock_guard lock(list_mutex_);
  return gates_.emplace_back();
}

void Gates::wait_turn(Gate& gate) {
  ContentionCounters::add(Contention::kGateWait);
  if (busy() && visit(gate)) return;
  waiting_.fetch_add(1, std::memory_order_seq_cst);
  bool visits = false;
  do {
    leave(gate);
    for (int i = 0; i < kSpins && pending_.load(std::memory_order_relaxed) != 0; ++i) pause();
    for (uint32_t seen; (seen = pending_.load(std::memory_order_seq_cst)) != 0 && seen != kBusy;)
      sleep_while(pending_, seen);
    raise(gate);
    visits = busy() && visit(gate);
  } while (!visits && pending_.load(std::memory_order_seq_cst) != 0);
  waiting_.fetch_sub(1, std::memory_order_seq_cst);
  waiting_.notify_all();
}

bool Gates::visit(Gate& gate) {
  if (busy_.load(std::memory_order_acquire) != &gate) {
    visitors_waiting_.fetch_add(1, std::memory_order_seq_cst);
    visit_mutex_.lock();
    visitors_waiting_.fetch_sub(1, std::memory_order_seq_cst);
    visits_.fetch_add(1, std::memory_order_seq_cst);
    if (!busy()) {
      visit_mutex_.unlock();
      return false;
    }
  }
  gate.visiting_ = true;
  return true;
}

void Gates::end_visit(Gate& gate) {
  gate.visiting_ = false;
  if (busy_.load(std::memory_order_acquire) != &gate) visit_mutex_.unlock();
}

void Gates::become_busy(Gate& own) {
  visit_mutex_.lock();
  busy_.store(&own, std::memory_order_release);
  pending_.store(kBusy, std::memory_order_seq_cst);
  pending_.notify_all();
  queue_news_.fetch_add(1, std::memory_order_seq_cst);
  queue_news_.notify_all();
}

void Gates::let_visitors_in() {
  // Those who wait now, not those who come again and again.
  const uint32_t waiting = visitors_waiting_.load(std::memory_order_seq_cst);
  if (waiting == 0) return;
  const uint32_t before = visits_.load(std::memory_order_seq_cst);
  visit_mutex_.unlock();
  while (visits_.load(std::memory_order_seq_cst) - before < waiting) std::this_thread::yield();
  while (!visit_mutex_.try_lock()) std::this_thread::yield();
}

bool Gates::wait_in_queue(uint32_t ticket, bool may_fail) {
  for (;;) {
    const uint32_t news = queue_news_.load(std::memory_order_seq_cst);
    if (serving_.load(std::memory_order_seq_cst) == ticket) return true;
    if (may_fail && busy()) {
      const std::lock_guard lock(queue_mutex_);
      if (serving_.load(std::memory_order_seq_cst) == ticket) return true;
      given_up_.insert(ticket);
      return false;
    }
    sleep_while(queue_news_, news);
  }
}

bool Gates::take_world(Gate& own, bool may_fail) {
  leave(own);
  const uint32_t ticket = next_ticket_.fetch_add(1, std::memory_order_seq_cst);
  bool waits = serving_.load(std::memory_order_seq_cst) != ticket;
  if (!wait_in_queue(ticket, may_fail)) {
    enter(own);
    return false;
  }
  // Those whom the last section kept out go first.
  for (uint32_t others; (others = waiting_.load(std::memory_order_seq_cst)) != 0;) {
    waits = true;
    sleep_while(waiting_, others);
  }
  pending_.store(kTaken, std::memory_order_seq_cst);
  const std::lock_guard lock(list_mutex_);
  for (Gate& gate : gates_) {
    waits |= gate.turn() % 2 == 1;
    for (int i = 0; i < kSpins && gate.turn() % 2 == 1; ++i) pause();
    for (uint64_t turn; (turn = gate.turn()) % 2 == 1;) sleep_while(gate.turn_, turn);
  }
  ContentionCounters::add(Contention::kWorldTaken);
  if (waits) ContentionCounters::add(Contention::kWorldWait);
  return true;
}

void Gates::release_world(Gate& own) {
  const bool was_busy = busy_.load(std::memory_order_relaxed) == &own;
  if (was_busy) busy_.store(nullptr, std::memory_order_release);
  pending_.store(0, std::memory_order_seq_cst);
  pending_.notify_all();
  {
    const std::lock_guard lock(queue_mutex_);
    uint32_t next = serving_.load(std::memory_order_relaxed) + 1;
    while (given_up_.erase(next) != 0) ++next;
    serving_.store(next, std::memory_order_seq_cst);
  }
  queue_news_.fetch_add(1, std::memory_order_seq_cst);
  queue_news_.notify_all();
  if (was_busy) visit_mutex_.unlock();
  enter(own);
}

Gates::Snapshot Gates::snapshot() {
  const std::lock_guard lock(list_mutex_);
  Snapshot turns;
  for (const Gate& gate : gates_) turns.push_back(gate.turn());
  return turns;
}

bool Gates::passed_since(const Snapshot& snapshot) {
  const std::lock_guard lock(list_mutex_);
  for (size_t i = 0; i < snapshot.size(); ++i) {
    if (snapshot[i] % 2 == 1 && gates_[i].turn() == snapshot[i]) return false;
  }
  return true;
}

}  // namespace scrubjay::engine
