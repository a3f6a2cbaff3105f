#include "engine/slow_log.h"

#include <fmt/format.h>

#include <algorithm>

namespace scrubjay::engine {
namespace {

constexpr size_t kMaxArguments = 32;
constexpr size_t kMaxArgumentBytes = 128;

}  // namespace

void SlowLog::record(int64_t now_ms, int64_t duration_us,
                     std::span<const std::string_view> arguments, std::string_view address,
                     std::string_view name, size_t max_length) {
  Item item{0, now_ms / 1000, duration_us, {}, std::string(address), std::string(name)};
  const size_t shown = std::min(arguments.size(), kMaxArguments);
  for (size_t i = 0; i < shown; ++i) {
    if (arguments.size() > kMaxArguments && i == kMaxArguments - 1) {
      item.arguments.push_back(
          fmt::format("... ({} more arguments)", arguments.size() - kMaxArguments + 1));
      break;
    }
    const std::string_view argument = arguments[i];
    item.arguments.emplace_back(argument.substr(0, kMaxArgumentBytes));
    if (argument.size() > kMaxArgumentBytes) {
      item.arguments.back() +=
          fmt::format("... ({} more bytes)", argument.size() - kMaxArgumentBytes);
    }
  }
  const std::lock_guard lock(mutex_);
  item.id = next_id_++;
  items_.push_front(std::move(item));
  if (items_.size() > max_length) items_.resize(max_length);
}

std::vector<SlowLog::Item> SlowLog::latest(size_t count) const {
  const std::lock_guard lock(mutex_);
  return {items_.begin(),
          items_.begin() + static_cast<std::ptrdiff_t>(std::min(count, items_.size()))};
}

size_t SlowLog::size() const {
  const std::lock_guard lock(mutex_);
  return items_.size();
}

void SlowLog::reset() {
  const std::lock_guard lock(mutex_);
  items_.clear();
}

}  // namespace scrubjay::engine
