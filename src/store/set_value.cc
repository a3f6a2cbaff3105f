#include "store/set_value.h"

#include <memory>

#include "base/random.h"

namespace scrubjay::store {

using objects::Intset;
using objects::Listpack;
using objects::PackedText;
using objects::Set;

size_t SetView::size() const {
  if (entry_ == nullptr) return 0;
  if (const Set* set = object()) return set->size();
  return entry_->encoding() == Encoding::kIntset ? Intset(entry_->string()).count()
                                                 : Listpack(entry_->string()).count();
}

bool SetView::contains(std::string_view member) const {
  if (entry_ == nullptr) return false;
  if (const Set* set = object()) return set->contains(member);
  const PackedText text(member);
  if (entry_->encoding() == Encoding::kIntset)
    return text.number && Intset(entry_->string()).contains(*text.number);
  const Listpack pack(entry_->string());
  return pack.find(text, pack.begin()) != pack.end();
}

PackedItem SetView::random() const {
  Random& random = thread_random();
  if (const Set* set = object()) return packed(set->random(random));
  const size_t index = random.below(size());
  if (entry_->encoding() == Encoding::kIntset)
    return {.number = Intset(entry_->string()).at(index)};
  const Listpack pack(entry_->string());
  return pack.item(pack.at_index(index));
}

void SetEdit::expect(std::string_view first, size_t count) {
  const CompactLimits& limits = value_.keys().keyspace().limits;
  const auto intset_most = static_cast<size_t>(limits.intset_entries);
  const auto listpack_most = static_cast<size_t>(limits.set_entries);
  Entry* const entry = value_.entry();
  if (entry == nullptr) {
    if (PackedText(first).number && count <= intset_most)
      value_.create(Type::kSet, Encoding::kIntset, objects::empty_intset());
    else if (count <= listpack_most)
      value_.create(Type::kSet, Encoding::kListpack, objects::empty_listpack());
    else
      value_.create(Type::kSet, Encoding::kHashtable, new Set);
    return;
  }
  if (entry->encoding() == Encoding::kIntset ? count > intset_most
                                             : !entry->is_object() && count > listpack_most) {
    unpack();
  }
}

void SetEdit::unpack() {
  auto set = std::make_unique<Set>();
  char digits[kInt64Digits];
  view().for_each([&](const PackedItem& member) { set->insert(member.text(digits)); });
  value_.become(Encoding::kHashtable, set.release());
}

bool SetEdit::insert(std::string_view member) {
  if (!value_.exists()) expect(member, 1);
  Entry* const entry = value_.entry();
  if (entry->is_object()) return entry->object<Set>().insert(member);
  return entry->encoding() == Encoding::kIntset ? insert_into_intset(member)
                                                : insert_into_listpack(member);
}

bool SetEdit::insert_into_intset(std::string_view member) {
  const CompactLimits& limits = value_.keys().keyspace().limits;
  const PackedText text(member);
  if (text.number) {
    if (!objects::intset_insert(value_, *text.number)) return false;
    constexpr size_t kMostInts = 1u << 30;
    const size_t most = std::min(static_cast<size_t>(limits.intset_entries), kMostInts);
    if (Intset(value_.view()).count() > most) unpack();
    return true;
  }
  // The first member that is no number: the numbers become text.
  const Intset set(value_.view());
  size_t longest = 0;
  if (set.count() > 0) {
    char digits[kInt64Digits];
    longest =
        std::max(write_int64(set.at(0), digits), write_int64(set.at(set.count() - 1), digits));
  }
  const bool fits = set.count() < static_cast<size_t>(limits.set_entries) &&
                    member.size() <= limits.set_value && longest <= limits.set_value;
  if (!fits) {
    unpack();
    return value_.entry()->object<Set>().insert(member);
  }
  objects::OwnBytes pack(objects::empty_listpack());
  char digits[kInt64Digits];
  view().for_each([&](const PackedItem& number) {
    objects::listpack_append(pack, PackedText(number.text(digits)));
  });
  objects::listpack_append(pack, text);
  value_.become(Encoding::kListpack, pack.view());
  return true;
}

bool SetEdit::insert_into_listpack(std::string_view member) {
  const CompactLimits& limits = value_.keys().keyspace().limits;
  const Listpack pack(value_.view());
  const PackedText text(member);
  if (pack.find(text, pack.begin()) != pack.end()) return false;
  if (pack.count() < static_cast<size_t>(limits.set_entries) && member.size() <= limits.set_value) {
    objects::listpack_append(value_, text);
    return true;
  }
  unpack();
  return value_.entry()->object<Set>().insert(member);
}

bool SetEdit::erase(std::string_view member) {
  Entry* const entry = value_.entry();
  if (entry == nullptr) return false;
  if (entry->is_object()) return entry->object<Set>().erase(member);
  const PackedText text(member);
  if (entry->encoding() == Encoding::kIntset)
    return text.number && objects::intset_erase(value_, *text.number);
  const Listpack pack(value_.view());
  const size_t at = pack.find(text, pack.begin());
  if (at == pack.end()) return false;
  objects::listpack_erase(value_, at);
  return true;
}

void SetEdit::announce(std::string_view event) {
  value_.announce(event);
  if (view().size() > 0) return;
  value_.erase();
  value_.announce("del");
}

}  // namespace scrubjay::store
