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
    kCounted,    // the count stands at `first`, the keys follow it
    kAfterWord,  // the first half of what follows the word (XREAD STREAMS), or the one key after it
    kEveryKey,   // the command walks the whole keyspace or names keys at run time
  };
  Shape shape = Shape::kNone;
  int8_t first = 0;
  int8_t last = 0;
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
constexpr KeySpec counted_keys_at(int pos, uint16_t flags) {
  return {.shape = KeySpec::Shape::kCounted, .first = static_cast<int8_t>(pos), .flags = flags};
}
constexpr KeySpec keys_after(std::string_view word, bool first_half, uint16_t flags) {
  return {.shape = KeySpec::Shape::kAfterWord, .half = first_half, .flags = flags, .word = word};
}
constexpr KeySpec every_key() {
  return {.shape = KeySpec::Shape::kEveryKey};
}

struct CommandSpec;

// One key of a request: its place among the arguments (the command's name is 0) and its key flags.
struct KeyPosition {
  uint32_t index;
  uint16_t flags;
};
using KeyPositions = std::vector<KeyPosition>;

// Appends the keys that the request names. False if the arguments don't fit the specs.
bool extract_keys(const CommandSpec& command, std::span<const std::string_view> arguments,
                  KeyPositions& positions);

// Whether the command walks the keyspace or names keys at run time.
bool has_every_key(const CommandSpec& command);

}  // namespace scrubjay::schema
