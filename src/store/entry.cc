#include "store/entry.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/memory.h"
#include "base/number.h"
#include "objects/hash.h"
#include "objects/hyperloglog.h"
#include "objects/list.h"
#include "objects/set.h"
#include "objects/sorted_set.h"
#include "objects/stream.h"

namespace scrubjay::store {

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kString:
      return "string";
    case Type::kList:
      return "list";
    case Type::kSet:
      return "set";
    case Type::kHash:
      return "hash";
    case Type::kSortedSet:
      return "zset";
    case Type::kStream:
      return "stream";
  }
  return "none";
}

std::string_view encoding_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::kInt:
      return "int";
    case Encoding::kEmbstr:
      return "embstr";
    case Encoding::kRaw:
      return "raw";
    case Encoding::kListpack:
      return "listpack";
    case Encoding::kIntset:
      return "intset";
    case Encoding::kQuicklist:
      return "quicklist";
    case Encoding::kHashtable:
      return "hashtable";
    case Encoding::kSkiplist:
      return "skiplist";
    case Encoding::kStream:
      return "stream";
    case Encoding::kListpackEx:
      return "listpackex";
  }
  return "raw";
}

namespace {

// Calls f(object) with the object's own class.
template <class F>
auto visit_object(const Entry& entry, F&& f) {
  switch (entry.type()) {
    case Type::kList:
      return f(entry.object<objects::List>());
    case Type::kSet:
      return f(entry.object<objects::Set>());
    case Type::kHash:
      return f(entry.object<objects::Hash>());
    case Type::kSortedSet:
      return f(entry.object<objects::SortedSet>());
    case Type::kStream:
      return f(entry.object<objects::Stream>());
    case Type::kString:
      break;
  }
  std::abort();
}

}  // namespace

Encoding encoding_for(std::string_view value) {
  const bool may_be_number = !value.empty() && value.size() <= kInt64Digits &&
                             (value[0] == '-' || (value[0] >= '0' && value[0] <= '9'));
  if (may_be_number && parse_int64(value)) return Encoding::kInt;
  return value.size() <= kMaxEmbstr ? Encoding::kEmbstr : Encoding::kRaw;
}

Entry* Entry::allocate(const Head& head, size_t value_room) {
  const bool timed = head.deadline != kNoDeadline;
  const bool long_key = head.key.size() > UINT8_MAX;
  const size_t size =
      kHeader + (timed ? 12 : 0) + (long_key ? 4 : 0) + head.key.size() + value_room;
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  Entry* entry = static_cast<Entry*>(memory);
  entry->kind_ = static_cast<uint8_t>(static_cast<uint8_t>(head.type) |
                                      static_cast<uint8_t>(head.encoding) << 4);
  entry->flags_ = static_cast<uint8_t>((timed ? kHasDeadline : 0) | (long_key ? kLongKey : 0));
  entry->key_size_ = static_cast<uint8_t>(long_key ? 0 : head.key.size());
  entry->set_access(0);
  entry->value_size_ = 0;
  if (timed) {
    entry->set_deadline(head.deadline);
    entry->set_wheel_place(0);
  }
  if (long_key) entry->store(entry->after_optional(), static_cast<uint32_t>(head.key.size()));
  std::memcpy(entry->bytes() + entry->key_offset(), head.key.data(), head.key.size());
  return entry;
}

Entry* Entry::make(const Head& head, std::string_view value) {
  if (value.size() >= kBlockSize) return make(head, SharedBytes::copy_of(value));
  Entry* entry = allocate(head, value.size());
  entry->value_size_ = static_cast<uint16_t>(value.size());
  std::memcpy(entry->bytes() + entry->value_offset(), value.data(), value.size());
  return entry;
}

Entry* Entry::make(const Head& head, SharedBytes block) {
  Entry* entry = allocate(head, sizeof(void*));
  entry->put_block(std::move(block));
  return entry;
}

Entry* Entry::make(const Head& head, void* object) {
  Entry* entry = allocate(head, sizeof(void*));
  entry->flags_ |= kObject;
  entry->store(entry->value_offset(), object);
  return entry;
}

Entry* Entry::clone(std::string_view key, int64_t deadline) const {
  const Head head{key, type(), encoding(), deadline};
  Entry* copy = nullptr;
  if (is_object()) {
    void* object =
        visit_object(*this, [](const auto& own) -> void* { return own.clone().release(); });
    copy = make(head, object);
  } else {
    copy = is_block() ? make(head, block()) : make(head, string());
  }
  copy->set_access(access());
  return copy;
}

Entry* Entry::rebuild(Entry* entry, std::string_view key, int64_t deadline) {
  const Head head{key, entry->type(), entry->encoding(), deadline};
  Entry* moved = nullptr;
  if (entry->is_object())
    moved = make(head, entry->load<void*>(entry->value_offset()));
  else
    moved = entry->is_block() ? make(head, entry->take_block()) : make(head, entry->string());
  moved->set_access(entry->access());
  std::free(entry);
  return moved;
}

void Entry::destroy(Entry* entry) {
  if (entry->is_block()) entry->take_block();
  if (entry->is_object()) visit_object(*entry, [](auto& object) { delete &object; });
  std::free(entry);
}

Entry* Entry::move_densely(Entry* entry) {
  const size_t size = entry->total_size();
  void* const memory = allocate_densely(size);
  if (memory == nullptr) return entry;
  std::memcpy(memory, static_cast<void*>(entry), size);
  free_densely(entry);
  return static_cast<Entry*>(memory);
}

bool Entry::hash_is_timed() const {
  return object<objects::Hash>().timed_fields() > 0;
}

