#include "objects/stream_chunk.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/memory.h"

namespace scrubjay::objects {
namespace {

constexpr size_t kVarintRoom = 10;

unsigned char byte_at(const char* p) {
  return static_cast<unsigned char>(*p);
}

// LEB128: groups of 7 bits, the lowest first; the top bit says that another group follows.
size_t write_varint(char* out, uint64_t value) {
  size_t size = 0;
  while (value >= 128) {
    out[size++] = static_cast<char>(value | 128);
    value >>= 7;
  }
  out[size++] = static_cast<char>(value);
  return size;
}
uint64_t read_varint(const char*& at) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const unsigned char group = byte_at(at++);
    value |= uint64_t{group & 127u} << shift;
    if (group < 128) return value;
  }
}
void skip_varint(const char*& at) {
  while (byte_at(at++) >= 128) {
  }
}

uint64_t zigzag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}
int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

// Writes into a buffer that is large enough.
class Writer {
 public:
  explicit Writer(char* out) : begin_(out), out_(out) {}

  size_t size() const { return static_cast<size_t>(out_ - begin_); }
  void byte(unsigned char value) { *out_++ = static_cast<char>(value); }
  void varint(uint64_t value) { out_ += write_varint(out_, value); }
  void bytes(std::string_view text) {
    std::memcpy(out_, text.data(), text.size());
    out_ += text.size();
  }
  void body(const PackedText& text) {
    const size_t size = packed_body_size(text);
    write_packed_body(out_, text, size);
    out_ += size;
  }

 private:
  char* begin_;
  char* out_;
};

size_t shared_prefix(std::string_view a, std::string_view b) {
  const size_t most = std::min(a.size(), b.size());
  size_t i = 0;
  while (i < most && a[i] == b[i]) ++i;
  return i;
}

void write_number(Writer& out, const PackedText& text, const PackedItem& pattern) {
  if (pattern.is_number()) {
    if (*text.number == pattern.number) return out.byte(stream_value::kSame);
    const auto difference = static_cast<int64_t>(static_cast<uint64_t>(*text.number) -
                                                 static_cast<uint64_t>(pattern.number));
    char digits[kVarintRoom];
    const size_t size = write_varint(digits, zigzag(difference));
    if (1 + size < packed_body_size(text)) {
      out.byte(stream_value::kDifference);
      return out.bytes({digits, size});
    }
  }
  out.body(text);
}

// The shortest way to write the value beside the template's.
void write_value(Writer& out, std::string_view value, const PackedItem& pattern) {
  const PackedText text(value);
  if (text.number) return write_number(out, text, pattern);
  if (pattern.is_number()) return out.body(text);
  const std::string_view model(pattern.bytes, pattern.size);
  constexpr size_t kLongestTail = 255;
  const size_t shared = std::min(shared_prefix(value, model), kLongestTail);
  if (shared == model.size() && shared == value.size() && shared > 0)
    return out.byte(stream_value::kSame);
  const std::string_view rest = value.substr(shared);
  if (shared > 1 && shared <= 16 && rest.size() < 16) {
    out.byte(stream_value::kShortTail);
    out.byte(static_cast<unsigned char>((shared - 1) << 4 | rest.size()));
    return out.bytes(rest);
  }
  if (shared > 2 && rest.size() <= kLongestTail) {
    out.byte(stream_value::kTail);
    out.byte(static_cast<unsigned char>(shared));
    out.byte(static_cast<unsigned char>(rest.size()));
    return out.bytes(rest);
  }
  out.body(text);
}

}  // namespace

namespace stream_value {

size_t size_at(const char* p) {
  switch (byte_at(p)) {
    case kSame:
      return 1;
    case kShortTail:
      return 2 + (byte_at(p + 1) & 15u);
    case kTail:
      return 3 + size_t{byte_at(p + 2)};
    case kDifference: {
      const char* at = p + 1;
      skip_varint(at);
      return static_cast<size_t>(at - p);
    }
    default:
      return packed_body_size_at(p);
  }
}

}  // namespace stream_value

