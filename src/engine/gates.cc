#include "engine/gates.h"

#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace scrubjay::engine {
namespace {

// Worth more than a sleep and a wake-up when the other side needs a few microseconds.
constexpr int kSpins = 200;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

Gates::Gate& Gates::add() {
  const std::lock_guard lock(list_mutex_);
  return gates_.emplace_back();
}

void Gates::wait_turn(Gate& gate) {
  waiting_.fetch_add(1, std::memory_order_seq_cst);
  do {
    leave(gate);
    for (int i = 0; i < kSpins && pending_.load(std::memory_order_relaxed) != 0; ++i) pause();
    for (uint32_t seen; (seen = pending_.load(std::memory_order_seq_cst)) != 0;)
      pending_.wait(seen);
    raise(gate);
  } while (pending_.load(std::memory_order_seq_cst) != 0);
  waiting_.fetch_sub(1, std::memory_order_seq_cst);
  waiting_.notify_all();
}

void Gates::take_world(Gate& own) {
  leave(own);
  const uint32_t ticket = next_ticket_.fetch_add(1, std::memory_order_seq_cst);
  for (uint32_t now; (now = serving_.load(std::memory_order_seq_cst)) != ticket;)
    serving_.wait(now);
  // Those whom the last section kept out go first.
  for (uint32_t others; (others = waiting_.load(std::memory_order_seq_cst)) != 0;)
    waiting_.wait(others);
  pending_.store(1, std::memory_order_seq_cst);
  const std::lock_guard lock(list_mutex_);
  for (Gate& gate : gates_) {
    for (int i = 0; i < kSpins && gate.turn() % 2 == 1; ++i) pause();
    for (uint64_t turn; (turn = gate.turn()) % 2 == 1;) gate.turn_.wait(turn);
  }
}

void Gates::release_world(Gate& own) {
  pending_.store(0, std::memory_order_seq_cst);
  pending_.notify_all();
  serving_.fetch_add(1, std::memory_order_seq_cst);
  serving_.notify_all();
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
