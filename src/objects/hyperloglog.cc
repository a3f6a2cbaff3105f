#include "objects/hyperloglog.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>

#include "objects/hyperloglog_runs.h"

namespace scrubjay::objects {
namespace {

constexpr std::string_view kMagic = "HYLL";
constexpr size_t kEncodingAt = 4;
constexpr char kDense = 0;
constexpr char kSparse = 1;
constexpr size_t kEstimateAt = 8;
constexpr size_t kStaleAt = 15;
constexpr unsigned char kStaleBit = 0x80;

uint64_t load_word(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// The last 1 to 7 bytes as a number, the first of them lowest.
uint64_t last_bytes(std::string_view bytes, size_t count) {
  constexpr size_t kWord = sizeof(uint64_t);
  if (bytes.size() >= kWord)
    return load_word(bytes.data() + bytes.size() - kWord) >> (kWord - count) * 8;
  uint64_t word = 0;
  for (size_t i = 0; i < count; ++i)
    word |= uint64_t{static_cast<unsigned char>(bytes[bytes.size() - count + i])} << i * 8;
  return word;
}

// Austin Appleby's MurmurHash64A (public domain), with the seed that the format demands.
uint64_t murmur_hash(std::string_view bytes) {
  constexpr uint64_t kSeed = 0xadc83b19;
  constexpr uint64_t kFactor = 0xc6a4a7935bd1e995;
  constexpr int kShift = 47;
  const auto mix = [](uint64_t x) { return x ^ x >> kShift; };
  uint64_t hash = kSeed ^ bytes.size() * kFactor;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= sizeof hash; left -= sizeof hash, at += sizeof hash)
    hash = (hash ^ mix(load_word(at) * kFactor) * kFactor) * kFactor;
  if (left > 0) hash = (hash ^ last_bytes(bytes, left)) * kFactor;
  return mix(mix(hash) * kFactor);
}

// What an element, or another HyperLogLog, asks for: a register, and the least it has to hold.
struct Target {
  size_t index;
  unsigned value;
};

Target target_of(std::string_view element) {
  const uint64_t hash = murmur_hash(element);
  const uint64_t rest = hash / kHllRegisters | uint64_t{1} << kHllHashBits;
  return {hash % kHllRegisters, static_cast<unsigned>(std::countr_zero(rest)) + 1};
}

void make_stale(char* value) {
  value[kStaleAt] = static_cast<char>(value[kStaleAt] | kStaleBit);
}

// The whole value for writing; its size stays.
char* writable(ByteBuffer& buffer) {
  const size_t size = buffer.view().size();
  return buffer.splice(0, size, size);
}

// --- dense ---

// A register lies in at most two bytes. The last one has no byte behind it: there, and for all, the
// pair is chosen so that it ends within the registers.
struct PackedPlace {
  size_t byte;
  unsigned shift;
};
PackedPlace packed_place(size_t index) {
  const size_t bit = index * kHllRegisterBits;
  const size_t byte = std::min(bit / 8, kHllPackedBytes - 2);
  return {byte, static_cast<unsigned>(bit - byte * 8)};
}

HllEdit raise_dense(char* value, Target target) {
  constexpr unsigned kMask = (1u << kHllRegisterBits) - 1;
  const PackedPlace place = packed_place(target.index);
  char* const at = value + kHllHeader + place.byte;
  uint16_t pair;
  std::memcpy(&pair, at, sizeof pair);
  if ((pair >> place.shift & kMask) >= target.value) return HllEdit::kUnchanged;
  pair = static_cast<uint16_t>((pair & ~(kMask << place.shift)) | target.value << place.shift);
  std::memcpy(at, &pair, sizeof pair);
  make_stale(value);
  return HllEdit::kChanged;
}

// --- sparse ---

HllEdit raise_after_conversion(ByteBuffer& buffer, Target target) {
  if (!hyperloglog_make_dense(buffer)) return HllEdit::kCorrupt;
  return raise_dense(writable(buffer), target);
}

// Raises one register of a sparse value. The cursor must be fresh, or from the last call for a
// lower register of a value that nobody has changed since.
HllEdit raise_sparse(ByteBuffer& buffer, Target target, uint64_t limit, HllRunCursor& cursor) {
  if (target.value > kHllMaxSparseValue) return raise_after_conversion(buffer, target);
  const std::string_view bytes = buffer.view();
  const HllRunPlace place = hll_find_run(bytes, target.index, cursor);
  const HllRun& run = place.run;
  if (run.bytes == 0) return HllEdit::kCorrupt;
  // Joining may reach back to the last run, not to the one before it.
  cursor = place.before_last;
  if (run.value >= target.value) return HllEdit::kUnchanged;

  // The runs from the last one on, and behind the new ones as many as joining can look at.
  constexpr size_t kAhead = 12;
  char window[2 + 5 + kAhead];
  const size_t start = place.last.at;
  const size_t before = place.here.at - start;
  const size_t skipped = target.index - place.here.first;
  std::memcpy(window, bytes.data() + start, before);
  char* end = hll_write_run(window + before, run.value, skipped);
  end = hll_write_run(end, target.value, 1);
  end = hll_write_run(end, run.value, run.length - 1 - skipped);

  const size_t fresh = static_cast<size_t>(end - window) - before;
  if (fresh > run.bytes && bytes.size() + fresh - run.bytes > limit)
    return raise_after_conversion(buffer, target);
  const size_t behind_at = place.here.at + run.bytes;
  const size_t behind = std::min(kAhead, bytes.size() - behind_at);
  std::memcpy(end, bytes.data() + behind_at, behind);
  end = hll_join_runs(window, end + behind);

  const auto size = static_cast<size_t>(end - window);
  char* const written = buffer.splice(start, before + run.bytes + behind, size);
  std::memcpy(written, window, size);
  make_stale(written - start);
  return HllEdit::kChanged;
}

}  // namespace

bool is_hyperloglog(std::string_view bytes) {
  if (bytes.size() < kHllHeader || !bytes.starts_with(kMagic)) return false;
  if (bytes[kEncodingAt] == kDense) return bytes.size() == kHllDenseSize;
  return bytes[kEncodingAt] == kSparse;
}

std::string_view empty_hyperloglog() {
  static constexpr char kEmpty[] = {'H',     'Y',
                                    'L',     'L',
                                    kSparse, 0,
                                    0,       0,
                                    0,       0,
                                    0,       0,
                                    0,       0,
                                    0,       static_cast<char>(kStaleBit),
                                    0x7f,    static_cast<char>(0xff)};
  return {kEmpty, sizeof kEmpty};
}

template <class F>
bool HyperLogLog::for_each_run(F&& f) const {
  size_t registers = 0;
  for (size_t at = kHllHeader; at < bytes_.size();) {
    const HllRun run = hll_read_run(bytes_, at);
    f(run);
    registers += run.length;
    at += run.bytes;
  }
  return registers == kHllRegisters;
}

std::optional<uint64_t> HyperLogLog::stored_estimate() const {
  uint64_t estimate;
  std::memcpy(&estimate, bytes_.data() + kEstimateAt, sizeof estimate);
  if (static_cast<unsigned char>(bytes_[kStaleAt]) & kStaleBit) return std::nullopt;
  return estimate;
}

bool HyperLogLog::raise(HllRegisters& registers) const {
  if (is_dense()) {
    hll_raise(registers, bytes_.data() + kHllHeader);
    return true;
  }
  size_t index = 0;
  return for_each_run([&](const HllRun& run) {
    if (run.value > 0 && index + run.length <= kHllRegisters) {
      for (size_t i = index; i < index + run.length; ++i)
        registers[i] = std::max(registers[i], static_cast<uint8_t>(run.value));
    }
    index += run.length;
  });
}

std::optional<uint64_t> HyperLogLog::estimate() const {
  if (is_dense()) {
    HllRegisters registers{};
    hll_raise(registers, bytes_.data() + kHllHeader);
    return hll_estimate(hll_histogram(registers));
  }
  HllHistogram histogram{};
  const bool complete = for_each_run(
      [&](const HllRun& run) { histogram[run.value] += static_cast<uint32_t>(run.length); });
  if (!complete) return std::nullopt;
  return hll_estimate(histogram);
}

std::string HyperLogLog::runs_text() const {
  std::string text;
  for_each_run([&](const HllRun& run) {
    if (!text.empty()) text += ' ';
    if (run.value > 0)
      fmt::format_to(std::back_inserter(text), "v:{},{}", run.value, run.length);
    else
      fmt::format_to(std::back_inserter(text), "{}:{}", run.bytes == 1 ? 'z' : 'Z', run.length);
  });
  return text;
}

void hyperloglog_prefetch(std::string_view bytes, std::string_view element) {
  constexpr int kForWriting = 1;
  if (bytes.size() != kHllDenseSize) return;
  const size_t byte = packed_place(target_of(element).index).byte;
  __builtin_prefetch(bytes.data() + kHllHeader + byte, kForWriting);
}

HllEdit hyperloglog_add(ByteBuffer& buffer, std::string_view element, uint64_t sparse_limit) {
  const Target target = target_of(element);
  if (HyperLogLog(buffer.view()).is_dense()) return raise_dense(writable(buffer), target);
  HllRunCursor cursor;
  return raise_sparse(buffer, target, sparse_limit, cursor);
}

void hyperloglog_raise(ByteBuffer& buffer, const HllRegisters& registers, uint64_t sparse_limit) {
  HllRunCursor cursor;
  size_t index = 0;
  while (index < kHllRegisters && !HyperLogLog(buffer.view()).is_dense()) {
    if (registers[index] > 0)
      static_cast<void>(raise_sparse(buffer, {index, registers[index]}, sparse_limit, cursor));
    ++index;
  }
  if (index == kHllRegisters) return;
  HllRegisters joined = registers;
  char* const value = writable(buffer);
  hll_raise(joined, value + kHllHeader);
  hll_pack(joined, value + kHllHeader);
  make_stale(value);
}

bool hyperloglog_make_dense(ByteBuffer& buffer) {
  const std::string_view bytes = buffer.view();
  const HyperLogLog old(bytes);
  if (old.is_dense()) return true;
  HllRegisters registers{};
  if (!old.raise(registers)) return false;
  char* const value =
      buffer.splice(kHllHeader, bytes.size() - kHllHeader, kHllPackedBytes) - kHllHeader;
  value[kEncodingAt] = kDense;
  hll_pack(registers, value + kHllHeader);
  return true;
}

void hyperloglog_store_estimate(ByteBuffer& buffer, uint64_t estimate) {
  std::memcpy(buffer.splice(kEstimateAt, sizeof estimate, sizeof estimate), &estimate,
              sizeof estimate);
}

void hyperloglog_make_stale(ByteBuffer& buffer) {
  make_stale(writable(buffer));
}

}  // namespace scrubjay::objects
