// Where a command's keys stand among its arguments: six shapes cover every Redis command.
// Used by the dispatcher (which stripes to lock), COMMAND GETKEYS and COMMAND INFO. Stateless.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace scrubjay::schema {

// Flags of a key spec, as COMMAND GETKEYSANDFLAGS answers them.
enum KeyFlag : uint16_t {
  kRO = 1 << 0,
  kRW = 1 << 1,
  kOW = 1 << 2,
  kRM = 1 << 3,
  kAccess = 1 << 4,
  kInsert = 1 << 5,
  kUpdate = 1 << 6,
  kDelete = 1 << 7,
  kNotKey = 1 << 8,
  kIncomplete = 1 << 9,
  kVariableFlags = 1 << 10,
};

struct KeySpec {
  enum class Shape : uint8_t {
    kNone,
    kRange,      // from `first` to `last` (negative: from the end), every `step`th argument
    kCounted,    // the count stands at `first`, every `step`th argument behind it is a key
    kAfterWord,  // behind `word`, looked for from `first` on (negative: from the end backwards)
    kEveryKey,   // the command walks the whole keyspace or names keys at run time
  };
  Shape shape = Shape::kNone;
  int8_t first = 0;
  int8_t last = 0;  // kAfterWord: 0 the one key behind the word, -1 all that follows
  int8_t step = 1;
  bool half = false;  // kAfterWord: keys are the first half of the rest
  uint16_t flags = 0;
  std::string_view word = {};
};

constexpr KeySpec key_at(int pos, uint16_t flags) {
  return {.shape = KeySpec::Shape::kRange,
          .first = static_cast<int8_t>(pos),
          .last = static_cast<int8_t>(pos),
          .flags = flags};
}
constexpr KeySpec keys_from_to(int first, int last, int step, uint16_t flags) {
  return {.shape = KeySpec::Shape::kRange,
          .first = static_cast<int8_t>(first),
          .last = static_cast<int8_t>(last),
          .step = static_cast<int8_t>(step),
          .flags = flags};
}
constexpr KeySpec counted_keys_at(int pos, uint16_t flags, int step = 1) {
  return {.shape = KeySpec::Shape::kCounted,
          .first = static_cast<int8_t>(pos),
          .step = static_cast<int8_t>(step),
          .flags = flags};
}
// The one key behind the word, or the first half of what follows it (XREAD STREAMS). `from` is
// where the word may stand first.
constexpr KeySpec keys_after(std::string_view word, bool first_half, uint16_t flags, int from = 1) {
  return {.shape = KeySpec::Shape::kAfterWord,
          .first = static_cast<int8_t>(from),
          .last = static_cast<int8_t>(first_half ? -1 : 0),
          .half = first_half,
          .flags = flags,
          .word = word};
}
// Everything behind the word (MIGRATE KEYS).
constexpr KeySpec rest_after(std::string_view word, uint16_t flags, int from) {
  return {.shape = KeySpec::Shape::kAfterWord,
          .first = static_cast<int8_t>(from),
          .last = -1,
          .flags = flags,
          .word = word};
}
constexpr KeySpec every_key(uint16_t flags = 0) {
  return {.shape = KeySpec::Shape::kEveryKey, .flags = flags};
}

struct CommandSpec;

// One key of a request: its place among the arguments (the command's name is 0) and its key flags.
struct KeyPosition {
  uint32_t index;
  uint16_t flags;
};
using KeyPositions = std::vector<KeyPosition>;

// Appends the keys that the request names; flags that depend on the options (SET, BITFIELD) are
// settled. False if the arguments don't fit the specs.
bool extract_keys(const CommandSpec& command, std::span<const std::string_view> arguments,
                  KeyPositions& positions);

// Whether the command walks the keyspace or names keys at run time.
bool has_every_key(const CommandSpec& command);

}  // namespace scrubjay::schema
