// Lists, whatever their encoding: a view for reading and an edit for writing. A small list is a
// listpack in its entry, a large one an objects::List. For one command, under the key's lock.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "objects/list.h"
#include "objects/listpack.h"
#include "store/hash_value.h"
#include "store/value_edit.h"

namespace scrubjay::store {

enum class End : uint8_t { kFront, kBack };

class ListView {
 public:
  static constexpr Type kType = Type::kList;

  // nullptr is a list without elements.
  explicit ListView(const Entry* entry) : entry_(entry) {}

  size_t size() const;
  // Precondition: index < size(). The item dies with the next call and the next edit.
  PackedItem at(size_t index) const;
  PackedItem at(End end) const;
  // f(PackedItem) -> bool, from `index` on to the back; stops at false.
  template <class F>
  void for_each(size_t index, F&& f) const {
    if (index >= size()) return;
    if (const auto* list = object())
      return list->for_each(index, [&](std::string_view text) { return f(packed(text)); });
    const objects::Listpack pack(entry_->string());
    for (size_t at = pack.at_index(index); at != pack.end();) {
      if (!f(pack.read(at))) return;
    }
  }
  // The same from `index` on to the front.
  template <class F>
  void for_each_backwards(size_t index, F&& f) const {
    if (index >= size()) return;
    if (const auto* list = object())
      return list->for_each_backwards(index,
                                      [&](std::string_view text) { return f(packed(text)); });
    const objects::Listpack pack(entry_->string());
    for (size_t at = pack.at_index(index);; at = pack.previous(at)) {
      if (!f(pack.item(at)) || at == pack.begin()) return;
    }
  }
  const objects::List* object() const {
    return entry_ != nullptr && entry_->is_object() ? &entry_->object<objects::List>() : nullptr;
  }
  const Entry* entry() const { return entry_; }

 private:
  const Entry* entry_;
  mutable std::string scratch_;
};

class ListEdit {
 public:
  static constexpr Type kType = Type::kList;

  ListEdit(LockedKeys& keys, const Key& key) : value_(keys, key) {}

  ListView view() { return ListView(value_.entry()); }
  const Entry* entry() { return value_.entry(); }
  bool exists() { return value_.exists(); }
  // Makes room for what a command is going to put: leaves the listpack if it is too long for it.
  void expect(std::span<const std::string_view> elements);
  void push(End end, std::string_view text);
  void pop(End end) { end == End::kFront ? erase(0, 1) : erase(view().size() - 1, 1); }
  void set(size_t index, std::string_view text);
  // Before the element that is at `index` now.
  void insert(size_t index, std::string_view text);
  void erase(size_t first, size_t count);
  // Removes elements equal to `text`, at most `most` (0: all); returns how many.
  size_t remove(std::string_view text, size_t most, End from);
  // Announces the event; if no element is left, the list goes and says so. Elements were removed:
  // a list that has become short turns into a listpack again.
  void announce(std::string_view event);

 private:
  objects::List* object();
  void create();
  void unpack();
  bool too_large(size_t bytes, size_t count, size_t divisor = 1);
  void pack_if_short();

  ValueEdit value_;
};

}  // namespace scrubjay::store
