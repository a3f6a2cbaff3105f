// Strings as arrays of bits. Numbers within them are in bitfield_commands.cc.
#include "base/bits.h"
#include "commands/bit_offset.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

uint64_t bit_offset(CommandContext& c) {
  return checked_bit_offset(c, parse_int64(c.args.next()));
}

int bit_at(std::string_view bytes, uint64_t offset) {
  const size_t byte = offset >> 3;
  return byte < bytes.size() ? bytes[byte] >> (7 - (offset & 7)) & 1 : 0;
}

void setbit(CommandContext& c) {
  c.args.skip(1);
  const uint64_t offset = bit_offset(c);
  const int64_t bit = c.args.next_integer_in(0, 1, "ERR bit is not an integer or out of range");
  const Entry* entry = c.find_string(c.key(), Lookup::kWrite);
  const std::string_view bytes = entry == nullptr ? std::string_view{} : entry->string();
  const int old = bit_at(bytes, offset);
  const size_t byte = offset >> 3;
  const bool changes = byte >= bytes.size() || old != bit;
  const bool is_number = entry != nullptr && entry->encoding() == store::Encoding::kInt;
  if (changes || is_number) {
    char* const written = c.keys.resize_string(c.key(), std::max(byte + 1, bytes.size()));
    const auto mask = static_cast<unsigned char>(0x80u >> (offset & 7));
    auto& target = reinterpret_cast<unsigned char*>(written)[byte];
    target = static_cast<unsigned char>(bit != 0 ? target | mask : target & ~mask);
  }
  if (changes) c.keys.announce("setbit", c.key());
  c.reply.integer(old);
}

void getbit(CommandContext& c) {
  c.args.skip(1);
  const uint64_t offset = bit_offset(c);
  const Entry* entry = c.find_string(c.key());
  c.reply.integer(entry == nullptr ? 0 : bit_at(entry->string(), offset));
}

std::string_view bytes_of(CommandContext& c, const Key& key) {
  const Entry* const entry = c.find_string(key);
  return entry == nullptr ? std::string_view{} : entry->string();
}

// From `first` to `last` in bytes or bits, counted from the end if negative.
struct BitRange {
  int64_t first = 0;
  int64_t last = -1;
  bool in_bits = false;

  // BYTE or BIT.
  void take_unit(Arguments& args) {
    if (args.take("BIT"))
      in_bits = true;
    else if (!args.take("BYTE"))
      fail(resp::error_text::kSyntax);
  }
  // The bits that are meant of a string; nothing if there are none.
  struct Bits {
    uint64_t first;
    uint64_t last;
  };
  std::optional<Bits> within(size_t bytes) const {
    const auto size = static_cast<int64_t>(in_bits ? bytes * 8 : bytes);
    if (first < 0 && last < 0 && first > last) return std::nullopt;
    const int64_t from = std::max<int64_t>(first < 0 ? size + first : first, 0);
    const int64_t to =
        std::min<int64_t>(std::max<int64_t>(last < 0 ? size + last : last, 0), size - 1);
    if (from > to) return std::nullopt;
    const auto unit = static_cast<uint64_t>(in_bits ? 1 : 8);
    return Bits{static_cast<uint64_t>(from) * unit, (static_cast<uint64_t>(to) + 1) * unit - 1};
  }
};

void bitcount(CommandContext& c) {
  c.args.skip(1);
  BitRange range;
  if (!c.args.at_end()) {
    if (c.args.left() != 2 && c.args.left() != 3) fail(resp::error_text::kSyntax);
    range.first = c.args.next_integer();
    range.last = c.args.next_integer();
    if (!c.args.at_end()) range.take_unit(c.args);
  }
  const std::string_view bytes = bytes_of(c, c.key());
  const auto bits = range.within(bytes.size());
  c.reply.integer(bits ? static_cast<int64_t>(count_ones(bytes, bits->first, bits->last)) : 0);
}

void bitpos(CommandContext& c) {
  c.args.skip(1);
  const int64_t bit = c.args.next_integer();
  if (bit != 0 && bit != 1) fail("ERR The bit argument must be 1 or 0.");
  if (c.args.left() > 3) fail(resp::error_text::kSyntax);
  BitRange range;
  const bool ends = c.args.left() >= 2;
  if (!c.args.at_end()) range.first = c.args.next_integer();
  const std::optional<std::string_view> last = ends ? std::optional(c.args.next()) : std::nullopt;
  if (!c.args.at_end()) range.take_unit(c.args);
  if (last) {
    const auto number = parse_int64(*last);
    if (!number) fail(resp::error_text::kNotInteger);
    range.last = *number;
  }
  const Entry* const entry = c.find_string(c.key());
  if (entry == nullptr) return c.reply.integer(bit != 0 ? -1 : 0);
  const std::string_view bytes = entry->string();
  const auto bits = range.within(bytes.size());
  if (!bits) return c.reply.integer(-1);
  const uint64_t found = find_bit(bytes, bit != 0, bits->first, bits->last);
  // Behind a string whose end was not given there are zeros.
  const bool is_there = found <= bits->last || (bit == 0 && !ends);
  c.reply.integer(is_there ? static_cast<int64_t>(found) : -1);
}