namespace {

// Room that is enough for the pairs, however they are written.
size_t room_for(std::span<const std::string_view> fields_and_values) {
  size_t room = 1 + 3 * kVarintRoom;
  for (const std::string_view text : fields_and_values) room += text.size() + kVarintRoom;
  return room;
}

// A buffer for one entry; small ones stay in the thread.
class Scratch {
 public:
  explicit Scratch(size_t room) {
    constexpr size_t kKept = 64 * 1024;
    thread_local std::vector<char> kept;
    std::vector<char>& bytes = room <= kKept ? kept : own_;
    if (bytes.size() < room) bytes.resize(room);
    data_ = bytes.data();
  }
  char* data() { return data_; }

 private:
  std::vector<char> own_;
  char* data_ = nullptr;
};

}  // namespace

StreamChunk::StreamChunk(const StreamId& id, std::span<const std::string_view> fields_and_values)
    : first_(id), last_(id), count_(1), live_(1) {
  Scratch scratch(room_for(fields_and_values));
  Writer out(scratch.data());
  pairs_ = static_cast<uint32_t>(fields_and_values.size() / 2);
  for (size_t i = 0; i < fields_and_values.size(); i += 2)
    out.body(PackedText(fields_and_values[i]));
  entries_ = static_cast<uint32_t>(out.size());
  out.byte(0);
  template_ = static_cast<uint32_t>(out.size());
  for (size_t i = 1; i < fields_and_values.size(); i += 2)
    out.body(PackedText(fields_and_values[i]));
  bytes_ = OwnBytes({scratch.data(), out.size()});
}

StreamChunk StreamChunk::clone() const {
  StreamChunk copy;
  copy.first_ = first_;
  copy.last_ = last_;
  copy.bytes_ = OwnBytes(bytes_.view());
  copy.count_ = count_;
  copy.live_ = live_;
  copy.pairs_ = pairs_;
  copy.names_ = names_;
  copy.entries_ = entries_;
  copy.template_ = template_;
  return copy;
}

size_t StreamChunk::memory_bytes() const {
  return good_size(bytes_.size());
}

void StreamChunk::append(const StreamId& id, std::span<const std::string_view> fields_and_values) {
  Scratch scratch(room_for(fields_and_values));
  Writer out(scratch.data());
  const size_t pairs = fields_and_values.size() / 2;

  bool own_fields = pairs != pairs_;
  const char* name = data() + names_;
  for (size_t i = 0; i < pairs && !own_fields; ++i) {
    const std::string_view field = fields_and_values[2 * i];
    const PackedItem expected = read_packed_body(name);
    own_fields = expected.is_number() ? !(expected == PackedText(field))
                                      : field != std::string_view(expected.bytes, expected.size);
    name += packed_body_size_at(name);
  }

  const uint64_t ms = id.ms - last_.ms;
  const uint64_t seq = ms == 0 ? id.seq - last_.seq - 1 : id.seq;
  unsigned head = own_fields ? kOwnFields : 0;
  if (seq != 0) head |= kHasSeq;
  head |= static_cast<unsigned>(std::min(ms, kMsFollows)) << kMsShift;
  out.byte(static_cast<unsigned char>(head));
  if (ms >= kMsFollows) out.varint(ms);
  if (seq != 0) out.varint(seq);

  if (own_fields) {
    out.varint(pairs);
    for (const std::string_view text : fields_and_values) out.body(PackedText(text));
  } else {
    const char* value = data() + template_;
    for (size_t i = 0; i < pairs; ++i) {
      write_value(out, fields_and_values[2 * i + 1], read_packed_body(value));
      value += packed_body_size_at(value);
    }
  }
  std::memcpy(bytes_.splice(bytes_.size(), 0, out.size()), scratch.data(), out.size());
  last_ = id;
  ++count_;
  ++live_;
}

