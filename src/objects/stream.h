// A stream: entries with ascending ids in dense chunks, and its consumer groups. An empty stream is
// a value like any other. What the fields of XINFO mean is on redis.io/docs/latest/commands/xinfo-
// stream. Used under the lock of its key.
#pragma once

#include <boost/container/deque.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "objects/consumer_group.h"
#include "objects/stream_chunk.h"

namespace scrubjay::objects {

// When a chunk is full (stream-node-max-bytes, stream-node-max-entries); 0 is no limit.
struct StreamLimits {
  uint64_t chunk_bytes = 4096;
  uint64_t chunk_entries = 100;
};

// Which of the oldest entries are to go.
struct StreamTrim {
  std::optional<uint64_t> length;  // so many stay; else
  StreamId below{};                // those with lower ids go
  bool approximate = false;        // only whole chunks
  uint64_t limit = 0;              // at most so many entries in the approximate way; 0: any number
};

class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  std::unique_ptr<Stream> clone() const;

  uint64_t size() const { return length_; }
  StreamId first_id() const { return first_id_; }  // zero if there is no entry
  const StreamId& last_id() const { return last_id_; }
  const StreamId& max_deleted_id() const { return max_deleted_id_; }
  uint64_t entries_added() const { return entries_added_; }
  size_t chunk_count() const { return chunks_.size(); }
  const StreamChunk& chunk(size_t index) const { return *chunks_[index]; }

  // The id must be above last_id(). `fields_and_values` by turns.
  void append(const StreamId& id, std::span<const std::string_view> fields_and_values,
              const StreamLimits& limits);
  // Returns whether there was such an entry.
  bool erase(const StreamId& id);
  bool contains(const StreamId& id) const;

  // What XSETID sets. The counters are checked by the caller.
  void set_last_id(const StreamId& id) { last_id_ = id; }
  void set_entries_added(uint64_t count) { entries_added_ = count; }
  void set_max_deleted_id(const StreamId& id) { max_deleted_id_ = id; }

  // Removes the oldest entries. Returns how many went.
  uint64_t trim(const StreamTrim& trim);
  // What trim() would remove, oldest first.
  std::vector<StreamId> doomed_by(const StreamTrim& trim) const;

  // One entry while it is visited; dead with the next edit.
  class EntryRef {
   public:
    EntryRef(const StreamChunk& chunk, const StreamChunk::Entry& entry)
        : chunk_(chunk), entry_(entry) {}
    const StreamId& id() const { return entry_.id; }
    uint32_t pairs() const { return entry_.pairs; }
    // f(field, value)
    template <class F>
    void for_each_pair(F&& f) const {
      chunk_.for_each_pair(entry_, f);
    }

   private:
    const StreamChunk& chunk_;
    const StreamChunk::Entry& entry_;
  };
  // f(EntryRef) -> bool for entries within [from, to]; stops at false.
  template <class F>
  void for_each(const StreamId& from, const StreamId& to, F&& f) const;
  template <class F>
  void for_each_backwards(const StreamId& from, const StreamId& to, F&& f) const;
  // f(EntryRef) if the entry is there; returns whether.
  template <class F>
  bool visit(const StreamId& id, F&& f) const {
    bool found = false;
    for_each(id, id, [&](const EntryRef& entry) {
      f(entry);
      found = true;
      return false;
    });
    return found;
  }
  // The last entry's id, if there is one.
  std::optional<StreamId> last_entry_id() const;

  using Groups = std::map<std::string, std::unique_ptr<ConsumerGroup>, std::less<>>;
  const Groups& groups() const { return groups_; }
  ConsumerGroup* find_group(std::string_view name) const;
  // There must be none of this name.
  ConsumerGroup& add_group(std::string_view name, const StreamId& last_id, int64_t entries_read);
  bool remove_group(std::string_view name);

  // How many entries of the stream's whole life stand up to the id, if that can be told.
  std::optional<uint64_t> rank_of(const StreamId& id) const;
  // Whether an entry behind the id was deleted.
  bool has_deleted_behind(const StreamId& id) const;
  // Entries that the group has not been given yet, if that can be told.
  std::optional<uint64_t> lag_of(const ConsumerGroup& group) const;
  // Moves the group on to the id of an entry that is being delivered.
  void advance(ConsumerGroup& group, const StreamId& id) const;

  size_t memory_bytes() const;
  void check_invariants() const;

 private:
  using Chunks = boost::container::deque<
      std::unique_ptr<StreamChunk>, void,
      boost::container::deque_options<boost::container::block_size<16>>::type>;

  size_t chunk_from(const StreamId& id) const;  // the first one whose last id is not below
  // The entry's last trace in the chunk; the chunk may be gone afterwards.
  void mark_deleted(size_t chunk, uint32_t at);
  void find_first_id();

  Chunks chunks_;  // none is without a live entry
  uint64_t length_ = 0;
  StreamId first_id_;
  StreamId last_id_;
  StreamId max_deleted_id_;
  uint64_t entries_added_ = 0;
  Groups groups_;
};

template <class F>
void Stream::for_each(const StreamId& from, const StreamId& to, F&& f) const {
  StreamChunk::Entry entry;
  for (size_t i = chunk_from(from); i < chunks_.size(); ++i) {
    const StreamChunk& chunk = *chunks_[i];
    if (chunk.first_id() > to) return;
    for (StreamChunk::Reader reader(chunk); reader.next(entry);) {
      if (entry.deleted || entry.id < from) continue;
      if (entry.id > to || !f(EntryRef(chunk, entry))) return;
    }
  }
}

template <class F>
void Stream::for_each_backwards(const StreamId& from, const StreamId& to, F&& f) const {
  std::vector<StreamChunk::Entry> entries;
  StreamChunk::Entry entry;
  const size_t first = chunk_from(from);
  for (size_t i = std::min(chunk_from(to) + 1, chunks_.size()); i-- > first;) {
    const StreamChunk& chunk = *chunks_[i];
    entries.clear();
    for (StreamChunk::Reader reader(chunk); reader.next(entry) && entry.id <= to;) {
      if (!entry.deleted && entry.id >= from) entries.push_back(entry);
    }
    for (size_t k = entries.size(); k-- > 0;) {
      if (!f(EntryRef(chunk, entries[k]))) return;
    }
  }
}

}  // namespace scrubjay::objects
