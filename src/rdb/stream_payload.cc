#include "rdb/stream_payload.h"

namespace scrubjay::rdb {

using objects::Consumer;
using objects::ConsumerGroup;
using objects::Delivery;
using objects::Listpack;
using objects::OwnBytes;
using objects::PackedText;
using objects::Stream;
using objects::StreamChunk;
using objects::StreamId;

namespace {

// Flags of an entry in a listpack.
constexpr int64_t kDeletedEntry = 1;
constexpr int64_t kSameFields = 2;

constexpr size_t kIdBytes = 16;

std::string id_bytes(const StreamId& id) {
  std::string bytes;
  for (const uint64_t half : {id.ms, id.seq}) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(half >> shift);
  }
  return bytes;
}

StreamId id_of_bytes(std::string_view bytes) {
  if (bytes.size() != kIdBytes) throw Corrupt();
  uint64_t halves[2] = {0, 0};
  for (size_t i = 0; i < kIdBytes; ++i)
    halves[i / 8] = halves[i / 8] << 8 | static_cast<unsigned char>(bytes[i]);
  return {halves[0], halves[1]};
}

// -- reading -------------------------------------------------------------------------------------

class ItemReader {
 public:
  explicit ItemReader(std::string_view bytes) : pack_(bytes), at_(pack_.begin()) {}

  bool at_end() const { return at_ == pack_.end(); }
  int64_t number() {
    const objects::PackedItem item = next();
    if (!item.is_number()) throw Corrupt();
    return item.number;
  }
  // How many items are meant by the next one.
  size_t count() {
    const int64_t value = number();
    if (value < 0 || static_cast<uint64_t>(value) > items_left()) throw Corrupt();
    return static_cast<size_t>(value);
  }
  std::string text() {
    char digits[kInt64Digits];
    return std::string(next().text(digits));
  }

 private:
  // At most.
  size_t items_left() const { return pack_.end() - at_; }
  objects::PackedItem next() {
    if (at_end()) throw Corrupt();
    return pack_.read(at_);
  }

  Listpack pack_;
  size_t at_;
};

void read_entries(Stream& stream, const StreamId& base, const std::string& bytes) {
  if (!objects::is_listpack(bytes)) throw Corrupt();
  ItemReader in(bytes);
  const int64_t live = in.number();
  const int64_t deleted = in.number();
  std::vector<std::string> shared_fields(in.count());
  for (std::string& field : shared_fields) field = in.text();
  if (in.number() != 0) throw Corrupt();
  int64_t found_live = 0;
  int64_t found_deleted = 0;
  std::vector<std::string> texts;
  std::vector<std::string_view> views;
  while (!in.at_end()) {
    const int64_t flags = in.number();
    const auto ms = static_cast<uint64_t>(in.number());
    const auto seq = static_cast<uint64_t>(in.number());
    const StreamId id{base.ms + ms, base.seq + seq};
    const bool same_fields = flags & kSameFields;
    const size_t pairs = same_fields ? shared_fields.size() : in.count();
    texts.clear();
    for (size_t i = 0; i < pairs; ++i) {
      texts.push_back(same_fields ? shared_fields[i] : in.text());
      texts.push_back(in.text());
    }
    const auto items = static_cast<int64_t>(same_fields ? pairs + 3 : 2 * pairs + 4);
    if (in.number() != items || pairs == 0) throw Corrupt();
    if (flags & kDeletedEntry) {
      ++found_deleted;
      continue;
    }
    ++found_live;
    if (id <= stream.last_id()) throw Corrupt();
    views.assign(texts.begin(), texts.end());
    stream.append(id, views, {});
  }
  if (found_live != live || found_deleted != deleted) throw Corrupt();
}

StreamId read_id(PayloadInput& in) {
  const uint64_t ms = in.length();
  return {ms, in.length()};
}

void read_consumer(PayloadInput& in, ConsumerGroup& group, bool with_active_time) {
  const std::string name = in.string();
  if (group.find_consumer(name) != nullptr) throw Corrupt();
  Consumer& consumer = group.add_consumer(name, in.little<int64_t>());
  consumer.active_ms = with_active_time ? in.little<int64_t>() : consumer.seen_ms;
  for (uint64_t left = in.count(); left > 0; --left) {
    const StreamId id = id_of_bytes(in.take(kIdBytes));
    Delivery* const delivery = group.find_pending(id);
    if (delivery == nullptr || delivery->consumer != nullptr) throw Corrupt();
    delivery->consumer = &consumer;
    consumer.pending.insert(id, {});
  }
}

void read_group(PayloadInput& in, Stream& stream, unsigned code) {
  const std::string name = in.string();
  if (stream.find_group(name) != nullptr) throw Corrupt();
  const StreamId last_id = read_id(in);
  ConsumerGroup& group = stream.add_group(name, last_id, ConsumerGroup::kUnknown);
  if (code >= kStream2Code) {
    group.entries_read = static_cast<int64_t>(in.length());
  } else if (const auto rank = stream.rank_of(last_id)) {
    group.entries_read = static_cast<int64_t>(*rank);
  }
  for (uint64_t left = in.count(); left > 0; --left) {
    const StreamId id = id_of_bytes(in.take(kIdBytes));
    const auto delivered_ms = in.little<int64_t>();
    if (group.find_pending(id) != nullptr) throw Corrupt();
    group.pending().insert(id, {nullptr, delivered_ms, in.length()});
  }
  size_t owned = 0;
  for (uint64_t left = in.count(); left > 0; --left) read_consumer(in, group, code >= kStream3Code);
  for (const auto& [consumer_name, consumer] : group.consumers()) owned += consumer->pending.size();
  if (owned != group.pending().size()) throw Corrupt();
}

}  // namespace