BitOperation parse_operation(CommandContext& c) {
  struct Name {
    std::string_view text;
    BitOperation operation;
  };
  static constexpr Name kNames[] = {
      {"AND", BitOperation::kAnd},     {"OR", BitOperation::kOr},
      {"XOR", BitOperation::kXor},     {"NOT", BitOperation::kNot},
      {"DIFF", BitOperation::kDiff},   {"DIFF1", BitOperation::kDiff1},
      {"ANDOR", BitOperation::kAndOr}, {"ONE", BitOperation::kOne}};
  const std::string_view word = c.args.next();
  const size_t sources = c.key_list.size() - 1;
  for (const auto& [text, operation] : kNames) {
    if (!equal_ignoring_case(word, text)) continue;
    const bool compares = operation == BitOperation::kDiff || operation == BitOperation::kDiff1 ||
                          operation == BitOperation::kAndOr;
    if (operation == BitOperation::kNot && sources != 1)
      fail("ERR BITOP NOT must be called with a single source key.");
    if (compares && sources < 2)
      fail("ERR BITOP {} must be called with at least two source keys.", text);
    return operation;
  }
  fail(resp::error_text::kSyntax);
}

void bitop(CommandContext& c) {
  const BitOperation operation = parse_operation(c);
  const Key& target = c.key(0);
  std::vector<std::string_view> sources;
  size_t size = 0;
  // Nothing is edited meanwhile, so the views stay; but what has expired must be gone first.
  for (const Key& key : c.key_list.subspan(1)) c.find_string(key);
  for (const Key& key : c.key_list.subspan(1)) {
    const Entry* const entry = c.keys.find(key, Lookup::kPeek);
    sources.push_back(entry == nullptr ? std::string_view{} : entry->string());
    size = std::max(size, sources.back().size());
  }
  c.reply.integer(static_cast<int64_t>(size));
  if (size == 0) {
    if (c.keys.erase(target)) c.keys.announce("del", target);
    return;
  }
  if (size < Entry::kBlockSize) {
    std::array<char, Entry::kBlockSize> result;
    combine_bits(operation, sources, result.data(), size);
    c.keys.put_string(target, {result.data(), size}, kNoDeadline, store::Encoding::kRaw);
  } else {
    SharedBytes result = SharedBytes::with_capacity(size);
    combine_bits(operation, sources, result.data(), size);
    result.set_size(size);
    c.keys.put_entry(target, Entry::make({target.text, store::Type::kString, store::Encoding::kRaw},
                                         std::move(result)));
  }
  c.keys.announce("set", target);
}

using schema::CommandSpec;
using schema::key_at;
using schema::keys_from_to;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kBitmap = schema::Group::kBitmap;

constexpr CommandSpec kRows[] = {
    {.syntax = "BITCOUNT key [start end [BYTE | BIT]]",
     .handler = bitcount,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kBitmap,
     .since = "2.6.0",
     .complexity = "O(N)",
     .summary = "Counts the number of set bits (population counting) in a string."},
    {.syntax = "BITOP <AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]",
     .handler = bitop,
     .keys = {key_at(2, kOW | kUpdate), keys_from_to(3, -1, 1, kRO | kAccess)},
     .flags = kWrite | kDenyOom,
     .group = kBitmap,
     .since = "2.6.0",
     .complexity = "O(N)",
     .summary = "Performs bitwise operations on multiple strings, and stores the result."},
    {.syntax = "BITPOS key bit [start [end [BYTE | BIT]]]",
     .handler = bitpos,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kBitmap,
     .since = "2.8.7",
     .complexity = "O(N)",
     .summary = "Finds the first set (1) or clear (0) bit in a string."},
    {.syntax = "GETBIT key offset",
     .handler = getbit,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kBitmap,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Returns a bit value by offset."},
    {.syntax = "SETBIT key offset value",
     .handler = setbit,
     .keys = {key_at(1, kRW | kAccess | kUpdate)},
     .flags = kWrite | kDenyOom,
     .group = kBitmap,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Sets or clears the bit at offset of the string value. Creates the key if it "
                "doesn't exist."},
};

}  // namespace

Rows bitmap_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
