// A value that is being edited: the entry of one key, made when something is put into it and
// dropped when it has become empty. To the compact encodings it is the buffer of their bytes. Made
// by the typed edits (hash_value.h and its kin) for one command; the key's stripe must be held.
#pragma once

#include "objects/byte_buffer.h"
#include "store/locked_keys.h"

namespace scrubjay::store {

class ValueEdit final : public objects::ByteBuffer {
 public:
  ValueEdit(LockedKeys& keys, const Key& key);

  // nullptr if there is none. The address dies with the next edit.
  Entry* entry();
  bool exists() { return entry() != nullptr; }

  void create(Type type, Encoding encoding, std::string_view bytes);
  void create(Type type, Encoding encoding, void* object);
  // Compact bytes give way to an object; the key's deadline stays.
  void become(Encoding encoding, void* object);
  // An object gives way to compact bytes.
  void become(Encoding encoding, std::string_view bytes);
  void erase();
  // Deadlines of fields have changed.
  void file_fields();

  std::string_view view() const override {
    refresh();
    return found_.entry->string();
  }
  char* splice(size_t at, size_t removed, size_t inserted) override;

  // Announces the event; a collection that was emptied goes, and says so.
  void announce(std::string_view event) { keys_.announce(event, key_); }
  void announce_aside(std::string_view event) { keys_.announce_aside(event, key_); }

  LockedKeys& keys() { return keys_; }
  const Key& key() const { return key_; }

 private:
  void refresh() const;
  void put(Entry* entry);

  LockedKeys& keys_;
  const Key key_;
  Stripe& stripe_;
  mutable LockedKeys::Found found_;
  mutable uint64_t generation_ = 0;
};

}  // namespace scrubjay::store
