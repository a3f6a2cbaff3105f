#include "schema/key_spec.h"

#include "base/number.h"
#include "base/text.h"
#include "schema/command_spec.h"

namespace scrubjay::schema {
namespace {

void append_range(size_t first, size_t last, size_t step, uint16_t flags, KeyPositions& positions) {
  for (size_t i = first; i <= last; i += step)
    positions.push_back({static_cast<uint32_t>(i), flags});
}

bool append_spec(const KeySpec& spec, std::span<const std::string_view> arguments,
                 KeyPositions& positions) {
  const size_t count = arguments.size();
  const auto first = static_cast<size_t>(spec.first);
  switch (spec.shape) {
    case KeySpec::Shape::kNone:
    case KeySpec::Shape::kEveryKey:
      return true;
    case KeySpec::Shape::kRange: {
      const auto last =
          spec.last < 0 ? count - static_cast<size_t>(-spec.last) : static_cast<size_t>(spec.last);
      if (first >= count || last >= count) return false;
      append_range(first, last, static_cast<size_t>(spec.step), spec.flags, positions);
      return true;
    }
    case KeySpec::Shape::kCounted: {
      if (first >= count) return false;
      const auto keys = parse_int64(arguments[first]);
      if (!keys || *keys < 0 || static_cast<uint64_t>(*keys) >= count - first) return false;
      if (*keys > 0)
        append_range(first + 1, first + static_cast<size_t>(*keys), 1, spec.flags, positions);
      return true;
    }
    case KeySpec::Shape::kAfterWord: {
      for (size_t i = 1; i + 1 < count; ++i) {
        if (!equal_ignoring_case(arguments[i], spec.word)) continue;
        const size_t last = spec.half ? i + (count - 1 - i) / 2 : i + 1;
        append_range(i + 1, last, 1, spec.flags, positions);
        return true;
      }
      return true;
    }
  }
  return false;
}

}  // namespace

bool extract_keys(const CommandSpec& command, std::span<const std::string_view> arguments,
                  KeyPositions& positions) {
  bool fits = true;
  for (const KeySpec& spec : command.keys) fits &= append_spec(spec, arguments, positions);
  return fits;
}

bool has_every_key(const CommandSpec& command) {
  for (const KeySpec& spec : command.keys) {
    if (spec.shape == KeySpec::Shape::kEveryKey) return true;
  }
  return false;
}

}  // namespace scrubjay::schema
