#include "engine/prepared_request.h"

#include <algorithm>
#include <optional>

#include "base/number.h"

namespace scrubjay::engine {
namespace {

// Where the request's only key stands; 0 if it has none or several.
size_t single_key(const schema::Command& command, std::span<const std::string_view> arguments) {
  if (arguments.size() == command.single_key_arguments) return command.first_key;
  return static_cast<size_t>(command.single_key);
}

// What the command touches inside of a large value at its key. False if it is not known to look
// into one.
bool guess_touch(const schema::Command& command, std::span<const std::string_view> arguments,
                 size_t key, store::Touch& touch) {
  using schema::Group;
  const auto behind_key = arguments.subspan(key + 1);
  const auto first = [&](size_t count) {
    return behind_key.first(std::min(count, behind_key.size()));
  };
  const auto last = [&] { return behind_key.last(std::min<size_t>(1, behind_key.size())); };
  switch (command.spec->group) {
    case Group::kHash:
      touch.members = first(1);
      return true;
    case Group::kList:
    case Group::kSet:
    case Group::kSortedSet:
    case Group::kHyperLogLog:
      touch.members = last();
      return true;
    case Group::kGeo:
      touch.members = (command.flags & schema::kWrite) ? last() : first(2);
      return true;
    case Group::kBitmap: {
      constexpr int64_t kByteBits = 8;
      const auto bit = behind_key.empty() ? std::nullopt : parse_int64(behind_key[0]);
      if (!bit || *bit < 0) return false;
      touch.byte = static_cast<size_t>(*bit / kByteBits);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

bool name_key(PreparedRequest& request, std::span<const std::string_view> arguments) {
  const size_t position = single_key(*request.command, arguments);
  if (position == 0 || position >= arguments.size()) return false;
  request.key = store::Key(arguments[position]);
  request.has_key = true;
  request.looks_inside = guess_touch(*request.command, arguments, position, request.touch);
  return true;
}

}  // namespace scrubjay::engine
