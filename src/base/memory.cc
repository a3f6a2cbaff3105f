#include "base/memory.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <utility>
#include <vector>

#include "base/scheduling.h"

#ifdef SCRUBJAY_JEMALLOC
#include <jemalloc/jemalloc.h>

// Free pages go back to the system within a fraction of a second: who allocates or frees gives some
// back in passing, the janitor the rest. (docs/memory.md)
// Slabs of the sizes that entries have are made larger than by default, since each costs 128 bytes
// of bookkeeping: two bytes per key with long values. Measured: docs/memory.md.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "background_thread:false,dirty_decay_ms:300,muzzy_decay_ms:0,tcache_max:1024,"
    "slab_sizes:48-48:6|64-64:8|80-80:10|96-96:12|112-112:14|128-128:8|160-160:10|192-192:12|224-"
    "224:14|"
    "256-256:8|320-320:10";
}
#else
#include <malloc.h>
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" size_t __sanitizer_get_current_allocated_bytes();  // compiler-rt, libsanitizer
#define SCRUBJAY_SANITIZER_ALLOCATOR 1
#endif

namespace scrubjay {

namespace {
// As measured last; 0 without jemalloc.
struct Measured {
  std::mutex busy;  // somebody measures
  std::atomic<uint64_t> allocated{0};
  std::atomic<uint64_t> active{0};
  std::atomic<uint64_t> resident{0};
  std::atomic<uint64_t> scattered{0};
  std::atomic<uint64_t> bookkeeping{0};
};
Measured measured;
}  // namespace

#ifdef SCRUBJAY_JEMALLOC
namespace {

struct ThreadCounters {
  const volatile uint64_t* allocated;
  const volatile uint64_t* freed;
};

// Counters of the threads that live, and the sum of those that ended.
struct Registry {
  std::mutex mutex;
  std::vector<ThreadCounters> threads;
  std::vector<unsigned> arenas;  // that they allocate from
  std::atomic<size_t> arena_count{0};
  int64_t ended = 0;
  uint64_t ended_churn = 0;
};
Registry& registry() {
  static Registry* instance = new Registry;  // threads may end after main's statics
  return *instance;
}

thread_local ThreadCounters own_counters{};

template <class Figure = size_t>
Figure read_figure(const char* name) {
  Figure value = 0;
  size_t size = sizeof value;
  mallctl(name, &value, &size, nullptr, 0);
  return value;
}

struct ThreadRegistration {
  ThreadCounters counters{};
  ThreadRegistration() {
    uint64_t* allocated = nullptr;
    uint64_t* freed = nullptr;
    size_t size = sizeof allocated;
    mallctl("thread.allocatedp", &allocated, &size, nullptr, 0);
    mallctl("thread.deallocatedp", &freed, &size, nullptr, 0);
    counters = {allocated, freed};
    own_counters = counters;
    const auto arena = read_figure<unsigned>("thread.arena");
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    all.threads.push_back(counters);
    if (std::find(all.arenas.begin(), all.arenas.end(), arena) == all.arenas.end())
      all.arenas.push_back(arena);
    all.arena_count.store(all.arenas.size(), std::memory_order_release);
  }
  ~ThreadRegistration() {
    const std::lock_guard lock(registry().mutex);
    registry().ended += static_cast<int64_t>(*counters.allocated - *counters.freed);
    registry().ended_churn += *counters.allocated + *counters.freed;
    std::erase_if(registry().threads, [this](const ThreadCounters& other) {
      return other.allocated == counters.allocated;
    });
  }
};

// The sum of a figure that all arenas together have for each size class, given the first's name.
uint64_t sum_of_classes(const char* name, const char* name_of_count) {
  constexpr size_t kClass = 4;  // the part of the name that counts them
  size_t parts[8];
  size_t count = std::size(parts);
  if (mallctlnametomib(name, parts, &count) != 0) return 0;
  uint64_t sum = 0;
  const auto classes = read_figure<unsigned>(name_of_count);
  for (parts[kClass] = 0; parts[kClass] < classes; ++parts[kClass]) {
    size_t figure = 0;
    size_t size = sizeof figure;
    if (mallctlbymib(parts, count, &figure, &size, nullptr, 0) == 0) sum += figure;
  }
  return sum;
}

// What the allocator itself needs: a descriptor for each slab, large block and run of free pages,
// which it keeps when that is gone, and a word for each page of its address space.
// (stats.metadata would not do: it holds megabytes that are never touched.)
uint64_t measure_bookkeeping() {
  constexpr uint64_t kDescriptor = 128;
  constexpr uint64_t kWord = 8;
  uint64_t descriptors = read_figure("stats.arenas.4096.extent_avail") +
                         sum_of_classes("stats.arenas.4096.bins.0.curslabs", "arenas.nbins");
  for (const char* name :
       {"stats.arenas.4096.lextents.0.curlextents", "stats.arenas.4096.extents.0.ndirty",
        "stats.arenas.4096.extents.0.nretained"})
    descriptors += sum_of_classes(name, "arenas.nlextents");
  const uint64_t pages =
      (read_figure("stats.mapped") + read_figure("stats.retained")) / read_figure("arenas.page");
  return descriptors * kDescriptor + pages * kWord;
}

}  // namespace

size_t good_size(size_t bytes) {
  return nallocx(bytes, 0);
}

void register_allocating_thread() {
  thread_local ThreadRegistration registration;
}

int64_t thread_bytes() {
  if (own_counters.allocated == nullptr) [[unlikely]]
    register_allocating_thread();
  return static_cast<int64_t>(*own_counters.allocated - *own_counters.freed);
}

ThreadMeter ThreadMeter::of_this_thread() {
  thread_bytes();
  ThreadMeter meter;
  meter.allocated_ = own_counters.allocated;
  meter.freed_ = own_counters.freed;
  return meter;
}

size_t arena_count() {
  return registry().arena_count.load(std::memory_order_acquire);
}

unsigned arena(size_t i) {
  const std::lock_guard lock(registry().mutex);
  return registry().arenas[i];
}

uint64_t allocated_bytes() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  int64_t sum = all.ended;
  for (const ThreadCounters& counters : all.threads) {
    sum += static_cast<int64_t>(*counters.allocated - *counters.freed);
  }
  return sum > 0 ? static_cast<uint64_t>(sum) : 0;
}

