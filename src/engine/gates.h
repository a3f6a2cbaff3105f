// The gates: every thread that touches keys raises its own gate while it works, and whoever needs
// the whole world to itself takes all gates at once. Raising costs one store and one load; a plain
// mutex would let a busy owner starve the taker. Rank: before every stripe lock.
//
// An owner raises its flag, then looks at one shared `pending` word; a taker sets `pending`, then
// waits for every flag to fall (both sequentially consistent, so one of the two sees the other).
// Owners look at `pending` between commands. Takers stand in a queue; after one section every
// thread that waits gets a turn before the next section begins.
//
// A section that lasts too long (a script) can be declared busy. Who waits at a gate then comes in
// as a visitor: one at a time, while the holder of the world stands still in let_visitors_in(). A
// visitor has the world to itself, and must leave it as the holder wants to find it.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>

namespace scrubjay::engine {

class Gates {
 public:
  class Gate {
   public:
    // Odd while raised; grows with each turn, so an observer can tell that a turn has passed.
    uint64_t turn() const { return turn_.load(std::memory_order_seq_cst); }
    // Its owner's: whether it came in as a visitor of a busy section.
    bool visiting() const { return visiting_; }

   private:
    friend class Gates;
    alignas(64) std::atomic<uint64_t> turn_{0};
    bool visiting_ = false;
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
    lower(gate);
    if (pending_.load(std::memory_order_seq_cst) != 0) [[unlikely]] {
      gate.turn_.notify_all();
      if (gate.visiting_) end_visit(gate);
    }
  }
  // Whether somebody waits for the world: leave and enter again between two commands.
  bool wanted() const { return pending_.load(std::memory_order_relaxed) != 0; }

  // Lowers the caller's own raised gate, waits for all others, and returns with the world held.
  // With `may_fail` it gives up when a busy section stands before it: false, and the caller is a
  // visitor.
  bool take_world(Gate& own, bool may_fail = false);
  // Gives the world back and raises the caller's own gate again.
  void release_world(Gate& own);

  // The holder of the world only: from now on its section is busy, until it releases the world.
  void become_busy(Gate& own);
  // Lets those in who wait, one at a time, and returns with the world as before.
  void let_visitors_in();
  bool busy() const { return busy_.load(std::memory_order_acquire) != nullptr; }

  // For memory that lock-free readers may still look at: a snapshot of all turns, and whether every
  // thread that was inside a turn at the snapshot has left it since.
  using Snapshot = std::deque<uint64_t>;
  Snapshot snapshot();
  bool passed_since(const Snapshot& snapshot);

 private:
  void raise(Gate& gate) {
    gate.turn_.store(gate.turn_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
  }
  void lower(Gate& gate) { raise(gate); }
  void wait_turn(Gate& gate);
  // False if the busy section has ended meanwhile.
  bool visit(Gate& gate);
  void end_visit(Gate& gate);
  bool wait_in_queue(uint32_t ticket, bool may_fail);

  std::mutex list_mutex_;
  std::deque<Gate> gates_;
  alignas(64) std::atomic<uint32_t> pending_{0};  // 1: the world is taken or wanted, 2: it is busy
  alignas(64) std::atomic<uint32_t> waiting_{0};  // owners that wait for a section to end
  std::atomic<uint32_t> next_ticket_{0};
  std::atomic<uint32_t> serving_{0};
  std::atomic<uint32_t> queue_news_{0};  // grows when takers in the queue have to look up
  std::mutex queue_mutex_;
  std::set<uint32_t> given_up_;  // tickets of takers that have left the queue
  std::atomic<Gate*> busy_{nullptr};
  std::mutex visit_mutex_;  // held by the holder of a busy world, or by its visitor
  std::atomic<uint32_t> visitors_waiting_{0};
  std::atomic<uint32_t> visits_{0};  // so many have been let in
};

}  // namespace scrubjay::engine