bool Entry::prefetch_value(const Touch& touch) const {
  constexpr size_t kLine = 64;
  if (is_object() || is_block()) {
    const char* const object = load<const char*>(value_offset());
    __builtin_prefetch(object);
    __builtin_prefetch(object + kLine);
    return true;
  }
  prefetch_in_string(touch);
  return false;
}

void Entry::prefetch_in_string(const Touch& touch) const {
  const std::string_view bytes = string();
  if (touch.byte < bytes.size()) __builtin_prefetch(bytes.data() + touch.byte);
  for (const auto element : touch.members) objects::hyperloglog_prefetch(bytes, element);
}

void Entry::prefetch_inside(const Touch& touch) const {
  switch (type()) {
    case Type::kList:
      return object<objects::List>().prefetch_ends();
    case Type::kSet:
      for (const auto member : touch.members) object<objects::Set>().prefetch(member);
      return;
    case Type::kHash:
      for (const auto field : touch.members) object<objects::Hash>().prefetch(field);
      return;
    case Type::kSortedSet:
      for (const auto member : touch.members) object<objects::SortedSet>().prefetch(member);
      return;
    case Type::kString:
      return prefetch_in_string(touch);
    case Type::kStream:
      return;
  }
}

size_t Entry::free_effort() const {
  if (!is_object()) return 1;
  return visit_object(*this, [](const auto& object) { return object.size(); });
}

void Entry::put_block(SharedBytes block) {
  flags_ |= kBlock;
  store(value_offset(), block.release());
}

SharedBytes Entry::take_block() {
  flags_ &= static_cast<uint8_t>(~kBlock);
  return SharedBytes::adopt(load<void*>(value_offset()));
}

SharedBytes Entry::block() const {
  SharedBytes own = SharedBytes::adopt(load<void*>(value_offset()));
  SharedBytes reference = own;
  own.release();
  return reference;
}

std::string_view Entry::block_view() const {
  SharedBytes own = SharedBytes::adopt(load<void*>(value_offset()));
  const std::string_view view = own.view();
  own.release();
  return view;
}

bool Entry::assign_in_place(std::string_view value) {
  if (is_block() || value.size() >= kBlockSize) return false;
  const size_t needed = value_offset() + value.size();
  if (value.size() != value_size_ && good_size(needed) != good_size(total_size())) return false;
  std::memcpy(bytes() + value_offset(), value.data(), value.size());
  value_size_ = static_cast<uint16_t>(value.size());
  return true;
}

char* Entry::writable_string() {
  if (!is_block()) return bytes() + value_offset();
  SharedBytes block = take_block();
  if (!block.unique()) block = SharedBytes::copy_of(block.view());
  char* data = block.data();
  put_block(std::move(block));
  return data;
}

Entry* Entry::resize_string(Entry* entry, size_t size) {
  const size_t old_size = entry->string().size();
  if (entry->is_block()) {
    SharedBytes block = entry->take_block();
    if (!block.unique() || block.capacity() < size) {
      // Doubling, as strings that grow tend to grow again; from a megabyte on by a megabyte.
      const size_t room = size <= old_size ? size : size + std::min<size_t>(size, 1 << 20);
      SharedBytes larger = SharedBytes::with_capacity(room);
      std::memcpy(larger.data(), block.data(), std::min(old_size, size));
      block = std::move(larger);
    }
    if (size > old_size) std::memset(block.data() + old_size, 0, size - old_size);
    block.set_size(size);
    entry->put_block(std::move(block));
    return entry;
  }
  if (size < kBlockSize) {
    const size_t needed = entry->value_offset() + size;
    if (good_size(needed) != good_size(entry->total_size())) {
      void* moved = std::realloc(static_cast<void*>(entry), needed);
      if (moved == nullptr) throw std::bad_alloc();
      entry = static_cast<Entry*>(moved);
    }
    if (size > old_size)
      std::memset(entry->bytes() + entry->value_offset() + old_size, 0, size - old_size);
    entry->value_size_ = static_cast<uint16_t>(size);
    return entry;
  }
  // A value that has begun to grow tends to go on; a new one gets what it asks for.
  SharedBytes block = SharedBytes::with_capacity(old_size == 0 ? size : size + size / 2);
  std::memcpy(block.data(), entry->string().data(), old_size);
  std::memset(block.data() + old_size, 0, size - old_size);
  block.set_size(size);
  Entry* moved =
      make({entry->key(), entry->type(), entry->encoding(), entry->deadline()}, std::move(block));
  moved->set_access(entry->access());
  if (entry->has_deadline()) moved->set_wheel_place(entry->wheel_place());
  destroy(entry);
  return moved;
}

Entry* Entry::splice(Entry* entry, size_t at, size_t removed, size_t inserted) {
  const size_t old_size = entry->string().size();
  const size_t tail = old_size - at - removed;
  if (inserted < removed) {
    char* const bytes = entry->writable_string();
    std::memmove(bytes + at + inserted, bytes + at + removed, tail);
  }
  if (inserted != removed) entry = resize_string(entry, old_size - removed + inserted);
  if (inserted > removed) {
    char* const bytes = entry->writable_string();
    std::memmove(bytes + at + inserted, bytes + at + removed, tail);
  }
  return entry;
}

void Entry::check_invariants() const {
  if (is_object()) visit_object(*this, [](const auto& object) { object.check_invariants(); });
}

size_t Entry::memory_bytes() const {
  if (is_object()) {
    return good_size(total_size()) +
           visit_object(*this, [](const auto& object) { return object.memory_bytes(); });
  }
  return good_size(total_size()) + (is_block() ? good_size(block_view().size() + 24) : 0);
}

}  // namespace scrubjay::store
