// Unions, intersections and differences of sorted sets and plain sets, as replies, as counts, and
// stored under a key.
#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_map>

#include "commands/sorted_set_ranges.h"
#include "commands/table.h"
#include "store/set_value.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::PackedItem;
using store::SetView;
using store::SortedSetEdit;
using store::SortedSetView;

// A sorted set, or a set whose members all have the score 1.
class Input {
 public:
  explicit Input(const Entry* entry)
      : scored_(entry != nullptr && entry->type() == store::Type::kSet ? nullptr : entry),
        plain_(entry != nullptr && entry->type() == store::Type::kSet ? entry : nullptr) {}

  size_t size() const { return scored_.size() + plain_.size(); }
  std::optional<double> score(std::string_view member) const {
    if (plain_.entry() != nullptr)
      return plain_.contains(member) ? std::optional(1.0) : std::nullopt;
    return scored_.score(member);
  }
  // f(std::string_view member, double score) -> bool; stops at false
  template <class F>
  void for_some(F&& f) const {
    char digits[kInt64Digits];
    plain_.for_some([&](const PackedItem& member) { return f(member.text(digits), 1.0); });
    scored_.for_each(
        0, [&](const store::ScoredItem& item) { return f(item.member.text(digits), item.score); });
  }

  double weight = 1;

 private:
  SortedSetView scored_;
  SetView plain_;
};

enum class Aggregate : uint8_t { kSum, kMin, kMax };

enum class Operation : uint8_t { kUnion, kIntersection, kDifference };

// Infinities may cancel out: what is no number counts as 0.
double number_or_zero(double value) {
  return std::isnan(value) ? 0 : value;
}

double combine(double a, double b, Aggregate how) {
  switch (how) {
    case Aggregate::kSum:
      return number_or_zero(a + b);
    case Aggregate::kMin:
      return std::min(a, b);
    default:
      return std::max(a, b);
  }
}

using Items = std::vector<std::pair<std::string, double>>;

struct Request {
  std::vector<Input> inputs;
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  int64_t limit = 0;
};

// "numkeys key [key ...]", then the options that go with the operation.
Request parse_request(CommandContext& c, Operation operation, bool stores, bool counts) {
  const int64_t count = c.args.next_integer();
  if (count < 1) fail("ERR at least 1 input key is needed for '{}' command", c.command.name);
  if (static_cast<uint64_t>(count) > c.args.left()) fail(resp::error_text::kSyntax);
  c.args.skip(static_cast<size_t>(count));
  Request request;
  for (const Key& key : c.key_list.subspan(stores ? 1 : 0)) {
    const Entry* entry = c.keys.find(key);
    const bool fits = entry == nullptr || entry->type() == store::Type::kSet ||
                      entry->type() == store::Type::kSortedSet;
    if (!fits) fail(resp::error_text::kWrongType);
    request.inputs.emplace_back(entry);
  }
  const bool weighs = operation != Operation::kDifference && !counts;
  while (!c.args.at_end()) {
    if (weighs && c.args.left() > request.inputs.size() && c.args.take("WEIGHTS")) {
      for (Input& input : request.inputs) {
        const auto weight = parse_score(c.args.next());
        if (!weight) fail("ERR weight value is not a float");
        input.weight = *weight;
      }
    } else if (weighs && c.args.left() >= 2 && c.args.take("AGGREGATE")) {
      if (c.args.take("SUM"))
        request.aggregate = Aggregate::kSum;
      else if (c.args.take("MIN"))
        request.aggregate = Aggregate::kMin;
      else if (c.args.take("MAX"))
        request.aggregate = Aggregate::kMax;
      else
        fail(resp::error_text::kSyntax);
    } else if (!stores && !counts && c.args.take("WITHSCORES")) {
      request.with_scores = true;
    } else if (counts && c.args.left() >= 2 && c.args.take("LIMIT")) {
      request.limit = c.args.next_integer_in(0, INT64_MAX, "ERR LIMIT can't be negative");
    } else {
      fail(resp::error_text::kSyntax);
    }
  }
  return request;
}

// f(member, score) -> bool for each member of all inputs; stops at false.
template <class F>
void intersect(Request& request, F&& f) {
  auto& inputs = request.inputs;
  std::sort(inputs.begin(), inputs.end(),
            [](const Input& a, const Input& b) { return a.size() < b.size(); });
  inputs[0].for_some([&](std::string_view member, double score) {
    double total = number_or_zero(score * inputs[0].weight);
    for (size_t i = 1; i < inputs.size(); ++i) {
      const auto other = inputs[i].score(member);
      if (!other) return true;
      total = combine(total, number_or_zero(*other * inputs[i].weight), request.aggregate);
    }
    return f(member, total);
  });
}

Items unite(const Request& request) {
  std::unordered_map<std::string, double> totals;
  for (const Input& input : request.inputs) {
    input.for_some([&](std::string_view member, double score) {
      const double weighted = number_or_zero(score * input.weight);
      const auto [place, fresh] = totals.emplace(member, weighted);
      if (!fresh) place->second = combine(place->second, weighted, request.aggregate);
      return true;
    });
  }
  return {totals.begin(), totals.end()};
}

Items subtract(const Request& request) {
  Items items;
  const auto& inputs = request.inputs;
  inputs[0].for_some([&](std::string_view member, double score) {
    const bool elsewhere = std::any_of(inputs.begin() + 1, inputs.end(), [&](const Input& input) {
      return input.score(member).has_value();
    });
    if (!elsewhere) items.emplace_back(member, score);
    return true;
  });
  return items;
}

