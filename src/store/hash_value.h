// Hashes, whatever their encoding: a view for reading and an edit for writing. A small hash is a
// listpack in its entry (field, value, field, value ...), a large one or one with deadlines on
// fields an objects::Hash. For one command, under the key's lock.
#pragma once

#include <optional>

#include "objects/hash.h"
#include "objects/listpack.h"
#include "store/value_edit.h"

namespace scrubjay::store {

using objects::PackedItem;

inline PackedItem packed(std::string_view text) {
  return {text.data(), text.size()};
}

class HashView {
 public:
  static constexpr Type kType = Type::kHash;

  // nullptr is a hash without fields.
  explicit HashView(const Entry* entry) : entry_(entry) {}

  size_t size() const;
  // Views die with the next edit.
  std::optional<PackedItem> get(std::string_view field) const;
  bool contains(std::string_view field) const { return get(field).has_value(); }
  // f(PackedItem field, PackedItem value)
  template <class F>
  void for_each(F&& f) const {
    if (entry_ == nullptr) return;
    if (const auto* hash = object())
      return hash->for_each([&](const objects::Hash::Field& field) {
        f(packed(field.name()), packed(field.value()));
      });
    const objects::Listpack pack(entry_->string());
    for (size_t at = pack.begin(); at != pack.end();) {
      const PackedItem field = pack.read(at);
      const PackedItem value = pack.read(at);
      f(field, value);
    }
  }
  const Entry* entry() const { return entry_; }
  // nullptr while the hash is a listpack.
  const objects::Hash* object() const {
    return entry_ != nullptr && entry_->is_object() ? &entry_->object<objects::Hash>() : nullptr;
  }
  // The bytes of a listpack; only without an object.
  std::string_view bytes() const { return entry_->string(); }

 private:
  const Entry* entry_;
};

class HashEdit {
 public:
  static constexpr Type kType = Type::kHash;

  HashEdit(LockedKeys& keys, const Key& key) : value_(keys, key) {}

  HashView view() { return HashView(value_.entry()); }
  const Entry* entry() { return value_.entry(); }
  // Makes room for what a command is going to put: leaves the listpack if it is too long for it.
  void expect(std::span<const std::string_view> fields_and_values);
  // Returns whether the field is new. A deadline it had is gone unless `keep_deadline`.
  bool put(std::string_view field, std::string_view value, bool keep_deadline = false);
  bool erase(std::string_view field);
  // The field must exist. kNoDeadline takes the deadline away.
  void set_deadline(std::string_view field, int64_t deadline);
  int64_t deadline(std::string_view field);
  // Announces the event; if no field is left, the hash goes and says so.
  void announce(std::string_view event);
  // To be called when deadlines of fields may have changed, once all is done.
  void file_deadlines();

 private:
  objects::Hash* object();
  void unpack(Encoding encoding);

  ValueEdit value_;
};

}  // namespace scrubjay::store
