#include "store/value_edit.h"

#include "store/access.h"

namespace scrubjay::store {

ValueEdit::ValueEdit(LockedKeys& keys, const Key& key)
    : keys_(keys), key_(key), stripe_(keys.held_stripe(key)) {
  found_ = keys.locate_live(stripe_, keys.database_, key);
  generation_ = keys.generation_;
  if (found_.entry != nullptr && keys.touching_)
    keys.touch(found_, key.hash, detail::KeyUse::kWrite);
}

// Another edit may have moved the slots of the table.
void ValueEdit::refresh() const {
  if (generation_ == keys_.generation_) return;
  found_ = keys_.locate(stripe_, keys_.database_, key_);
  generation_ = keys_.generation_;
}

Entry* ValueEdit::entry() {
  refresh();
  return found_.entry;
}

void ValueEdit::put(Entry* entry) {
  entry->set_access(new_access(keys_.now_ms_, keys_.keyspace_.policy));
  keys_.insert(stripe_, keys_.database_, key_, entry);
  refresh();
}

void ValueEdit::create(Type type, Encoding encoding, std::string_view bytes) {
  put(Entry::make({key_.text, type, encoding}, bytes));
}
void ValueEdit::create(Type type, Encoding encoding, void* object) {
  put(Entry::make({key_.text, type, encoding}, object));
}

void ValueEdit::become(Encoding encoding, void* object) {
  refresh();
  Entry* const old = found_.entry;
  Entry* const fresh = Entry::make({key_.text, old->type(), encoding, old->deadline()}, object);
  fresh->set_access(old->access());
  keys_.replace(stripe_, key_, found_, fresh);
  found_.entry = fresh;
}

void ValueEdit::become(Encoding encoding, std::string_view bytes) {
  refresh();
  Entry* const old = found_.entry;
  Entry* const fresh = Entry::make({key_.text, old->type(), encoding, old->deadline()}, bytes);
  fresh->set_access(old->access());
  keys_.replace(stripe_, key_, found_, fresh);
  found_.entry = fresh;
}

void ValueEdit::erase() {
  refresh();
  if (found_.entry == nullptr) return;
  keys_.bury(keys_.detach(found_));
  found_ = {};
  generation_ = keys_.generation_;
}

void ValueEdit::file_fields() {
  refresh();
  found_.shelf->file_fields(found_.entry);
  keys_.plan(stripe_, found_.shelf->field_wheel.next_due());
}

char* ValueEdit::splice(size_t at, size_t removed, size_t inserted) {
  refresh();
  Entry* const moved = Entry::splice(found_.entry, at, removed, inserted);
  if (moved != found_.entry) {
    found_.shelf->table.replace(found_.slot, key_.hash, moved);
    if (moved->has_deadline()) found_.shelf->wheel.relocate(moved);
    found_.entry = moved;
  }
  return moved->writable_string() + at;
}

}  // namespace scrubjay::store
