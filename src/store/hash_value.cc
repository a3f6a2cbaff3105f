#include "store/hash_value.h"

#include <memory>

namespace scrubjay::store {

using objects::Hash;
using objects::Listpack;
using objects::PackedText;

size_t HashView::size() const {
  if (entry_ == nullptr) return 0;
  if (const Hash* hash = object()) return hash->size();
  return Listpack(entry_->string()).count() / 2;
}

std::optional<PackedItem> HashView::get(std::string_view field) const {
  if (entry_ == nullptr) return std::nullopt;
  if (const Hash* hash = object()) {
    const Hash::Field* const found = hash->find(field);
    if (found == nullptr) return std::nullopt;
    return packed(found->value());
  }
  const Listpack pack(entry_->string());
  const size_t at = pack.find(PackedText(field), pack.begin(), 2);
  if (at == pack.end()) return std::nullopt;
  return pack.item(pack.next(at));
}

Hash* HashEdit::object() {
  Entry* const entry = value_.entry();
  return entry != nullptr && entry->is_object() ? &entry->object<Hash>() : nullptr;
}

void HashEdit::unpack(Encoding encoding) {
  auto hash = std::make_unique<Hash>(value_.keys().now_ms());
  char field_digits[kInt64Digits];
  char value_digits[kInt64Digits];
  view().for_each([&](const PackedItem& field, const PackedItem& value) {
    hash->put(field.text(field_digits), value.text(value_digits));
  });
  value_.become(encoding, hash.release());
}

void HashEdit::expect(std::span<const std::string_view> fields_and_values) {
  const CompactLimits& limits = value_.keys().keyspace().limits;
  size_t total = 0;
  bool too_long = false;
  for (const std::string_view text : fields_and_values) {
    too_long |= text.size() > limits.hash_value;
    total += text.size();
  }
  constexpr size_t kSafeListpack = 1u << 30;
  if (!too_long && total < kSafeListpack) return;
  Entry* const entry = value_.entry();
  if (entry == nullptr)
    value_.create(Type::kHash, Encoding::kHashtable, new Hash(value_.keys().now_ms()));
  else if (!entry->is_object())
    unpack(Encoding::kHashtable);
  else
    entry->set_encoding(Encoding::kHashtable);
}

bool HashEdit::put(std::string_view field, std::string_view value, bool keep_deadline) {
  const auto most = static_cast<size_t>(value_.keys().keyspace().limits.hash_entries);
  if (!value_.exists()) value_.create(Type::kHash, Encoding::kListpack, objects::empty_listpack());
  if (Hash* hash = object()) {
    int64_t deadline = Hash::kNoDeadline;
    if (keep_deadline) {
      if (const Hash::Field* old = hash->find(field)) deadline = old->deadline();
    }
    const bool fresh = hash->put(field, value, deadline);
    if (hash->size() > most) value_.entry()->set_encoding(Encoding::kHashtable);
    return fresh;
  }
  const uint64_t longest = value_.keys().keyspace().limits.hash_value;
  if (field.size() > longest || value.size() > longest) {
    unpack(Encoding::kHashtable);
    return object()->put(field, value);
  }
  const PackedText packed_value(value);
  const PackedText packed_field(field);
  const Listpack pack(value_.view());
  const size_t at = pack.find(packed_field, pack.begin(), 2);
  if (at != pack.end()) {
    objects::listpack_replace(value_, pack.next(at), packed_value);
    if (Listpack(value_.view()).count() / 2 > most) unpack(Encoding::kHashtable);
    return false;
  }
  objects::listpack_append(value_, packed_field);
  objects::listpack_append(value_, packed_value);
  if (Listpack(value_.view()).count() / 2 > most) unpack(Encoding::kHashtable);
  return true;
}

bool HashEdit::erase(std::string_view field) {
  if (!value_.exists()) return false;
  if (Hash* hash = object()) return hash->erase(field);
  const Listpack pack(value_.view());
  const size_t at = pack.find(PackedText(field), pack.begin(), 2);
  if (at == pack.end()) return false;
  objects::listpack_erase(value_, at, 2);
  return true;
}

int64_t HashEdit::deadline(std::string_view field) {
  const Hash* const hash = object();
  const Hash::Field* const found = hash != nullptr ? hash->find(field) : nullptr;
  return found != nullptr ? found->deadline() : kNoDeadline;
}

void HashEdit::set_deadline(std::string_view field, int64_t deadline) {
  if (object() == nullptr) {
    if (deadline == kNoDeadline) return;
    unpack(Encoding::kListpackEx);
  }
  object()->set_deadline(field, deadline);
}

void HashEdit::file_deadlines() {
  if (object() != nullptr) value_.file_fields();
}

void HashEdit::announce(std::string_view event) {
  value_.announce(event);
  if (view().size() > 0) return;
  value_.erase();
  value_.announce("del");
}

}  // namespace scrubjay::store
