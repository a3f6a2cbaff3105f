// Random choices from a collection: HRANDFIELD, SRANDMEMBER, ZRANDMEMBER, SPOP.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "base/random.h"
#include "engine/context.h"

namespace scrubjay::commands {

// What follows the key: nothing, or a count and perhaps one word that asks for values too.
struct RandomCount {
  bool given = false;
  bool with_values = false;
  int64_t count = 0;  // negative: the same one may come again

  size_t amount() const {
    return static_cast<size_t>(count < 0 ? -(count + 1) : count) + (count < 0 ? 1 : 0);
  }
};

inline RandomCount parse_random_count(engine::CommandContext& c, std::string_view word) {
  RandomCount wanted;
  c.args.skip(1);
  if (c.args.at_end()) return wanted;
  wanted.given = true;
  wanted.count = c.args.next_integer_between(-INT64_MAX, INT64_MAX);
  if (!word.empty() && !c.args.at_end()) {
    if (!c.args.take(word)) engine::fail(resp::error_text::kSyntax);
    wanted.with_values = true;
    if (wanted.count < -INT64_MAX / 2 || wanted.count > INT64_MAX / 2)
      engine::fail(resp::error_text::kOutOfRange);
  }
  c.args.end();
  return wanted;
}

// Algorithm S (Knuth, The Art of Computer Programming 2, 3.4.2): calls take(item) for `count` of
// `size` items, each choice as likely as any other, in the order in which for_each(f) gives them.
template <class ForEach, class Take>
void select(size_t size, size_t count, ForEach&& for_each, Take&& take) {
  Random& random = thread_random();
  for_each([&](const auto& item) {
    if (count > 0 && random.below(size) < count) {
      take(item);
      --count;
    }
    --size;
  });
}

// Calls take(name) for `count` distinct ones of the many that draw() returns at random.
template <class Draw, class Take>
void draw_distinct(size_t count, Draw&& draw, Take&& take) {
  std::unordered_set<std::string> drawn;
  while (drawn.size() < count) {
    const auto item = draw();
    char digits[kInt64Digits];
    if (drawn.emplace(item.text(digits)).second) take(item);
  }
}

}  // namespace scrubjay::commands