std::unique_ptr<Stream> read_stream(PayloadInput& in, unsigned code) {
  auto stream = std::make_unique<Stream>();
  for (uint64_t left = in.count(); left > 0; --left) {
    const StreamId base = id_of_bytes(in.string());
    read_entries(*stream, base, in.string());
  }
  if (in.length() != stream->size()) throw Corrupt();
  const StreamId last_id = read_id(in);
  if (last_id < stream->last_id()) throw Corrupt();
  stream->set_last_id(last_id);
  if (code >= kStream2Code) {
    if (read_id(in) != stream->first_id()) throw Corrupt();
    stream->set_max_deleted_id(read_id(in));
    stream->set_entries_added(in.length());
  }
  for (uint64_t left = in.count(); left > 0; --left) read_group(in, *stream, code);
  return stream;
}

// -- writing -------------------------------------------------------------------------------------

namespace {

void append_number(OwnBytes& pack, uint64_t number) {
  char digits[kInt64Digits];
  const size_t size = write_int64(static_cast<int64_t>(number), digits);
  objects::listpack_append(pack, PackedText({digits, size}));
}

// A chunk as Redis writes it, without the deleted entries.
std::string listpack_of(const StreamChunk& chunk) {
  OwnBytes pack{objects::empty_listpack()};
  std::vector<std::string> fields;
  StreamChunk::Entry entry;
  for (StreamChunk::Reader reader(chunk); reader.next(entry);) {
    if (entry.deleted) continue;
    if (fields.empty()) {
      chunk.for_each_pair(
          entry, [&](std::string_view field, std::string_view) { fields.emplace_back(field); });
      append_number(pack, chunk.live());
      append_number(pack, 0);
      append_number(pack, fields.size());
      for (const std::string& field : fields) objects::listpack_append(pack, PackedText(field));
      append_number(pack, 0);
    }
    bool same_fields = fields.size() == entry.pairs;
    size_t i = 0;
    chunk.for_each_pair(entry, [&](std::string_view field, std::string_view) {
      same_fields = same_fields && field == fields[i++];
    });
    append_number(pack, same_fields ? kSameFields : 0);
    append_number(pack, entry.id.ms - chunk.first_id().ms);
    append_number(pack, entry.id.seq - chunk.first_id().seq);
    if (!same_fields) append_number(pack, entry.pairs);
    chunk.for_each_pair(entry, [&](std::string_view field, std::string_view value) {
      if (!same_fields) objects::listpack_append(pack, PackedText(field));
      objects::listpack_append(pack, PackedText(value));
    });
    append_number(pack, same_fields ? entry.pairs + 3 : 2 * entry.pairs + 4);
  }
  return std::string(pack.view());
}

void write_id(PayloadWriter& out, const StreamId& id) {
  out.count(id.ms);
  out.count(id.seq);
}

void write_group(PayloadWriter& out, std::string_view name, const ConsumerGroup& group) {
  out.string(name);
  write_id(out, group.last_id);
  out.count(static_cast<uint64_t>(group.entries_read));
  out.count(group.pending().size());
  group.pending().for_each_from({}, [&](const StreamId& id, const Delivery& delivery) {
    out.raw(id_bytes(id));
    out.number(delivery.delivered_ms);
    out.count(delivery.count);
    return true;
  });
  out.count(group.consumers().size());
  for (const auto& [consumer_name, consumer] : group.consumers()) {
    out.string(consumer_name);
    out.number(consumer->seen_ms);
    out.count(consumer->pending.size());
    consumer->pending.for_each_from({}, [&](const StreamId& id, const objects::Nothing&) {
      out.raw(id_bytes(id));
      return true;
    });
  }
}

}  // namespace

void write_stream(PayloadWriter& out, const Stream& stream) {
  out.begin(kStream2Code);
  out.count(stream.chunk_count());
  for (size_t i = 0; i < stream.chunk_count(); ++i) {
    out.string(id_bytes(stream.chunk(i).first_id()));
    out.string(listpack_of(stream.chunk(i)));
  }
  out.count(stream.size());
  write_id(out, stream.last_id());
  write_id(out, stream.first_id());
  write_id(out, stream.max_deleted_id());
  out.count(stream.entries_added());
  out.count(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) write_group(out, name, *group);
}

}  // namespace scrubjay::rdb
