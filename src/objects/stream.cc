#include "objects/stream.h"

#include <cstdlib>

namespace scrubjay::objects {
namespace {

// Offsets in a chunk have 32 bits.
constexpr size_t kLargestChunk = 1u << 30;
// A chunk is written anew when more than half of so many entries were deleted.
constexpr uint32_t kWorthCompacting = 16;

bool is_full(const StreamChunk& chunk, size_t added_bytes, const StreamLimits& limits) {
  const size_t bytes = chunk.bytes() + added_bytes;
  return (limits.chunk_entries != 0 && chunk.count() >= limits.chunk_entries) ||
         (limits.chunk_bytes != 0 && bytes >= limits.chunk_bytes) || bytes > kLargestChunk;
}

}  // namespace

std::unique_ptr<Stream> Stream::clone() const {
  auto copy = std::make_unique<Stream>();
  for (const auto& chunk : chunks_)
    copy->chunks_.push_back(std::make_unique<StreamChunk>(chunk->clone()));
  copy->length_ = length_;
  copy->first_id_ = first_id_;
  copy->last_id_ = last_id_;
  copy->max_deleted_id_ = max_deleted_id_;
  copy->entries_added_ = entries_added_;
  for (const auto& [name, group] : groups_) copy->groups_.emplace(name, group->clone());
  return copy;
}

void Stream::append(const StreamId& id, std::span<const std::string_view> fields_and_values,
                    const StreamLimits& limits) {
  size_t bytes = 0;
  for (const std::string_view text : fields_and_values) bytes += text.size();
  if (chunks_.empty() || is_full(*chunks_.back(), bytes, limits))
    chunks_.push_back(std::make_unique<StreamChunk>(id, fields_and_values));
  else
    chunks_.back()->append(id, fields_and_values);
  if (length_++ == 0) first_id_ = id;
  ++entries_added_;
  last_id_ = id;
}

size_t Stream::chunk_from(const StreamId& id) const {
  if (chunks_.size() > 1 && (*(chunks_.end() - 2))->last_id() < id)
    return chunks_.back()->last_id() < id ? chunks_.size() : chunks_.size() - 1;
  const auto found = std::partition_point(chunks_.begin(), chunks_.end(),
                                          [&](const auto& chunk) { return chunk->last_id() < id; });
  return static_cast<size_t>(found - chunks_.begin());
}

bool Stream::contains(const StreamId& id) const {
  return visit(id, [](const EntryRef&) {});
}

void Stream::mark_deleted(size_t index, uint32_t at) {
  StreamChunk& chunk = *chunks_[index];
  chunk.mark_deleted(at);
  --length_;
  if (chunk.live() == 0)
    chunks_.erase(chunks_.begin() + static_cast<ptrdiff_t>(index));
  else if (chunk.count() >= kWorthCompacting && 2 * chunk.live() < chunk.count())
    chunk.compact();
}

void Stream::find_first_id() {
  first_id_ = {};
  for_each({}, StreamId::max(), [&](const EntryRef& entry) {
    first_id_ = entry.id();
    return false;
  });
}

bool Stream::erase(const StreamId& id) {
  const size_t index = chunk_from(id);
  if (index == chunks_.size()) return false;
  StreamChunk::Entry entry;
  for (StreamChunk::Reader reader(*chunks_[index]); reader.next(entry) && entry.id <= id;) {
    if (entry.id != id || entry.deleted) continue;
    mark_deleted(index, entry.at);
    max_deleted_id_ = std::max(max_deleted_id_, id);
    if (id == first_id_) find_first_id();
    return true;
  }
  return false;
}

uint64_t Stream::trim(const StreamTrim& trim) {
  const uint64_t before = length_;
  const auto stays = [&](const StreamId& id) { return !trim.length && id >= trim.below; };
  while (!chunks_.empty() && (!trim.length || length_ > *trim.length)) {
    StreamChunk& chunk = *chunks_.front();
    if (trim.limit != 0 && before - length_ + chunk.live() > trim.limit) break;
    const bool whole =
        trim.length ? length_ - chunk.live() >= *trim.length : chunk.last_id() < trim.below;
    if (whole) {
      length_ -= chunk.live();
      chunks_.pop_front();
      continue;
    }
    if (trim.approximate) break;
    std::vector<uint32_t> doomed;
    uint64_t left = length_;
    StreamChunk::Entry entry;
    for (StreamChunk::Reader reader(chunk); reader.next(entry);) {
      if (entry.deleted) continue;
      if (trim.length ? left <= *trim.length : stays(entry.id)) break;
      doomed.push_back(entry.at);
      --left;
    }
    // The last mark may write the chunk anew, or drop it: the offsets are dead then.
    for (const uint32_t at : doomed) {
      if (at != doomed.back()) {
        chunk.mark_deleted(at);
        --length_;
      } else {
        mark_deleted(0, at);
      }
    }
    break;
  }
  if (length_ != before) find_first_id();
  return before - length_;
}

std::vector<StreamId> Stream::doomed_by(const StreamTrim& trim) const {
  std::vector<StreamId> doomed;
  uint64_t left = length_;
  StreamChunk::Entry entry;
  for (const auto& chunk : chunks_) {
    if (trim.length && left <= *trim.length) break;
    if (trim.limit != 0 && doomed.size() + chunk->live() > trim.limit) break;
    const bool whole =
        trim.length ? left - chunk->live() >= *trim.length : chunk->last_id() < trim.below;
    if (!whole && trim.approximate) break;
    for (StreamChunk::Reader reader(*chunk); reader.next(entry);) {
      if (entry.deleted) continue;
      if (trim.length ? left <= *trim.length : entry.id >= trim.below) break;
      doomed.push_back(entry.id);
      --left;
    }
    if (!whole) break;
  }
  return doomed;
}

std::optional<StreamId> Stream::last_entry_id() const {
  if (chunks_.empty()) return std::nullopt;
  const StreamChunk& chunk = *chunks_.back();
  if (chunk.live() == chunk.count()) return chunk.last_id();
  std::optional<StreamId> last;
  for_each_backwards({}, StreamId::max(), [&](const EntryRef& entry) {
    last = entry.id();
    return false;
  });
  return last;
}

ConsumerGroup* Stream::find_group(std::string_view name) const {
  const auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : found->second.get();
}

ConsumerGroup& Stream::add_group(std::string_view name, const StreamId& last_id,
                                 int64_t entries_read) {
  return *groups_.emplace(std::string(name), std::make_unique<ConsumerGroup>(last_id, entries_read))
              .first->second;
}

bool Stream::remove_group(std::string_view name) {
  const auto found = groups_.find(name);
  if (found == groups_.end()) return false;
  groups_.erase(found);
  return true;
}

std::optional<uint64_t> Stream::rank_of(const StreamId& id) const {
  if (entries_added_ == 0) return 0;
  if (id > last_id_) return std::nullopt;
  if (length_ == 0 || id == last_id_) return entries_added_;
  const bool deleted_within = !max_deleted_id_.is_zero() && max_deleted_id_ >= first_id_;
  if (deleted_within) return std::nullopt;
  if (id < first_id_) return entries_added_ - length_;
  if (id == first_id_) return entries_added_ - length_ + 1;
  return std::nullopt;
}

bool Stream::has_deleted_behind(const StreamId& id) const {
  if (length_ == 0 || max_deleted_id_.is_zero()) return false;
  return max_deleted_id_ >= first_id_ && max_deleted_id_ >= id;
}

std::optional<uint64_t> Stream::lag_of(const ConsumerGroup& group) const {
  if (entries_added_ == 0 || length_ == 0) return 0;
  // What was trimmed without being delivered is not lagging any more.
  if (group.last_id < first_id_ && max_deleted_id_ < first_id_) return length_;
  if (group.entries_read != ConsumerGroup::kUnknown && !has_deleted_behind(group.last_id))
    return entries_added_ - static_cast<uint64_t>(group.entries_read);
  const auto rank = rank_of(group.last_id);
  if (!rank) return std::nullopt;
  return entries_added_ - *rank;
}

void Stream::advance(ConsumerGroup& group, const StreamId& id) const {
  if (id <= group.last_id) return;
  if (group.entries_read != ConsumerGroup::kUnknown && !has_deleted_behind(group.last_id) &&
      group.last_id >= first_id_) {
    ++group.entries_read;
  } else if (entries_added_ != 0) {
    const auto rank = rank_of(id);
    group.entries_read = rank ? static_cast<int64_t>(*rank) : ConsumerGroup::kUnknown;
  }
  group.last_id = id;
}

size_t Stream::memory_bytes() const {
  size_t bytes = sizeof *this + chunks_.size() * (sizeof(StreamChunk) + sizeof(void*));
  for (const auto& chunk : chunks_) bytes += chunk->memory_bytes();
  for (const auto& [name, group] : groups_) bytes += name.size() + group->memory_bytes();
  return bytes;
}

void Stream::check_invariants() const {
  uint64_t living = 0;
  std::optional<StreamId> last;
  for (const auto& chunk : chunks_) {
    chunk->check_invariants();
    if (chunk->live() == 0 || (last && *last >= chunk->first_id())) std::abort();
    last = chunk->last_id();
    living += chunk->live();
  }
  if (living != length_ || (last && *last > last_id_)) std::abort();
  StreamId first;
  for_each({}, StreamId::max(), [&](const EntryRef& entry) {
    first = entry.id();
    return false;
  });
  if (first != first_id_) std::abort();
  for (const auto& [name, group] : groups_) group->check_invariants();
}

}  // namespace scrubjay::objects
