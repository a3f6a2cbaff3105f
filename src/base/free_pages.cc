#include "base/free_pages.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/memory.h"

#ifdef SCRUBJAY_JEMALLOC
#include <jemalloc/jemalloc.h>

namespace scrubjay {
namespace {

// A request to one arena, given the request's name for the first.
class ArenaRequest {
 public:
  // `place`: which part of the name is the arena's number.
  ArenaRequest(const char* name, size_t place) : place_(place) {
    mallctlnametomib(name, parts_, &count_);
  }
  void send(unsigned arena, void* result = nullptr, size_t* size = nullptr) const {
    size_t parts[std::size(parts_)];
    std::copy(std::begin(parts_), std::end(parts_), parts);
    parts[place_] = arena;
    mallctlbymib(parts, count_, result, size, nullptr, 0);
  }

 private:
  const size_t place_;
  size_t parts_[4] = {};
  size_t count_ = std::size(parts_);
};

const volatile size_t* pages_in_use(unsigned arena) {
  static const ArenaRequest request("experimental.arenas.0.pactivep", 2);
  static constexpr size_t kNone = 0;
  const size_t* pages = nullptr;
  size_t size = sizeof pages;
  request.send(arena, static_cast<void*>(&pages), &size);
  return pages != nullptr ? pages : &kNone;
}

}  // namespace

void return_unused_pages() {
  static const ArenaRequest request("arena.0.decay", 1);
  for (size_t i = 0; i < arena_count(); ++i) request.send(arena(i));
}

void FreePages::begin_anew() {
  next_ = 0;
  while (arenas_.size() < arena_count()) {
    const unsigned number = arena(arenas_.size());
    const volatile size_t* const pages = pages_in_use(number);
    arenas_.push_back({.number = number, .pages = pages, .most = *pages});
  }
}

void FreePages::return_all_of(Arena& arena) {
  static const ArenaRequest request("arena.0.purge", 1);
  request.send(arena.number);
  arena.most = *arena.pages;
}

}  // namespace scrubjay

#else

namespace scrubjay {

void return_unused_pages() {}
void FreePages::begin_anew() {}
void FreePages::return_all_of(Arena&) {}

}  // namespace scrubjay

#endif
