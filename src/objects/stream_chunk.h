// Some consecutive entries of a stream in one dense run of bytes, written at the end and read from
// the start. What entries have in common is written once, with the first of them, the template:
//
//   field count, field names, then the entries:
//   head byte [ms][seq][field count] values, or field and value by turns
//
// The head says whether the entry was deleted, whether it has the template's fields, and how its id
// follows from the one before; mostly it is all there is of the id. A value that begins like the
// template's value of the same field holds only what differs; a number may be given as a
// difference. So values can be skipped, and read, without those before them.
//
// Used under the lock of the stream's key.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "objects/byte_buffer.h"
#include "objects/listpack.h"
#include "objects/stream_id.h"

namespace scrubjay::objects {

class StreamChunk {
 public:
  // The entry gives the chunk its fields. `fields_and_values` by turns, at least one pair.
  StreamChunk(const StreamId& id, std::span<const std::string_view> fields_and_values);
  StreamChunk(StreamChunk&&) noexcept = default;
  StreamChunk& operator=(StreamChunk&&) noexcept = default;
  StreamChunk clone() const;

  const StreamId& first_id() const { return first_; }  // of the first entry, deleted or not
  const StreamId& last_id() const { return last_; }    // of the last one, deleted or not
  uint32_t count() const { return count_; }            // with the deleted ones
  uint32_t live() const { return live_; }
  size_t bytes() const { return bytes_.size(); }
  size_t memory_bytes() const;

  // The id must be above last_id().
  void append(const StreamId& id, std::span<const std::string_view> fields_and_values);

  struct Entry {
    StreamId id;
    bool deleted = false;
    bool own_fields = false;
    uint32_t pairs = 0;
    uint32_t at = 0;    // offset of the head
    uint32_t body = 0;  // offset of the first value, or of the first own field
  };
  // All entries, the deleted ones too, in order.
  class Reader {
   public:
    explicit Reader(const StreamChunk& chunk)
        : chunk_(chunk), at_(chunk.entries_), id_{chunk.first_.ms, chunk.first_.seq - 1} {}
    bool next(Entry& entry);

   private:
    const StreamChunk& chunk_;
    uint32_t at_;
    StreamId id_;
  };

  // f(std::string_view field, std::string_view value); the views die with the next call.
  template <class F>
  void for_each_pair(const Entry& entry, F&& f) const;

  // Marks the entry at this offset (Entry::at) as deleted. It must not be deleted yet.
  void mark_deleted(uint32_t at);
  // Writes the entries anew without the deleted ones; at least one must be live.
  void compact();

  // Aborts if a count or an id is wrong.
  void check_invariants() const;

 private:
  StreamChunk() = default;
  static constexpr unsigned char kDeleted = 1;
  static constexpr unsigned char kOwnFields = 2;
  static constexpr unsigned char kHasSeq = 4;
  static constexpr unsigned kMsShift = 3;
  static constexpr uint64_t kMsFollows = 31;  // in the head's upper five bits

  // Reads a value; one that depends on the template's value is made in `scratch`.
  std::string_view read_value(const char*& at, const char* template_value,
                              std::string& scratch) const;

  const char* data() const { return bytes_.view().data(); }

  StreamId first_;
  StreamId last_;
  OwnBytes bytes_;
  uint32_t count_ = 0;
  uint32_t live_ = 0;
  uint32_t pairs_ = 0;     // fields of the template
  uint32_t names_ = 0;     // offset of their names
  uint32_t entries_ = 0;   // offset of the first entry
  uint32_t template_ = 0;  // offset of its values
};

// -- the encoding of values ----------------------------------------------------------------------
namespace stream_value {

// Heads behind those of listpack bodies.
inline constexpr unsigned char kSame = 0xf5;        // the template's value
inline constexpr unsigned char kShortTail = 0xf6;   // 4 bits shared - 1, 4 bits rest; the rest
inline constexpr unsigned char kTail = 0xf7;        // a byte shared, a byte rest; the rest
inline constexpr unsigned char kDifference = 0xf8;  // zigzag varint to the template's number

// Bytes of the encoded value at p.
size_t size_at(const char* p);

}  // namespace stream_value

template <class F>
void StreamChunk::for_each_pair(const Entry& entry, F&& f) const {
  thread_local std::string scratch;
  char field_digits[kInt64Digits];
  const char* at = data() + entry.body;
  if (entry.own_fields) {
    for (uint32_t i = 0; i < entry.pairs; ++i) {
      const std::string_view field = read_packed_body(at).text(field_digits);
      at += packed_body_size_at(at);
      f(field, read_value(at, nullptr, scratch));
    }
    return;
  }
  const char* name = data() + names_;
  const char* value = data() + template_;
  for (uint32_t i = 0; i < pairs_; ++i) {
    const std::string_view field = read_packed_body(name).text(field_digits);
    name += packed_body_size_at(name);
    f(field, read_value(at, value, scratch));
    value += packed_body_size_at(value);
  }
}

}  // namespace scrubjay::objects
