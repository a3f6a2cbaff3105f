// BITFIELD: whole numbers of any width within a string.
#include "commands/bit_offset.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using Wide = __int128;

enum class Overflow : uint8_t { kWrap, kSaturate, kFail };

// A place for a number.
struct Field {
  bool is_signed = false;
  unsigned bits = 0;    // 1 to 64, unsigned up to 63
  uint64_t offset = 0;  // of its highest bit

  uint64_t mask() const { return bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1; }
  Wide lowest() const { return is_signed ? -(Wide{1} << (bits - 1)) : 0; }
  Wide highest() const { return (Wide{1} << (is_signed ? bits - 1 : bits)) - 1; }
  // The number that these bits stand for.
  int64_t number_of(uint64_t pattern) const {
    pattern &= mask();
    const bool negative = is_signed && bits < 64 && (pattern >> (bits - 1) & 1) != 0;
    return static_cast<int64_t>(negative ? pattern | ~mask() : pattern);
  }

  uint64_t read(std::string_view bytes) const {
    uint64_t pattern = 0;
    for (uint64_t left = bits, at = offset; left > 0;) {
      const unsigned in_byte = static_cast<unsigned>(std::min<uint64_t>(left, 8 - (at & 7)));
      const unsigned byte =
          at >> 3 < bytes.size() ? static_cast<unsigned char>(bytes[at >> 3]) : 0u;
      const unsigned piece = byte >> (8 - (at & 7) - in_byte) & ((1u << in_byte) - 1);
      pattern = pattern << in_byte | piece;
      at += in_byte;
      left -= in_byte;
    }
    return pattern;
  }
  // The bytes must reach as far as the field.
  void write(char* bytes, uint64_t pattern) const {
    for (uint64_t left = bits, at = offset; left > 0;) {
      const unsigned in_byte = static_cast<unsigned>(std::min<uint64_t>(left, 8 - (at & 7)));
      const unsigned shift = 8 - static_cast<unsigned>(at & 7) - in_byte;
      const unsigned place = ((1u << in_byte) - 1) << shift;
      const auto piece = static_cast<unsigned>(pattern >> (left - in_byte)) << shift & place;
      const auto byte = static_cast<unsigned char>(bytes[at >> 3]);
      bytes[at >> 3] = static_cast<char>((byte & ~place) | piece);
      at += in_byte;
      left -= in_byte;
    }
  }
};

struct FieldOperation {
  enum class Kind : uint8_t { kGet, kSet, kIncrement };
  Kind kind = Kind::kGet;
  Field field{};
  int64_t value = 0;
  Overflow overflow = Overflow::kWrap;
};

void parse_type(CommandContext& c, Field& field) {
  const std::string_view text = c.args.next();
  const auto bits = text.empty() ? std::nullopt : parse_int64(text.substr(1));
  const bool is_signed = text.starts_with('i');
  if ((!is_signed && !text.starts_with('u')) || !bits || *bits < 1 ||
      *bits > (is_signed ? 64 : 63)) {
    fail(
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but "
        "i64 is.");
  }
  field.is_signed = is_signed;
  field.bits = static_cast<unsigned>(*bits);
}

// "#3" is the fourth field of this width.
void parse_offset(CommandContext& c, Field& field) {
  const std::string_view text = c.args.next();
  const bool by_width = text.starts_with('#');
  auto offset = parse_int64(by_width ? text.substr(1) : text);
  if (by_width && offset) {
    int64_t bits = 0;
    const bool overflows = __builtin_mul_overflow(*offset, static_cast<int64_t>(field.bits), &bits);
    offset = overflows ? std::nullopt : std::optional(bits);
  }
  field.offset = checked_bit_offset(c, offset);
}

std::vector<FieldOperation> parse(CommandContext& c) {
  using Kind = FieldOperation::Kind;
  std::vector<FieldOperation> operations;
  Overflow overflow = Overflow::kWrap;
  c.args.skip(1);
  while (!c.args.at_end()) {
    const size_t left = c.args.left();
    FieldOperation operation;
    if (left >= 3 && c.args.take("GET")) {
      operation.kind = Kind::kGet;
    } else if (left >= 4 && c.args.take("SET")) {
      operation.kind = Kind::kSet;
    } else if (left >= 4 && c.args.take("INCRBY")) {
      operation.kind = Kind::kIncrement;
    } else if (left >= 2 && c.args.take("OVERFLOW")) {
      if (c.args.take("WRAP"))
        overflow = Overflow::kWrap;
      else if (c.args.take("SAT"))
        overflow = Overflow::kSaturate;
      else if (c.args.take("FAIL"))
        overflow = Overflow::kFail;
      else
        fail("ERR Invalid OVERFLOW type specified");
      continue;
    } else {
      fail(resp::error_text::kSyntax);
    }
    parse_type(c, operation.field);
    parse_offset(c, operation.field);
    if (operation.kind != Kind::kGet) operation.value = c.args.next_integer();
    operation.overflow = overflow;
    operations.push_back(operation);
  }
  return operations;
}

