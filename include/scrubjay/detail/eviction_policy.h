// Which entries of a full cache are worth least: an adaptive W-TinyLFU on CLOCKs.
//
// The idea. New entries pass through a window; whoever leaves it has to be wanted more often than
// the entry of the main part in whose place it would come, by a frequency sketch that remembers
// absent keys as well (Einziger, Friedman, Manes, 2017). A large window is good at recency, a small
// one at frequency and scans; which share suits the traffic is found by window_controller.h.
//
// Neither part is a list. Main is swept in the order of the hash table: a CLOCK whose hand is a
// table cursor, with a 2-bit counter in the entry. The window is a FIFO of 8-byte records, each a
// hash and a size; an entry is in the window while it bears the ticket of a record. So nothing has
// to be told when an entry moves, changes or is erased: a record whose ticket nobody bears is stale
// and skipped. An entry with any other bits (of another policy, say) belongs to main.
//
// Hits. An entry's counter holds the hits that the sketch has not counted yet, up to 3: each time
// the hand takes one from the counter, the sketch counts one; when a candidate leaves the window,
// it counts them all. So before an entry is judged or goes, the sketch knows of its hits. Those
// beyond 3 in one round of the hand are lost; on real traces it did not help to count them.
//
// Sizes. Shares are counted in bytes. For a large entry the hand collects as many victims as are
// needed for its place; it is admitted if it is asked for more often than all of them together. A
// victim of quite another size is compared by frequency per byte.
//
// Cost. The bits are 24 of the entry's own; a record takes 8 bytes while the entry is in the
// window; the sketch takes 8 bytes per entry. A hit writes the entry's counter, nothing else, and
// not even that of an entry in steady use. Misses, new entries and evictions write lines of the
// sketch.
//
// Threads. None: the owner serialises all calls.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "scrubjay/detail/frequency_sketch.h"

namespace scrubjay::detail {

// The 24 bits that the policy keeps in an entry: 21 of ticket, 1 of membership, 2 of counter.
struct AdaptiveBits {
  static constexpr uint32_t kCounterMask = 3;
  static constexpr uint32_t kInWindow = 4;
  static constexpr unsigned kTicketShift = 3;
  static constexpr uint32_t kTicketMask = (1u << 21) - 1;

  static uint32_t used(uint32_t bits) {
    return (bits & kCounterMask) == kCounterMask ? bits : bits + 1;
  }
  static uint32_t window(uint64_t ticket) {
    return static_cast<uint32_t>(ticket & kTicketMask) << kTicketShift | kInWindow;
  }
  static uint32_t main(uint32_t counter) { return counter; }
  static uint32_t counter(uint32_t bits) { return bits & kCounterMask; }
  static bool bears(uint32_t bits, uint64_t ticket) {
    return (bits & ~kCounterMask) == window(ticket);
  }
  static uint64_t ticket(uint32_t bits) { return bits >> kTicketShift; }
};

// How large the window may be, in bytes.
struct WindowLimit {
  uint64_t target = 0;
  uint64_t slack = 0;    // what is above target + slack leaves it even without anybody evicting
  bool spacious = true;  // nothing has to be evicted yet: who leaves the window stays
};

// Table is a detail::Table<T, ...>. Traits: static uint32_t bits(const T*), static void
// set_bits(T*, uint32_t), static size_t bytes(const T*), static uint64_t hash(const T*),
// static bool evictable(const T*, bool timed_only).
template <class T, class Table, class Traits>
class EvictionPolicy {
 public:
  // Somebody asked for a key that is not there.
  void missed(uint64_t hash) { sketch_.count(hash); }
  // Somebody asked for it and it is there.
  void found(T* entry) {
    const uint32_t bits = Traits::bits(entry);
    const uint32_t now = AdaptiveBits::used(bits);
    if (now != bits) Traits::set_bits(entry, now);
  }
  // How often it was asked for lately, whether the sketch or its counter knows, 0 to 15.
  uint32_t frequency(uint64_t hash, const T* entry) const {
    return std::min(FrequencySketch::kMaximum,
                    sketch_.estimate(hash) + AdaptiveBits::counter(Traits::bits(entry)));
  }

  // A new entry has come into the table.
  void add(const Table& table, uint64_t hash, T* entry, const WindowLimit& limit) {
    sketch_.fit(table.size());
    if (sketch_.estimate(hash) == 0) sketch_.count(hash);  // else the miss before it was counted
    enter_window(hash, entry);
    const uint64_t most = limit.target + (limit.spacious ? 0 : limit.slack);
    for (int i = 0; i < 2 && window_bytes_ > most && window_.size() > 1; ++i) {
      if (T* const oldest = leave_window(table))
        Traits::set_bits(
            oldest, AdaptiveBits::main(std::max(1u, AdaptiveBits::counter(Traits::bits(oldest)))));
    }
  }

