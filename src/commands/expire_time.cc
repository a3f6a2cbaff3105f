#include "commands/expire_time.h"

namespace scrubjay::commands {

std::optional<int64_t> deadline_of(int64_t amount, ExpireUnit unit, int64_t now_ms) {
  int64_t ms = amount;
  if (unit.seconds && __builtin_mul_overflow(amount, int64_t{1000}, &ms)) return std::nullopt;
  if (!unit.absolute && __builtin_add_overflow(ms, now_ms, &ms)) return std::nullopt;
  return ms;
}

int64_t positive_deadline(engine::CommandContext& c, std::string_view amount, ExpireUnit unit) {
  const auto number = parse_int64(amount);
  if (!number) engine::fail(resp::error_text::kNotInteger);
  const auto deadline = *number > 0 ? deadline_of(*number, unit, c.now_ms()) : std::nullopt;
  if (!deadline) engine::fail("ERR invalid expire time in '{}' command", c.command.name);
  return *deadline;
}

}  // namespace scrubjay::commands