void get_all(CommandContext& c, std::span<const FieldOperation> operations) {
  const Entry* const entry = c.find_string(c.key());
  const std::string_view bytes = entry == nullptr ? std::string_view{} : entry->string();
  c.reply.array(static_cast<int64_t>(operations.size()));
  for (const FieldOperation& operation : operations)
    c.reply.integer(operation.field.number_of(operation.field.read(bytes)));
}

// What is to stand in the field; nothing if it does not fit and must not be made to.
std::optional<uint64_t> new_pattern(const FieldOperation& operation, int64_t old) {
  const Field& field = operation.field;
  Wide value = operation.value;
  if (operation.kind == FieldOperation::Kind::kIncrement)
    value += field.is_signed ? Wide{old} : Wide{static_cast<uint64_t>(old)};
  else if (!field.is_signed)
    value = static_cast<uint64_t>(operation.value);
  const bool too_high = value > field.highest();
  const bool too_low = value < field.lowest();
  if (too_high || too_low) {
    if (operation.overflow == Overflow::kFail) return std::nullopt;
    if (operation.overflow == Overflow::kSaturate)
      value = too_high ? field.highest() : field.lowest();
  }
  return static_cast<uint64_t>(value) & field.mask();
}

void edit_all(CommandContext& c, std::span<const FieldOperation> operations) {
  using Kind = FieldOperation::Kind;
  uint64_t last_bit = 0;
  for (const FieldOperation& operation : operations) {
    if (operation.kind != Kind::kGet)
      last_bit = std::max(last_bit, operation.field.offset + operation.field.bits - 1);
  }
  const Entry* const entry = c.find_string(c.key(), Lookup::kWrite);
  const size_t old_size = entry == nullptr ? 0 : entry->string().size();
  const size_t size = std::max<size_t>(old_size, (last_bit >> 3) + 1);
  char* const bytes = c.keys.resize_string(c.key(), size);
  bool changed = false;
  c.reply.array(static_cast<int64_t>(operations.size()));
  for (const FieldOperation& operation : operations) {
    const uint64_t old_pattern = operation.field.read({bytes, size});
    const int64_t old = operation.field.number_of(old_pattern);
    if (operation.kind == Kind::kGet) {
      c.reply.integer(old);
      continue;
    }
    const auto pattern = new_pattern(operation, old);
    if (!pattern) {
      c.reply.null();
      continue;
    }
    operation.field.write(bytes, *pattern);
    changed |= *pattern != old_pattern || size > old_size;
    c.reply.integer(operation.kind == Kind::kSet ? old : operation.field.number_of(*pattern));
  }
  if (changed) c.keys.announce("setbit", c.key());
}

bool writes(std::span<const FieldOperation> operations) {
  return std::any_of(operations.begin(), operations.end(), [](const FieldOperation& operation) {
    return operation.kind != FieldOperation::Kind::kGet;
  });
}

void bitfield(CommandContext& c) {
  const std::vector<FieldOperation> operations = parse(c);
  if (writes(operations))
    edit_all(c, operations);
  else
    get_all(c, operations);
}

void bitfield_ro(CommandContext& c) {
  const std::vector<FieldOperation> operations = parse(c);
  if (writes(operations)) fail("ERR BITFIELD_RO only supports the GET subcommand");
  get_all(c, operations);
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kBitmap = schema::Group::kBitmap;

constexpr CommandSpec kRows[] = {
    {.syntax =
         "BITFIELD key [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding "
         "offset value | INCRBY encoding offset increment> [GET encoding offset | [OVERFLOW "
         "<WRAP | SAT | FAIL>] <SET encoding offset value | INCRBY encoding offset increment> "
         "...]]",
     .handler = bitfield,
     .keys = {key_at(1, kRW | kAccess | kUpdate | kVariableFlags)},
     .flags = kWrite | kDenyOom,
     .group = kBitmap,
     .since = "3.2.0",
     .complexity = "O(1) for each subcommand specified",
     .summary = "Performs arbitrary bitfield integer operations on strings."},
    {.syntax = "BITFIELD_RO key [GET encoding offset [GET encoding offset ...]]",
     .handler = bitfield_ro,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly | kFast,
     .group = kBitmap,
     .since = "6.0.0",
     .complexity = "O(1) for each subcommand specified",
     .summary = "Performs arbitrary read-only bitfield integer operations on strings."},
};

}  // namespace

Rows bitfield_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
