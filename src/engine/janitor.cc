#include "engine/janitor.h"

#include <algorithm>
#include <chrono>

#include "base/background.h"
#include "base/free_pages.h"
#include "base/memory.h"
#include "base/scheduling.h"

namespace scrubjay::engine {
namespace {

// How often retired memory is looked at again while some turn has not passed.
constexpr std::chrono::milliseconds kRetry{2};
// How often it is asked whether pages have become due: while some are, so often that few come
// together; otherwise less and less often, since waking up for nothing costs others their caches.
constexpr std::chrono::milliseconds kTendOften{2};
constexpr std::chrono::milliseconds kTendSeldom{16};
// What a look takes at least when pages were given back.
constexpr std::chrono::microseconds kGaveBack{20};
// How long when nothing happens any more: by then all of them are due (base/memory.cc).
constexpr std::chrono::milliseconds kTendFor{800};

}  // namespace

Janitor::Janitor(Gates& gates) : gates_(gates), thread_([this] { run(); }) {
  started_.wait(false);
}

Janitor::~Janitor() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  for (store::Entry* entry : entries_) store::Entry::destroy(entry);
  for (const Retired& item : retired_) item.free(item.memory);
}

void Janitor::free_later(std::vector<std::unique_ptr<store::Shelf>> shelves, uint64_t bytes) {
  uint64_t objects = 0;
  for (const auto& shelf : shelves) objects += shelf->table.size();
  pending_.fetch_add(objects, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    hand_over(bytes);
    for (auto& shelf : shelves) shelves_.push_back(std::move(shelf));
  }
  wake_.notify_one();
}

void Janitor::hand_over(uint64_t bytes) {
  if (idle_.exchange(false)) handed_over_ = -meter_.bytes();
  handed_over_.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed);
}

uint64_t Janitor::pending_bytes() const {
  if (idle_.load(std::memory_order_relaxed)) return 0;
  const int64_t left = handed_over_.load(std::memory_order_relaxed) + meter_.bytes();
  return left > 0 ? static_cast<uint64_t>(left) : 0;
}

void Janitor::free_later(std::vector<store::Entry*> entries) {
  pending_.fetch_add(entries.size(), std::memory_order_relaxed);
  uint64_t bytes = 0;
  for (const store::Entry* entry : entries) bytes += entry->memory_bytes();
  {
    const std::lock_guard lock(mutex_);
    hand_over(bytes);
    entries_.insert(entries_.end(), entries.begin(), entries.end());
  }
  wake_.notify_one();
}

void Janitor::retire(void* memory, void (*free)(void*)) {
  const std::lock_guard lock(mutex_);
  retired_.push_back({memory, free});
  if (retired_.size() == 1) wake_.notify_one();
}

void Janitor::tend_free_pages() {
  const auto now = std::chrono::steady_clock::now();
  bool slept = false;
  {
    const std::lock_guard lock(mutex_);
    slept = tends_until_ <= now;
    tends_until_ = now + kTendFor;
  }
  if (slept) wake_.notify_one();
}

void Janitor::run() {
  name_thread("janitor");
  Background::enter();
  free_one_by_one();
  meter_ = ThreadMeter::of_this_thread();
  started_ = true;
  started_.notify_one();
  std::unique_lock lock(mutex_);
  for (;;) {
    if (shelves_.empty() && entries_.empty()) idle_ = true;
    const auto has_work = [this] {
      return stop_ || !shelves_.empty() || !entries_.empty() || !retired_.empty();
    };
    const auto tends = [this] { return std::chrono::steady_clock::now() < tends_until_; };
    wake_.wait(lock, [&] { return has_work() || tends(); });
    for (auto pause = kTendOften; tends() && !wake_.wait_for(lock, pause, has_work);) {
      lock.unlock();
      const auto begun = std::chrono::steady_clock::now();
      return_unused_pages();
      const bool gave_back = std::chrono::steady_clock::now() - begun >= kGaveBack;
      pause = gave_back ? kTendOften : std::min(2 * pause, kTendSeldom);
      lock.lock();
    }
    if (!has_work()) continue;
    if (stop_) return;
    auto shelves = std::exchange(shelves_, {});
    auto entries = std::exchange(entries_, {});
    auto retired = std::exchange(retired_, {});
    lock.unlock();
    for (auto& shelf : shelves) {
      const uint64_t objects = shelf->table.size();
      shelf.reset();
      pending_.fetch_sub(objects, std::memory_order_relaxed);
      freed_.fetch_add(objects, std::memory_order_relaxed);
    }
    for (store::Entry* entry : entries) {
      store::Entry::destroy(entry);
      Background::pause_if_due();
      pending_.fetch_sub(1, std::memory_order_relaxed);
      freed_.fetch_add(1, std::memory_order_relaxed);
    }
    if (!retired.empty()) {
      const Gates::Snapshot turns = gates_.snapshot();
      while (!gates_.passed_since(turns)) std::this_thread::sleep_for(kRetry);
      for (const Retired& item : retired) Background::retire(item.memory, item.free);
    }
    lock.lock();
  }
}

}  // namespace scrubjay::engine
