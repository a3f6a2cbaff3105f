// Strings as arrays of bits: SETBIT and GETBIT.
#include "commands/string_values.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

// Bit 0 is the highest bit of the first byte.
uint64_t bit_offset(CommandContext& c) {
  constexpr std::string_view kError = "ERR bit offset is not an integer or out of range";
  const int64_t offset = c.args.next_integer(kError);
  const auto limit = static_cast<int64_t>(c.services.config.proto_max_bulk_len);
  if (offset < 0 || offset >> 3 >= limit) fail(kError);
  return static_cast<uint64_t>(offset);
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
  const bool grows = byte >= bytes.size();
  if (grows || old != bit) {
    char* written = c.keys.resize_string(c.key(), grows ? byte + 1 : bytes.size());
    const auto mask = static_cast<unsigned char>(0x80u >> (offset & 7));
    auto& target = reinterpret_cast<unsigned char*>(written)[byte];
    target = static_cast<unsigned char>(bit != 0 ? target | mask : target & ~mask);
    c.keys.announce("setbit", c.key());
  }
  c.reply.integer(old);
}

void getbit(CommandContext& c) {
  c.args.skip(1);
  const uint64_t offset = bit_offset(c);
  const Entry* entry = c.find_string(c.key());
  c.reply.integer(entry == nullptr ? 0 : bit_at(entry->string(), offset));
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kBitmap = schema::Group::kBitmap;

constexpr CommandSpec kRows[] = {
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
