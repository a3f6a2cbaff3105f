// Sets, whatever their encoding: a view for reading and an edit for writing. A small set of numbers
// is an intset in its entry, another small set a listpack, a large one an objects::Set. For one
// command, under the key's lock.
#pragma once

#include "objects/intset.h"
#include "objects/listpack.h"
#include "objects/set.h"
#include "store/hash_value.h"
#include "store/value_edit.h"

namespace scrubjay::store {

class SetView {
 public:
  static constexpr Type kType = Type::kSet;

  // nullptr is a set without members.
  explicit SetView(const Entry* entry) : entry_(entry) {}

  size_t size() const;
  bool contains(std::string_view member) const;
  // f(PackedItem)
  template <class F>
  void for_each(F&& f) const {
    for_some([&](const PackedItem& member) {
      f(member);
      return true;
    });
  }
  // f(PackedItem) -> bool; stops at false where the encoding allows it.
  template <class F>
  void for_some(F&& f) const {
    if (entry_ == nullptr) return;
    switch (entry_->encoding()) {
      case Encoding::kIntset: {
        const objects::Intset set(entry_->string());
        for (size_t i = 0; i < set.count(); ++i) {
          if (!f(PackedItem{.number = set.at(i)})) return;
        }
        return;
      }
      case Encoding::kListpack: {
        const objects::Listpack pack(entry_->string());
        for (size_t at = pack.begin(); at != pack.end();) {
          if (!f(pack.read(at))) return;
        }
        return;
      }
      default: {
        const auto& set = entry_->object<objects::Set>();
        uint64_t cursor = 0;
        bool more = true;
        do
          cursor = set.scan(cursor, 1,
                            [&](std::string_view member) { more = more && f(packed(member)); });
        while (cursor != 0 && more);
      }
    }
  }
  // Each is as likely as any other; the set must not be empty.
  PackedItem random() const;
  const objects::Set* object() const {
    return entry_ != nullptr && entry_->is_object() ? &entry_->object<objects::Set>() : nullptr;
  }
  const Entry* entry() const { return entry_; }

 private:
  const Entry* entry_;
};

class SetEdit {
 public:
  static constexpr Type kType = Type::kSet;

  SetEdit(LockedKeys& keys, const Key& key) : value_(keys, key) {}

  SetView view() { return SetView(value_.entry()); }
  const Entry* entry() { return value_.entry(); }
  // So many members are going to be put, `first` before all others.
  void expect(std::string_view first, size_t count);
  // Returns whether the member is new.
  bool insert(std::string_view member);
  bool erase(std::string_view member);
  void erase_all() { value_.erase(); }
  // Announces the event; if no member is left, the set goes and says so.
  void announce(std::string_view event);

 private:
  void unpack();
  bool insert_into_intset(std::string_view member);
  bool insert_into_listpack(std::string_view member);

  ValueEdit value_;
};

}  // namespace scrubjay::store
