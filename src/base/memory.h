// What the allocator says: bytes in use, resident bytes, size classes. Cheap enough to ask per
// write. Threads that allocate register themselves once; reading is safe from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace scrubjay {

// The size class that an allocation of `bytes` gets; `bytes` itself without jemalloc.
size_t good_size(size_t bytes);

// Bytes that the program has allocated and not freed, by the allocator's own count, and what the
// allocator needs to keep account of them (as of MemoryMeter's last look).
uint64_t used_bytes();

// What the calling thread, which must be registered, has allocated less what it has freed; only
// differences mean something. Without jemalloc it is what the whole program has.
int64_t thread_bytes();

// The same of a thread that lives and is registered, read by others.
class ThreadMeter {
 public:
  ThreadMeter() = default;
  static ThreadMeter of_this_thread();
  int64_t bytes() const {
    return allocated_ == nullptr ? 0 : static_cast<int64_t>(*allocated_ - *freed_);
  }

 private:
  const volatile uint64_t* allocated_ = nullptr;  // none without jemalloc
  const volatile uint64_t* freed_ = nullptr;
};

// Counts the calling thread's allocations in used_bytes() from now on, until it ends.
void register_allocating_thread();
// The allocator's arenas that registered threads use or used, by its own numbers; none without
// jemalloc. They only become more.
size_t arena_count();
unsigned arena(size_t i);

struct MemoryFigures {
  uint64_t used = 0;       // used_bytes()
  uint64_t allocated = 0;  // the same without the allocator's bookkeeping
  uint64_t active = 0;
  uint64_t resident = 0;  // held by the allocator
  uint64_t rss = 0;       // of the process
  uint64_t peak_rss = 0;
};
// As of now, or of the last measurement while the meter's thread measures: nobody waits for that.
MemoryFigures memory_figures();

// What is free in pages that also hold small blocks: so much could be given back if the blocks lay
// together. As of MemoryMeter's last look; 0 without jemalloc.
uint64_t scattered_bytes();
// Whether a sixteenth of what was in use then has been freed since, so that the figure says little.
bool scattered_bytes_are_stale();
// Whether much is being freed, given the bytes in use now and a tenth of a second before.
bool is_falling(uint64_t bytes, uint64_t before);
// For each block whether it lies in a page where much is free, so that moving it away helps.
void find_scattered(const std::vector<const void*>& blocks, std::vector<bool>& scattered);
// For moving a block: memory where little is free (nullptr: there is none), and its old place.
void* allocate_densely(size_t bytes);
void free_densely(void* block);

// What the calling thread frees goes back to the allocator at once from now on. By default a thread
// collects some hundred blocks and hands them over together, which takes milliseconds where each is
// the first to touch what the allocator knows about its page.
void free_one_by_one();

// Gives what is free back to the system now.
void purge_memory();

// Whether some hundred kilobytes have been allocated or freed since `churn_before`, which is moved.
bool much_has_changed(uint64_t& churn_before);

// Measures what is free between blocks, which takes milliseconds, on a thread of its own, which
// runs only when nobody else wants its core: each second while memory is allocated or freed, at
// once when much has been freed and no more is. Sleeps otherwise. One per process.
class MemoryMeter {
 public:
  MemoryMeter();
  ~MemoryMeter();

  // Wakes the thread if there is something to measure now. For one thread, to be called about ten
  // times a second, at rest once.
  void wake_if_due();

 private:
  void run();

  // Without locks: its thread may not get a core for long, and others do not wait for it.
  std::counting_semaphore<> wake_{0};
  std::atomic<bool> stop_{false};
  std::atomic<bool> sleeps_{false};       // until it is woken
  std::atomic<bool> woken_{false};        // and has not run since
  std::atomic<uint64_t> measured_at_{0};  // churn_bytes()
  uint64_t allocated_at_look_ = 0;        // of wake_if_due()
  std::thread thread_;
};

// The allocator's name and version, as INFO's mem_allocator shows it.
std::string_view allocator_name();

// The allocator's own long report (MEMORY MALLOC-STATS).
std::string allocator_report();

// Memory of the machine, in bytes.
uint64_t system_memory_bytes();

}  // namespace scrubjay
