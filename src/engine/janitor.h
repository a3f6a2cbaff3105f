// The thread that frees what nobody may wait for: whole shelves after FLUSHALL, large collections,
// table memory that a lock-free prefetcher might still have looked at; and gives free memory back
// to the system. Takes work from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/memory.h"
#include "engine/gates.h"
#include "store/shelf.h"

namespace scrubjay::engine {

class Janitor {
 public:
  explicit Janitor(Gates& gates);
  ~Janitor();

  // `bytes`: what they hold, about.
  void free_later(std::vector<std::unique_ptr<store::Shelf>> shelves, uint64_t bytes);
  // Entries that are in no table any more.
  void free_later(std::vector<store::Entry*> entries);
  // Frees `memory` once every thread that was inside a turn has left it.
  void retire(void* memory, void (*free)(void*));
  // Memory is being allocated or freed: what is free goes back to the system, by and by. To be
  // called about ten times a second meanwhile.
  void tend_free_pages();

  // Objects not yet freed (INFO lazyfree_pending_objects) and freed so far.
  uint64_t pending_objects() const { return pending_.load(std::memory_order_relaxed); }
  uint64_t freed_objects() const { return freed_.load(std::memory_order_relaxed); }
  // Bytes not yet freed, about: what was handed over less what this thread has freed since.
  uint64_t pending_bytes() const;
  void reset_freed() { freed_.store(0, std::memory_order_relaxed); }

 private:
  struct Retired {
    void* memory;
    void (*free)(void*);
  };
  void run();
  void hand_over(uint64_t bytes);

  Gates& gates_;
  std::atomic<uint64_t> pending_{0};
  std::atomic<uint64_t> freed_{0};
  // Its sum with the janitor's own meter, which falls with all that it frees, is what is pending.
  std::atomic<int64_t> handed_over_{0};
  std::atomic<bool> idle_{true};
  ThreadMeter meter_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::unique_ptr<store::Shelf>> shelves_;
  std::vector<store::Entry*> entries_;
  std::vector<Retired> retired_;
  std::chrono::steady_clock::time_point tends_until_{};
  bool stop_ = false;
  std::atomic<bool> started_{false};  // the meter is there
  std::thread thread_;
};

}  // namespace scrubjay::engine
