// Streams: a view for reading and an edit for writing. A stream is always an objects::Stream, even
// an empty one. For one command, under the key's lock.
#pragma once

#include "objects/stream.h"
#include "store/value_edit.h"

namespace scrubjay::store {

class StreamView {
 public:
  static constexpr Type kType = Type::kStream;

  // nullptr is a key without a value.
  explicit StreamView(const Entry* entry) : entry_(entry) {}

  const objects::Stream* stream() const {
    return entry_ != nullptr ? &entry_->object<objects::Stream>() : nullptr;
  }

 private:
  const Entry* entry_;
};

class StreamEdit {
 public:
  static constexpr Type kType = Type::kStream;

  StreamEdit(LockedKeys& keys, const Key& key) : value_(keys, key) {}

  const Entry* entry() { return value_.entry(); }
  // nullptr if there is none. Its address stays.
  objects::Stream* stream() {
    Entry* const entry = value_.entry();
    return entry != nullptr ? &entry->object<objects::Stream>() : nullptr;
  }
  objects::Stream& get_or_create() {
    if (objects::Stream* present = stream()) return *present;
    value_.create(Type::kStream, Encoding::kStream, new objects::Stream);
    return *stream();
  }
  void announce(std::string_view event) { value_.announce(event); }
  // Of a write that readers of the entries don't see.
  void announce_aside(std::string_view event) { value_.announce_aside(event); }

 private:
  ValueEdit value_;
};

}  // namespace scrubjay::store