bool StreamChunk::Reader::next(Entry& entry) {
  const char* const begin = chunk_.data();
  if (at_ >= chunk_.bytes_.size()) return false;
  const char* at = begin + at_;
  const unsigned head = byte_at(at++);
  entry.at = at_;
  entry.deleted = head & kDeleted;
  entry.own_fields = head & kOwnFields;
  uint64_t ms = head >> kMsShift;
  if (ms == kMsFollows) ms = read_varint(at);
  const uint64_t seq = head & kHasSeq ? read_varint(at) : 0;
  id_ = ms == 0 ? StreamId{id_.ms, id_.seq + 1 + seq} : StreamId{id_.ms + ms, seq};
  entry.id = id_;
  entry.pairs = entry.own_fields ? static_cast<uint32_t>(read_varint(at)) : chunk_.pairs_;
  entry.body = static_cast<uint32_t>(at - begin);
  const uint32_t values = entry.own_fields ? 2 * entry.pairs : entry.pairs;
  for (uint32_t i = 0; i < values; ++i) at += stream_value::size_at(at);
  at_ = static_cast<uint32_t>(at - begin);
  return true;
}

std::string_view StreamChunk::read_value(const char*& at, const char* template_value,
                                         std::string& scratch) const {
  constexpr size_t kDigits = kInt64Digits;
  char digits[kDigits];
  const char* const head = at;
  at += stream_value::size_at(head);
  const auto number = [&](int64_t value) -> std::string_view {
    scratch.assign(digits, write_int64(value, digits));
    return scratch;
  };
  const auto joined = [&](size_t shared, const char* rest, size_t size) -> std::string_view {
    scratch.assign(read_packed_body(template_value).bytes, shared);
    scratch.append(rest, size);
    return scratch;
  };
  switch (byte_at(head)) {
    case stream_value::kShortTail:
      return joined((byte_at(head + 1) >> 4) + 1u, head + 2, byte_at(head + 1) & 15u);
    case stream_value::kTail:
      return joined(byte_at(head + 1), head + 3, byte_at(head + 2));
    case stream_value::kDifference: {
      const char* behind = head + 1;
      const auto difference = static_cast<uint64_t>(unzigzag(read_varint(behind)));
      const auto base = static_cast<uint64_t>(read_packed_body(template_value).number);
      return number(static_cast<int64_t>(base + difference));
    }
    default: {
      const PackedItem item =
          read_packed_body(byte_at(head) == stream_value::kSame ? template_value : head);
      if (item.is_number()) return number(item.number);
      return {item.bytes, item.size};
    }
  }
}

void StreamChunk::mark_deleted(uint32_t at) {
  bytes_.data()[at] = static_cast<char>(byte_at(data() + at) | kDeleted);
  --live_;
}

void StreamChunk::compact() {
  std::vector<std::string> texts;
  std::vector<std::string_view> views;
  StreamChunk fresh;
  Entry entry;
  for (Reader reader(*this); reader.next(entry);) {
    if (entry.deleted) continue;
    texts.clear();
    for_each_pair(entry, [&](std::string_view field, std::string_view value) {
      texts.emplace_back(field);
      texts.emplace_back(value);
    });
    views.assign(texts.begin(), texts.end());
    if (fresh.count_ == 0)
      fresh = StreamChunk(entry.id, views);
    else
      fresh.append(entry.id, views);
  }
  *this = std::move(fresh);
}

void StreamChunk::check_invariants() const {
  uint32_t all = 0;
  uint32_t living = 0;
  StreamId last;
  Entry entry;
  for (Reader reader(*this); reader.next(entry); last = entry.id) {
    if (all++ > 0 && entry.id <= last) std::abort();
    if (!entry.deleted) ++living;
    size_t pairs = 0;
    for_each_pair(entry, [&](std::string_view, std::string_view) { ++pairs; });
    if (pairs != entry.pairs) std::abort();
  }
  if (all != count_ || living != live_ || last != last_) std::abort();
}

}  // namespace scrubjay::objects