// In the order of a sorted set.
Items compute(Request& request, Operation operation) {
  Items items;
  if (operation == Operation::kUnion) {
    items = unite(request);
  } else if (operation == Operation::kDifference) {
    items = subtract(request);
  } else {
    intersect(request, [&](std::string_view member, double score) {
      items.emplace_back(member, score);
      return true;
    });
  }
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) {
    return a.second < b.second || (a.second == b.second && a.first < b.first);
  });
  return items;
}

void reply_result(CommandContext& c, Operation operation) {
  Request request = parse_request(c, operation, false, false);
  const Items items = compute(request, operation);
  const bool nested = request.with_scores && c.reply.protocol() > 2;
  const bool flat = request.with_scores && !nested;
  c.reply.array(static_cast<int64_t>(items.size() * (flat ? 2 : 1)));
  for (const auto& [member, score] : items) {
    if (nested) c.reply.array(2);
    c.reply.bulk(member);
    if (request.with_scores) c.reply.real(score);
  }
}

void store_result(CommandContext& c, Operation operation, std::string_view event) {
  c.args.skip(1);
  Request request = parse_request(c, operation, true, false);
  const Items items = compute(request, operation);
  const Key& target = c.key(0);
  const bool was_there = c.keys.erase_to_replace(target);
  c.reply.integer(static_cast<int64_t>(items.size()));
  if (items.empty()) {
    if (was_there) c.keys.announce("del", target);
    return;
  }
  size_t longest = 0;
  for (const auto& item : items) longest = std::max(longest, item.first.size());
  SortedSetEdit set(c.keys, target);
  set.expect(items.size(), longest);
  for (const auto& [member, score] : items) set.put(member, score);
  set.announce(event);
}

void zunion(CommandContext& c) {
  reply_result(c, Operation::kUnion);
}
void zinter(CommandContext& c) {
  reply_result(c, Operation::kIntersection);
}
void zdiff(CommandContext& c) {
  reply_result(c, Operation::kDifference);
}
void zunionstore(CommandContext& c) {
  store_result(c, Operation::kUnion, "zunionstore");
}
void zinterstore(CommandContext& c) {
  store_result(c, Operation::kIntersection, "zinterstore");
}
void zdiffstore(CommandContext& c) {
  store_result(c, Operation::kDifference, "zdiffstore");
}

void zintercard(CommandContext& c) {
  Request request = parse_request(c, Operation::kIntersection, false, true);
  int64_t count = 0;
  intersect(request, [&](std::string_view, double) { return ++count != request.limit; });
  c.reply.integer(count);
}

using schema::CommandSpec;
using schema::counted_keys_at;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kSortedSet = schema::Group::kSortedSet;

constexpr CommandSpec kRows[] = {
    {.syntax = "ZDIFF numkeys key [key ...] [WITHSCORES]",
     .handler = zdiff,
     .keys = {counted_keys_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "6.2.0",
     .complexity = "O(L + (N-K)log(N)) worst case where L is the total number of elements in all "
                   "the sets, N is the size of the first set, and K is the size of the result set.",
     .summary = "Returns the difference between multiple sorted sets."},
    {.syntax = "ZDIFFSTORE destination numkeys key [key ...]",
     .handler = zdiffstore,
     .keys = {key_at(1, kOW | kUpdate), counted_keys_at(2, kRO | kAccess)},
     .flags = kWrite | kDenyOom,
     .group = kSortedSet,
     .since = "6.2.0",
     .complexity = "O(L + (N-K)log(N)) worst case where L is the total number of elements in all "
                   "the sets, N is the size of the first set, and K is the size of the result set.",
     .summary = "Stores the difference of multiple sorted sets in a key."},
    {.syntax = "ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | "
               "MAX] [WITHSCORES]",
     .handler = zinter,
     .keys = {counted_keys_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "6.2.0",
     .complexity = "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K "
                   "being the number of input sorted sets and M being the number of elements in "
                   "the resulting sorted set.",
     .summary = "Returns the intersect of multiple sorted sets."},
    {.syntax = "ZINTERCARD numkeys key [key ...] [LIMIT limit]",
     .handler = zintercard,
     .keys = {counted_keys_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "7.0.0",
     .complexity = "O(N*K) worst case with N being the smallest input sorted set, K being the "
                   "number of input sorted sets.",
     .summary = "Returns the number of members of the intersect of multiple sorted sets."},
    {.syntax = "ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] "
               "[AGGREGATE SUM | MIN | MAX]",
     .handler = zinterstore,
     .keys = {key_at(1, kOW | kUpdate), counted_keys_at(2, kRO | kAccess)},
     .flags = kWrite | kDenyOom,
     .group = kSortedSet,
     .since = "2.0.0",
     .complexity = "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K "
                   "being the number of input sorted sets and M being the number of elements in "
                   "the resulting sorted set.",
     .summary = "Stores the intersect of multiple sorted sets in a key."},
    {.syntax = "ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | "
               "MAX] [WITHSCORES]",
     .handler = zunion,
     .keys = {counted_keys_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kSortedSet,
     .since = "6.2.0",
     .complexity = "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, "
                   "and M being the number of elements in the resulting sorted set.",
     .summary = "Returns the union of multiple sorted sets."},
    {.syntax = "ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] "
               "[AGGREGATE SUM | MIN | MAX]",
     .handler = zunionstore,
     .keys = {key_at(1, kOW | kUpdate), counted_keys_at(2, kRO | kAccess)},
     .flags = kWrite | kDenyOom,
     .group = kSortedSet,
     .since = "2.0.0",
     .complexity = "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, "
                   "and M being the number of elements in the resulting sorted set.",
     .summary = "Stores the union of multiple sorted sets in a key."},
};

}  // namespace

Rows sorted_set_algebra_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
