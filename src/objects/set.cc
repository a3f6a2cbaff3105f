#include "objects/set.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "base/burial.h"
#include "base/memory.h"

namespace scrubjay::objects {

Set::Member* Set::Member::make(std::string_view text) {
  const bool is_long = text.size() >= kLong;
  const size_t header = is_long ? 5 : 1;
  char* const bytes = static_cast<char*>(std::malloc(header + text.size()));
  if (bytes == nullptr) throw std::bad_alloc();
  bytes[0] = static_cast<char>(is_long ? kLong : text.size());
  if (is_long) {
    const auto size = static_cast<uint32_t>(text.size());
    std::memcpy(bytes + 1, &size, sizeof size);
  }
  std::memcpy(bytes + header, text.data(), text.size());
  return reinterpret_cast<Member*>(bytes);
}

std::string_view Set::Member::long_text() const {
  const char* const bytes = reinterpret_cast<const char*>(this);
  uint32_t size;
  std::memcpy(&size, bytes + 1, sizeof size);
  return {bytes + 5, size};
}

size_t Set::Member::heap_bytes() const {
  const size_t size = text().size();
  return good_size(size + (size >= kLong ? 5 : 1));
}

Set::~Set() {
  Burial burial(table_.size(), &std::free);
  table_.clear([&](Member* member) { burial.add(member); });
}

bool Set::insert(std::string_view member) {
  const uint64_t hash = hash_of(member);
  if (find(member, hash)) return false;
  Member* const fresh = Member::make(member);
  member_bytes_ += fresh->heap_bytes();
  table_.insert(hash, fresh);
  return true;
}

bool Set::erase(std::string_view member) {
  const Table::Slot slot = find(member);
  if (!slot) return false;
  Member* const gone = table_.erase(slot);
  member_bytes_ -= gone->heap_bytes();
  std::free(gone);
  return true;
}

std::unique_ptr<Set> Set::clone() const {
  auto copy = std::make_unique<Set>();
  for_each([&](std::string_view member) { copy->insert(member); });
  return copy;
}

void Set::check_invariants() const {
  table_.check_invariants();
  size_t bytes = 0;
  table_.for_each([&](const Member* member) { bytes += member->heap_bytes(); });
  if (bytes != member_bytes_) std::abort();
}

}  // namespace scrubjay::objects