// What was ever allocated and ever freed, in bytes.
uint64_t churn_bytes() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  uint64_t sum = all.ended_churn;
  for (const ThreadCounters& counters : all.threads) sum += *counters.allocated + *counters.freed;
  return sum;
}

void free_one_by_one() {
  bool off = false;
  mallctl("thread.tcache.enabled", nullptr, nullptr, &off, sizeof off);
}

void purge_memory() {
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // 4096: all arenas
}

// Unless somebody does so just now: that may be the meter, whose thread may get no core for long.
void refresh_statistics() {
  const std::unique_lock lock(measured.busy, std::try_to_lock);
  if (!lock) return;
  measured.allocated.store(allocated_bytes(), std::memory_order_relaxed);
  uint64_t epoch = 1;
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
  const uint64_t active = read_figure("stats.active");
  const uint64_t allocated = read_figure("stats.allocated");
  measured.active.store(active, std::memory_order_relaxed);
  measured.resident.store(read_figure("stats.resident"), std::memory_order_relaxed);
  measured.scattered.store(active > allocated ? active - allocated : 0, std::memory_order_relaxed);
  measured.bookkeeping.store(measure_bookkeeping(), std::memory_order_relaxed);
}

void find_scattered(const std::vector<const void*>& blocks, std::vector<bool>& scattered) {
  struct Utilization {  // of the slab around a block
    size_t free;
    size_t places;
    size_t bytes;
  };
  struct Name {
    size_t parts[3];
    size_t count = 3;
    Name() { mallctlnametomib("experimental.utilization.batch_query", parts, &count); }
  };
  static const Name name;
  thread_local std::vector<Utilization> found;
  found.assign(blocks.size(), {});
  scattered.assign(blocks.size(), false);
  size_t size = found.size() * sizeof(Utilization);
  auto* const asked = const_cast<const void**>(blocks.data());
  if (mallctlbymib(name.parts, name.count, found.data(), &size, static_cast<void*>(asked),
                   blocks.size() * sizeof(void*)) != 0)
    return;
  for (size_t i = 0; i < found.size(); ++i)
    scattered[i] = found[i].places > 1 && found[i].free * 4 > found[i].places;
}

// Around the thread's cache, which would hand out what was just freed.
void* allocate_densely(size_t bytes) {
  return mallocx(bytes, MALLOCX_TCACHE_NONE);
}
void free_densely(void* block) {
  dallocx(block, MALLOCX_TCACHE_NONE);
}

std::string_view allocator_name() {
  return "jemalloc-5.3.0";
}

