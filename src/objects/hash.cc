#include "objects/hash.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "base/burial.h"
#include "base/memory.h"

namespace scrubjay::objects {

size_t Hash::Field::bytes_for(std::string_view name, std::string_view value, bool timed) {
  const bool is_long = name.size() > UINT8_MAX || value.size() > UINT8_MAX;
  return 1 + (timed ? 12 : 0) + (is_long ? 8 : 2) + name.size() + value.size();
}

Hash::Field* Hash::Field::make(std::string_view name, std::string_view value, int64_t deadline) {
  const bool timed = deadline != kNoDeadline;
  const bool is_long = name.size() > UINT8_MAX || value.size() > UINT8_MAX;
  void* const memory = std::malloc(bytes_for(name, value, timed));
  if (memory == nullptr) throw std::bad_alloc();
  Field* const field = static_cast<Field*>(memory);
  field->flags_ = static_cast<uint8_t>((timed ? kTimed : 0) | (is_long ? kLong : 0));
  if (timed) field->set_deadline(deadline);
  char* out = field->bytes() + field->sizes_offset();
  if (is_long) {
    const uint32_t sizes[2] = {static_cast<uint32_t>(name.size()),
                               static_cast<uint32_t>(value.size())};
    std::memcpy(out, sizes, sizeof sizes);
    out += sizeof sizes;
  } else {
    *out++ = static_cast<char>(name.size());
    *out++ = static_cast<char>(value.size());
  }
  std::memcpy(out, name.data(), name.size());
  std::memcpy(out + name.size(), value.data(), value.size());
  return field;
}

size_t Hash::Field::heap_bytes() const {
  return good_size(bytes_for(name(), value(), is_timed()));
}

Hash::~Hash() {
  Burial burial(table_.size(), &std::free);
  table_.clear([&](Field* field) { burial.add(field); });
}

void Hash::file(Field* field) {
  if (!wheel_) wheel_ = std::make_unique<Wheel>(created_ms_);
  wheel_->add(field);
}

void Hash::discard(Field* field) {
  if (field->is_timed()) wheel_->remove(field);
  field_bytes_ -= field->heap_bytes();
  std::free(field);
}

bool Hash::put(std::string_view name, std::string_view value, int64_t deadline) {
  const uint64_t hash = hash_of(name);
  const Table::Slot slot = locate(name, hash);
  if (slot && deadline == kNoDeadline && !slot.get()->is_timed() &&
      slot.get()->value().size() == value.size()) {
    std::memcpy(const_cast<char*>(slot.get()->value().data()), value.data(), value.size());
    return false;
  }
  Field* const fresh = Field::make(name, value, deadline);
  field_bytes_ += fresh->heap_bytes();
  if (slot) {
    Field* const old = slot.get();
    table_.replace(slot, hash, fresh);
    discard(old);
  } else {
    table_.insert(hash, fresh);
  }
  if (fresh->is_timed()) file(fresh);
  return !slot;
}

bool Hash::erase(std::string_view name) {
  const Table::Slot slot = locate(name, hash_of(name));
  if (!slot) return false;
  discard(table_.erase(slot));
  return true;
}

void Hash::set_deadline(std::string_view name, int64_t deadline) {
  const uint64_t hash = hash_of(name);
  const Table::Slot slot = locate(name, hash);
  Field* const old = slot.get();
  if (old->is_timed() && deadline != kNoDeadline) {
    wheel_->remove(old);
    old->set_deadline(deadline);
    wheel_->add(old);
    return;
  }
  Field* const fresh = Field::make(old->name(), old->value(), deadline);
  field_bytes_ += fresh->heap_bytes();
  table_.replace(slot, hash, fresh);
  discard(old);
  if (fresh->is_timed()) file(fresh);
}

size_t Hash::expire(int64_t now_ms, size_t budget) {
  if (!wheel_) return 0;
  thread_local std::vector<Field*> due;
  due.clear();
  wheel_->advance(now_ms, budget, [](Field* field) { due.push_back(field); });
  for (Field* field : due) {
    table_.erase(table_.find(hash_of(field->name()),
                             [field](const Field* other) { return other == field; }));
    field_bytes_ -= field->heap_bytes();
    std::free(field);
  }
  return due.size();
}

size_t Hash::memory_bytes() const {
  return sizeof *this + table_.memory_bytes() + field_bytes_ +
         (wheel_ ? sizeof *wheel_ + wheel_->memory_bytes() : 0);
}

std::unique_ptr<Hash> Hash::clone() const {
  auto copy = std::make_unique<Hash>(created_ms_);
  for_each([&](const Field& field) { copy->put(field.name(), field.value(), field.deadline()); });
  return copy;
}

void Hash::check_invariants() const {
  table_.check_invariants();
  size_t bytes = 0;
  size_t timed = 0;
  for_each([&](const Field& field) {
    bytes += field.heap_bytes();
    timed += field.is_timed() ? 1 : 0;
  });
  if (bytes != field_bytes_ || timed != timed_fields()) std::abort();
  if (wheel_) wheel_->check_invariants();
}

}  // namespace scrubjay::objects
