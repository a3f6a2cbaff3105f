// The gates: every thread that touches keys raises its own gate while it works, and whoever needs
// the whole world to itself takes all gates at once. Raising costs one store and one load; a plain
// mutex would let a busy owner starve the taker. Rank: before every stripe lock.
//
// An owner raises its flag, then looks at one shared `pending` word; a taker sets `pending`, then
// waits for every flag to fall (both sequentially consistent, so one of the two sees the other).
// Owners look at `pending` between commands. Takers stand in a queue; after one section every
// thread that waits gets a turn before the next section begins.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>

namespace scrubjay::engine {

class Gates {
 public:
  class Gate {
   public:
    // Odd while raised; grows with each turn, so an observer can tell that a turn has passed.
    uint64_t turn() const { return turn_.load(std::memory_order_seq_cst); }

   private:
    friend class Gates;
    alignas(64) std::atomic<uint64_t> turn_{0};
  };

  // A gate for a thread, for as long as the Gates live. Any thread; not inside a section.
  Gate& add();

  // Owner's side.
  void enter(Gate& gate) {
    raise(gate);
    if (pending_.load(std::memory_order_seq_cst) != 0) [[unlikely]]
      wait_turn(gate);
  }
  void leave(Gate& gate) {
    gate.turn_.store(gate.turn_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
    if (pending_.load(std::memory_order_seq_cst) != 0) [[unlikely]]
      gate.turn_.notify_all();
  }
  // Whether somebody waits for the world: leave and enter again between two commands.
  bool wanted() const { return pending_.load(std::memory_order_relaxed) != 0; }

  // Lowers the caller's own raised gate, waits for all others, and returns with the world held.
  void take_world(Gate& own);
  // Gives the world back and raises the caller's own gate again.
  void release_world(Gate& own);

  // For memory that lock-free readers may still look at: a snapshot of all turns, and whether every
  // thread that was inside a turn at the snapshot has left it since.
  using Snapshot = std::deque<uint64_t>;
  Snapshot snapshot();
  bool passed_since(const Snapshot& snapshot);

 private:
  void raise(Gate& gate) {
    gate.turn_.store(gate.turn_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
  }
  void wait_turn(Gate& gate);

  std::mutex list_mutex_;
  std::deque<Gate> gates_;
  alignas(64) std::atomic<uint32_t> pending_{0};
  alignas(64) std::atomic<uint32_t> waiting_{0};  // owners that wait for a section to end
  std::atomic<uint32_t> next_ticket_{0};
  std::atomic<uint32_t> serving_{0};
};

}  // namespace scrubjay::engine