  // Appends to `victims` the entries that are to go next; the caller takes them out of the table.
  // None if there is nothing that may go. `timed_only`: only what Traits::evictable says. `random`
  // returns random numbers.
  template <class Random>
  void choose(const Table& table, const WindowLimit& limit, bool timed_only, Random&& random,
              std::vector<T*>& victims) {
    bool main_is_empty = false;
    for (int tries = 0; tries < kMostTries && !window_.empty(); ++tries) {
      if (window_bytes_ <= limit.target && !main_is_empty) {
        if (main_victim(table, timed_only, victims)) return;
        main_is_empty = true;
      }
      T* const candidate = leave_window(table);
      if (candidate == nullptr) continue;
      const uint32_t counter = AdaptiveBits::counter(Traits::bits(candidate));
      Traits::set_bits(candidate, AdaptiveBits::main(counter));
      if (!Traits::evictable(candidate, timed_only)) continue;
      const uint64_t hash = Traits::hash(candidate);
      count_hits(hash, candidate, counter);
      if (counter > 0 && ++second_chances_ % kChances != 0) {
        enter_window(hash, candidate);
        continue;
      }
      contest(table, hash, candidate, timed_only, random, victims);
      return;
    }
    if (!main_is_empty) main_victim(table, timed_only, victims);
  }

  uint64_t window_bytes() const { return window_bytes_; }
  uint64_t window_keys() const { return window_.size(); }
  size_t memory_bytes() const {
    return sizeof *this + sketch_.memory_bytes() + window_.size() * sizeof(Record);
  }

 private:
  static constexpr int kMostTries = 64;
  static constexpr uint32_t kChances = 8;
  static constexpr size_t kAhead = 8;
  static constexpr size_t kMostVictims = 64;
  static constexpr size_t kMostLooks = 512;  // entries that one search of the hand looks at
  static constexpr uint32_t kOftenWanted = 6;
  static constexpr uint64_t kLuck = 128;  // one in so many who are wanted often gets in regardless
  static constexpr size_t kLongestWindow = AdaptiveBits::kTicketMask;

  // 40 bits of hash, the size as 18 bits of mantissa and 6 of exponent.
  using Record = uint64_t;
  static constexpr unsigned kRecordBits = 24;
  static constexpr unsigned kMantissaBits = 18;
  static Record make_record(uint64_t hash, uint64_t bytes) {
    const unsigned width = static_cast<unsigned>(std::bit_width(bytes));
    const unsigned exponent = width > kMantissaBits ? width - kMantissaBits : 0;
    return hash >> kRecordBits << kRecordBits | bytes >> exponent << 6 | exponent;
  }
  static uint64_t bytes_of(Record record) {
    return (record >> 6 & ((uint64_t{1} << kMantissaBits) - 1)) << (record & 63);
  }

  void enter_window(uint64_t hash, T* entry) {
    const Record record = make_record(hash, Traits::bytes(entry));
    Traits::set_bits(entry, AdaptiveBits::window(first_ticket_ + window_.size()));
    window_.push_back(record);
    window_bytes_ += bytes_of(record);
    if (window_.size() >= kLongestWindow) drop_oldest();  // it goes to main
  }

  Record drop_oldest() {
    const Record record = window_.front();
    window_.pop_front();
    ++first_ticket_;
    window_bytes_ -= bytes_of(record);
    return record;
  }

  // Moves hits of an entry of main from its counter to the sketch.
  void count_hits(uint64_t hash, T* entry, uint32_t hits) {
    Traits::set_bits(entry, AdaptiveBits::main(AdaptiveBits::counter(Traits::bits(entry)) - hits));
    for (uint32_t i = 0; i < hits; ++i) sketch_.count(hash);
  }

  // The oldest record's entry, whose bits are still the window's; nullptr if it is stale.
  T* leave_window(const Table& table) {
    // Who comes next is fetched ahead, bucket by entry, and what the sketch says of him.
    if (window_.size() > kAhead) {
      table.prefetch_bucket(window_[kAhead]);
      table.prefetch_entry(window_[kAhead / 2]);
      __builtin_prefetch(sketch_.line_of(window_[kAhead / 2]), 1);
    }
    const uint64_t ticket = first_ticket_;
    const Record record = drop_oldest();
    const auto slot = table.find(
        record, [&](const T* entry) { return AdaptiveBits::bears(Traits::bits(entry), ticket); });
    return slot ? slot.get() : nullptr;
  }

