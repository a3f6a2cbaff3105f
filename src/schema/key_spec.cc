#include "schema/key_spec.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "schema/command_spec.h"
#include "schema/syntax.h"

namespace scrubjay::schema {
namespace {

using Shape = KeySpec::Shape;
using Arguments = std::span<const std::string_view>;

bool has_word(Arguments args, std::size_t from, std::string_view word) {
  return from < args.size() &&
         std::any_of(args.begin() + static_cast<long>(from), args.end(),
                     [&](auto arg) { return equal_ignoring_case(arg, word); });
}

// What the key is used for may depend on the options: SET without GET or a condition only
// overwrites, DELEX without a condition only removes, BITFIELD with nothing but GET only reads.
uint16_t settled_flags(const CommandSpec& command, const KeySpec& key, Arguments args) {
  if ((key.flags & kVariableFlags) == 0) return key.flags;
  if (command.group == Group::kBitmap) {
    const bool writes = has_word(args, 2, "SET") || has_word(args, 2, "INCRBY");
    return writes ? kRW | kAccess | kUpdate : kRO | kAccess;
  }
  if ((key.flags & kDelete) != 0) return args.size() > 2 ? kRW | kAccess | kDelete : kRM | kDelete;
  constexpr std::string_view kReading[] = {"GET", "IFEQ", "IFNE", "IFDEQ", "IFDNE"};
  const bool reads = std::any_of(std::begin(kReading), std::end(kReading),
                                 [&](auto word) { return has_word(args, 3, word); });
  return reads ? kRW | kAccess | kUpdate : kOW | kUpdate;
}

bool extract_range(const KeySpec& key, uint16_t flags, Arguments args, KeyPositions& out) {
  const auto argc = static_cast<long>(args.size());
  const long last = key.last < 0 ? argc + key.last : key.last;
  if (last >= argc || key.first > last) return false;
  for (long i = key.first; i <= last; i += key.step) {
    // MIGRATE has an empty word where its single key would stand.
    const bool absent = (flags & kIncomplete) != 0 && args[static_cast<std::size_t>(i)].empty();
    if (!absent) out.push_back({static_cast<uint32_t>(i), flags});
  }
  return true;
}

bool extract_counted(const CommandSpec& command, const KeySpec& key, Arguments args,
                     KeyPositions& out) {
  // A script may do without keys, and its own handler complains about a bad count.
  const bool may_lack = command.group == Group::kScripting;
  const auto at = static_cast<std::size_t>(key.first);
  if (at >= args.size()) return may_lack;
  const auto number = parse_int64(args[at]);
  if (!number || *number <= 0) return may_lack;
  const auto count = static_cast<std::size_t>(*number);
  const auto step = static_cast<std::size_t>(key.step);
  if (count > (args.size() - at - 1) / step) return may_lack;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back({static_cast<uint32_t>(at + 1 + i * step), key.flags});
  return true;
}

// The index behind the word that counts, or 0. A value that follows another token of the syntax is
// no word of its own ("SORT key BY store STORE target"). Of several the last counts, but the first
// where all that follows are keys.
std::size_t find_after_word(const CommandSpec& command, const KeySpec& key, Arguments args) {
  if (key.first < 0) {
    for (auto i = static_cast<long>(args.size()) + key.first; i > 0; --i) {
      if (equal_ignoring_case(args[static_cast<std::size_t>(i)], key.word))
        return static_cast<std::size_t>(i) + 1;
    }
    return 0;
  }
  std::size_t found = 0;
  for (auto i = static_cast<std::size_t>(std::max<int>(key.first, 1)); i + 1 < args.size(); ++i) {
    if (equal_ignoring_case(args[i], key.word)) {
      found = i + 1;
      if (key.last != 0) return found;
    }
    i += static_cast<std::size_t>(std::max(values_after_token(command.syntax, args[i]), 0));
  }
  return found;
}

bool extract_after_word(const CommandSpec& command, const KeySpec& key, Arguments args,
                        KeyPositions& out) {
  const std::size_t first = find_after_word(command, key, args);
  // Without the word there is nothing to name, unless the syntax demands it.
  if (first == 0 || first >= args.size()) return !key.half;
  std::size_t count = 1;
  if (key.last != 0) count = args.size() - first;
  if (key.half) {
    if (count % 2 != 0) return false;
    count /= 2;
  }
  for (std::size_t i = 0; i < count; ++i)
    out.push_back({static_cast<uint32_t>(first + i), key.flags});
  return true;
}

}  // namespace

bool extract_keys(const CommandSpec& command, Arguments arguments, KeyPositions& positions) {
  bool fits = true;
  for (const KeySpec& key : command.keys) {
    switch (key.shape) {
      case Shape::kNone:
      case Shape::kEveryKey:
        break;
      case Shape::kRange:
        fits &= extract_range(key, settled_flags(command, key, arguments), arguments, positions);
        break;
      case Shape::kCounted:
        fits &= extract_counted(command, key, arguments, positions);
        break;
      case Shape::kAfterWord:
        fits &= extract_after_word(command, key, arguments, positions);
        break;
    }
  }
  return fits;
}

bool has_every_key(const CommandSpec& command) {
  return std::any_of(command.keys.begin(), command.keys.end(),
                     [](const KeySpec& key) { return key.shape == Shape::kEveryKey; });
}

}  // namespace scrubjay::schema
