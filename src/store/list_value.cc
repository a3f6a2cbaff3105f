#include "store/list_value.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

namespace scrubjay::store {

using objects::List;
using objects::Listpack;
using objects::PackedText;

size_t ListView::size() const {
  if (entry_ == nullptr) return 0;
  if (const List* list = object()) return list->size();
  return Listpack(entry_->string()).count();
}

PackedItem ListView::at(size_t index) const {
  if (const List* list = object()) return packed(list->at(index, scratch_));
  const Listpack pack(entry_->string());
  return pack.item(pack.at_index(index));
}

PackedItem ListView::at(End end) const {
  if (const List* list = object()) return packed(end == End::kFront ? list->front() : list->back());
  const Listpack pack(entry_->string());
  return pack.item(end == End::kFront ? pack.begin() : pack.previous(pack.end()));
}

List* ListEdit::object() {
  Entry* const entry = value_.entry();
  return entry != nullptr && entry->is_object() ? &entry->object<List>() : nullptr;
}

void ListEdit::create() {
  value_.create(Type::kList, Encoding::kListpack, objects::empty_listpack());
}

void ListEdit::unpack() {
  auto list = std::make_unique<List>();
  char digits[kInt64Digits];
  view().for_each(0, [&](const PackedItem& item) {
    list->push_back(item.text(digits));
    return true;
  });
  value_.become(Encoding::kQuicklist, list.release());
}

// list-max-listpack-size: so many elements, or -1 to -5 for 4, 8, 16, 32, 64 kb.
bool ListEdit::too_large(size_t bytes, size_t count, size_t divisor) {
  constexpr size_t kSafeBytes = 8192;
  constexpr std::array<size_t, 5> kBytes{4096, 8192, 16384, 32768, 65536};
  const int64_t limit = value_.keys().keyspace().limits.list_size;
  if (limit < 0) {
    const auto level = static_cast<size_t>(std::min<int64_t>(-limit, kBytes.size()));
    return bytes > kBytes[level - 1] / divisor;
  }
  const auto most = static_cast<size_t>(std::max<int64_t>(limit, 1)) / divisor;
  return bytes > kSafeBytes / divisor || count > most;
}

void ListEdit::expect(std::span<const std::string_view> elements) {
  Entry* const entry = value_.entry();
  if (entry != nullptr && entry->is_object()) return;
  size_t bytes = entry != nullptr ? entry->string().size() : 0;
  const size_t count = view().size() + elements.size();
  for (const std::string_view text : elements) bytes += text.size();
  if (!too_large(bytes, count)) return;
  if (entry == nullptr)
    value_.create(Type::kList, Encoding::kQuicklist, new List);
  else
    unpack();
}

void ListEdit::push(End end, std::string_view text) {
  if (!value_.exists()) create();
  if (List* list = object())
    return end == End::kFront ? list->push_front(text) : list->push_back(text);
  if (end == End::kFront)
    objects::listpack_insert(value_, Listpack::kHeader, PackedText(text));
  else
    objects::listpack_append(value_, PackedText(text));
}

void ListEdit::set(size_t index, std::string_view text) {
  const std::array<std::string_view, 1> one{text};
  expect(one);
  if (List* list = object()) return list->set(index, text);
  objects::listpack_replace(value_, Listpack(value_.view()).at_index(index), PackedText(text));
}

void ListEdit::insert(size_t index, std::string_view text) {
  const std::array<std::string_view, 1> one{text};
  expect(one);
  if (List* list = object()) return list->insert(index, text);
  objects::listpack_insert(value_, Listpack(value_.view()).at_index(index), PackedText(text));
}

void ListEdit::erase(size_t first, size_t count) {
  if (count == 0) return;
  if (List* list = object()) {
    if (count == 1 && first == 0) return list->pop_front();
    if (count == 1 && first + 1 == list->size()) return list->pop_back();
    return list->erase(first, count);
  }
  objects::listpack_erase(value_, Listpack(value_.view()).at_index(first), count);
}

size_t ListEdit::remove(std::string_view text, size_t most, End from) {
  if (!value_.exists()) return 0;
  if (List* list = object()) return list->remove(text, most, from == End::kBack);
  const PackedText wanted(text);
  if (most == 0) most = std::numeric_limits<size_t>::max();
  size_t removed = 0;
  if (from == End::kFront) {
    for (size_t at = Listpack::kHeader; removed < most;) {
      const Listpack pack(value_.view());
      at = pack.find(wanted, at);
      if (at == pack.end()) break;
      objects::listpack_erase(value_, at);
      ++removed;
    }
    return removed;
  }
  size_t at = Listpack(value_.view()).end();
  while (at != Listpack::kHeader && removed < most) {
    const Listpack pack(value_.view());
    at = pack.previous(at);
    if (!(pack.item(at) == wanted)) continue;
    objects::listpack_erase(value_, at);
    ++removed;
  }
  return removed;
}

void ListEdit::pack_if_short() {
  List* const list = object();
  if (list == nullptr) return;
  constexpr size_t kPerElement = 2;
  const size_t bytes = Listpack::kEmptySize + list->text_bytes() + kPerElement * list->size();
  if (too_large(bytes, list->size(), 2)) return;
  objects::OwnBytes pack(objects::empty_listpack());
  list->for_each(0, [&](std::string_view text) {
    objects::listpack_append(pack, PackedText(text));
    return true;
  });
  value_.become(Encoding::kListpack, pack.view());
}

void ListEdit::announce(std::string_view event) {
  value_.announce(event);
  if (view().size() == 0) {
    value_.erase();
    value_.announce("del");
    return;
  }
  pack_if_short();
}

}  // namespace scrubjay::store