std::string allocator_report() {
  std::string report;
  malloc_stats_print([](void* out, const char* text) { *static_cast<std::string*>(out) += text; },
                     &report, "m");
  return report;
}

#else

size_t good_size(size_t bytes) {
  return bytes;
}
void register_allocating_thread() {}
size_t arena_count() {
  return 0;
}
unsigned arena(size_t) {
  return 0;
}
ThreadMeter ThreadMeter::of_this_thread() {
  return {};
}
uint64_t allocated_bytes() {
#ifdef SCRUBJAY_SANITIZER_ALLOCATOR
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks;
#endif
}
int64_t thread_bytes() {
  return static_cast<int64_t>(allocated_bytes());
}
uint64_t churn_bytes() {
  return 0;
}
void free_one_by_one() {}
void purge_memory() {
  malloc_trim(0);
}
void refresh_statistics() {}
// All of them, so that what moves entries is tested with the sanitizers' allocators.
void find_scattered(const std::vector<const void*>& blocks, std::vector<bool>& scattered) {
  scattered.assign(blocks.size(), true);
}
void* allocate_densely(size_t bytes) {
  return std::malloc(bytes);
}
void free_densely(void* block) {
  std::free(block);
}
std::string_view allocator_name() {
  return "libc";
}
std::string allocator_report() {
  return "Stats not supported for the current allocator";
}

#endif

namespace {

// A line "VmHWM:   1234 kB" of /proc/self/status, in bytes.
uint64_t status_bytes(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field))
      return std::strtoull(line.c_str() + field.size(), nullptr, 10) * 1024;
  }
  return 0;
}

}  // namespace

uint64_t used_bytes() {
  return allocated_bytes() + measured.bookkeeping.load(std::memory_order_relaxed);
}

MemoryFigures memory_figures() {
  MemoryFigures figures;
  figures.rss = status_bytes("VmRSS:");
  figures.peak_rss = status_bytes("VmHWM:");
  refresh_statistics();
  figures.allocated = allocated_bytes();
  figures.used = figures.allocated + measured.bookkeeping.load(std::memory_order_relaxed);
#ifdef SCRUBJAY_JEMALLOC
  figures.active = measured.active.load(std::memory_order_relaxed);
  figures.resident = measured.resident.load(std::memory_order_relaxed);
#else
  figures.active = figures.allocated;
  figures.resident = figures.rss;
#endif
  return figures;
}

uint64_t scattered_bytes() {
  return measured.scattered.load(std::memory_order_relaxed);
}

namespace {
// Measuring takes a millisecond or two; a server at rest has neither new holes nor fewer.
constexpr uint64_t kWorthMeasuring = 256 << 10;
}  // namespace

bool is_falling(uint64_t bytes, uint64_t before) {
  return bytes < before - before / 64;
}

bool scattered_bytes_are_stale() {
  const uint64_t before = measured.allocated.load(std::memory_order_relaxed);
  const uint64_t now = allocated_bytes();
  return now < before && before - now >= std::max(kWorthMeasuring, before / 16);
}

bool much_has_changed(uint64_t& churn_before) {
  const uint64_t churn = churn_bytes();
  if (churn - churn_before < kWorthMeasuring) return false;
  churn_before = churn;
  return true;
}

MemoryMeter::MemoryMeter() : thread_([this] { run(); }) {}

MemoryMeter::~MemoryMeter() {
  stop_ = true;
  wake_.release();
  thread_.join();
}

void MemoryMeter::run() {
  constexpr std::chrono::milliseconds kPeriod{1000};
  name_thread("memory-meter");
  run_when_idle();
  for (;;) {
    if (sleeps_)
      wake_.acquire();
    else
      (void)wake_.try_acquire_for(kPeriod);
    if (stop_) return;
    woken_ = false;
    const uint64_t churn = churn_bytes();
    if (churn - measured_at_ >= kWorthMeasuring) {
      measured_at_ = churn;
      refresh_statistics();
    } else {
      sleeps_ = true;
    }
  }
}

void MemoryMeter::wake_if_due() {
  const uint64_t allocated = allocated_bytes();
  const uint64_t before = std::exchange(allocated_at_look_, allocated);
  if (sleeps_) {
    if (churn_bytes() - measured_at_ < kWorthMeasuring) return;
    sleeps_ = false;
  } else if (is_falling(allocated, before) || !scattered_bytes_are_stale()) {
    return;
  }
  if (!woken_.exchange(true)) wake_.release();
}

uint64_t system_memory_bytes() {
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace scrubjay