  bool in_window(uint32_t bits) const {
    if ((bits & AdaptiveBits::kInWindow) == 0) return false;
    const uint64_t place = (AdaptiveBits::ticket(bits) - first_ticket_) & AdaptiveBits::kTicketMask;
    return place < window_.size();
  }

  // Moves the hand to the next entry of main whose counter is 0, and lets it pass on over up to
  // `wanted` bytes of such entries. Returns false if it met none that may go.
  bool sweep(const Table& table, bool timed_only, uint64_t wanted, std::vector<T*>& found) {
    size_t looks = 0;
    uint64_t bytes = 0;
    T* spare = nullptr;  // the least used one, if the hand finds none that is unused
    uint64_t cursor = hand_;
    size_t place = place_;
    while (looks < kMostLooks && bytes < wanted && found.size() < kMostVictims) {
      bucket_.clear();
      const uint64_t next = table.scan(cursor, 1, [&](T* entry) { bucket_.push_back(entry); });
      if (bucket_.empty() && next == 0 && cursor == 0) return false;
      ++looks;
      for (; place < bucket_.size() && bytes < wanted; ++place) {
        T* const entry = bucket_[place];
        ++looks;
        const uint32_t bits = Traits::bits(entry);
        if (entry == candidate_ || in_window(bits) || !Traits::evictable(entry, timed_only))
          continue;
        const uint32_t counter = AdaptiveBits::counter(bits);
        if (counter > 0) {
          count_hits(Traits::hash(entry), entry, 1);
          if (spare == nullptr) spare = entry;
          continue;
        }
        if (std::find(found.begin(), found.end(), entry) != found.end()) return true;  // all round
        if (found.empty()) {
          hand_ = cursor;
          place_ = place;
        }
        found.push_back(entry);
        bytes += Traits::bytes(entry);
      }
      if (bytes < wanted) {
        cursor = next;
        place = 0;
        if (found.empty()) {
          hand_ = cursor;
          place_ = 0;
        }
      }
    }
    if (found.empty() && spare != nullptr) {
      count_hits(Traits::hash(spare), spare, AdaptiveBits::counter(Traits::bits(spare)));
      found.push_back(spare);
    }
    return !found.empty();
  }

  bool main_victim(const Table& table, bool timed_only, std::vector<T*>& victims) {
    rivals_.clear();
    if (!sweep(table, timed_only, 1, rivals_)) return false;
    victims.push_back(rivals_.front());
    return true;
  }

  template <class Random>
  void contest(const Table& table, uint64_t hash, T* candidate, bool timed_only, Random&& random,
               std::vector<T*>& victims) {
    const uint64_t size = Traits::bytes(candidate);
    rivals_.clear();
    candidate_ = candidate;
    sweep(table, timed_only, size, rivals_);
    candidate_ = nullptr;
    uint64_t rival_bytes = 0;
    uint64_t rival_frequency = 0;
    for (const T* rival : rivals_) {
      rival_bytes += Traits::bytes(rival);
      rival_frequency += sketch_.estimate(Traits::hash(rival));
    }
    const uint64_t frequency = sketch_.estimate(hash);
    if (!rivals_.empty() && beats(frequency, size, rival_frequency, rival_bytes, random)) {
      Traits::set_bits(candidate, AdaptiveBits::main(1));  // the hand may be right before it
      victims.insert(victims.end(), rivals_.begin(), rivals_.end());
    } else {
      victims.push_back(candidate);
    }
  }

  template <class Random>
  static bool beats(uint64_t frequency, uint64_t bytes, uint64_t rival_frequency,
                    uint64_t rival_bytes, Random&& random) {
    const bool alike = rival_bytes <= 2 * bytes && bytes <= 2 * rival_bytes;
    const bool more =
        alike ? frequency > rival_frequency : frequency * rival_bytes > rival_frequency * bytes;
    if (more) return true;
    return alike && frequency >= kOftenWanted && random() % kLuck == 0;
  }

  FrequencySketch sketch_;
  std::deque<Record> window_;
  uint64_t first_ticket_ = 0;  // of the oldest record
  uint64_t window_bytes_ = 0;
  uint64_t hand_ = 0;  // table cursor, and the place in its bucket
  size_t place_ = 0;
  uint32_t second_chances_ = 0;
  const T* candidate_ = nullptr;  // of the contest in progress: none of its own rivals
  std::vector<T*> bucket_;
  std::vector<T*> rivals_;
};

}  // namespace scrubjay::detail
