// Gives free pages back to the system, in small parts. The allocator keeps them for some tenths of
// a second, since they may be needed again; then it gives back in one go whatever has become due,
// which takes milliseconds after much has been freed (docs/memory.md). Nothing to do without
// jemalloc.
#pragma once

#include <cstddef>
#include <vector>

namespace scrubjay {

// Gives back, of all arenas, what has become due since somebody last did. Called each few
// milliseconds it takes some tenths of a millisecond at most.
void return_unused_pages();

// For a thread that frees much: sees pages become free, and gives those back at once. Used by that
// thread alone.
class FreePages {
 public:
  // To be called for each block that is freed. Looks at one arena, at the next one with the next
  // call; 128 KB are a part, which takes about a tenth of a millisecond.
  void return_part() {
    if (next_ >= arenas_.size()) [[unlikely]]
      begin_anew();
    if (arenas_.empty()) return;
    Arena& arena = arenas_[next_++];
    const size_t pages = *arena.pages;
    if (pages > arena.most)
      arena.most = pages;
    else if (arena.most - pages >= kPart) [[unlikely]]
      return_all_of(arena);
  }

 private:
  static constexpr size_t kPart = 32;  // pages
  struct Arena {
    unsigned number;
    const volatile size_t* pages;  // in use
    size_t most;                   // in use since it was last asked to give back
  };
  void begin_anew();
  static void return_all_of(Arena& arena);

  std::vector<Arena> arenas_;
  size_t next_ = 0;
};

}  // namespace scrubjay
