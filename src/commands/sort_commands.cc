// SORT and SORT_RO: the elements of a list, set or sorted set in order of themselves or of values
// under other keys, which patterns name at run time; therefore they run with the world held.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "commands/table.h"
#include "engine/context.h"
#include "store/hash_value.h"
#include "store/list_value.h"
#include "store/set_value.h"
#include "store/sorted_set_value.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::PackedItem;

struct SortOptions {
  std::optional<std::string_view> by;
  bool sorts = true;  // a pattern without a place for the element gives all the same weight
  std::vector<std::string_view> get;
  int64_t offset = 0;
  int64_t limit = -1;
  bool descending = false;
  bool alpha = false;
  std::optional<std::string_view> store;
};

SortOptions parse_sort_options(CommandContext& c, bool may_store) {
  SortOptions options;
  c.args.skip(1);
  while (!c.args.at_end()) {
    const size_t left = c.args.left();
    if (c.args.take("ASC")) {
      options.descending = false;
    } else if (c.args.take("DESC")) {
      options.descending = true;
    } else if (c.args.take("ALPHA")) {
      options.alpha = true;
    } else if (left >= 3 && c.args.take("LIMIT")) {
      options.offset = c.args.next_integer();
      options.limit = c.args.next_integer();
    } else if (may_store && left >= 2 && c.args.take("STORE")) {
      options.store = c.args.next();
    } else if (left >= 2 && c.args.take("BY")) {
      options.by = c.args.next();
      options.sorts &= options.by->find('*') != std::string_view::npos;
    } else if (left >= 2 && c.args.take("GET")) {
      options.get.push_back(c.args.next());
    } else {
      fail(resp::error_text::kSyntax);
    }
  }
  return options;
}

// The value that the pattern names for the element: "#" the element itself, "w_*" a string,
// "w_*->field" a field of a hash. Nothing if there is none.
std::optional<std::string> look_up(CommandContext& c, std::string_view pattern,
                                   std::string_view element) {
  if (pattern == "#") return std::string(element);
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return std::nullopt;
  const size_t arrow = pattern.find("->", star);
  const bool in_hash = arrow != std::string_view::npos && arrow + 2 < pattern.size();
  const std::string_view key_pattern = in_hash ? pattern.substr(0, arrow) : pattern;
  std::string name(key_pattern.substr(0, star));
  name.append(element).append(key_pattern.substr(star + 1));
  const Entry* entry = c.keys.find(Key(name));
  if (entry == nullptr) return std::nullopt;
  if (!in_hash) {
    if (entry->type() != store::Type::kString) return std::nullopt;
    return std::string(entry->string());
  }
  if (entry->type() != store::Type::kHash) return std::nullopt;
  const auto value = store::HashView(entry).get(pattern.substr(arrow + 2));
  if (!value) return std::nullopt;
  char digits[kInt64Digits];
  return std::string(value->text(digits));
}

struct Element {
  std::string text;
  double score = 0;
  std::optional<std::string> weight;  // by which to sort, if not the text itself
};

// In the order in which the collection has them.
std::vector<Element> read_elements(const Entry* entry) {
  std::vector<Element> elements;
  if (entry == nullptr) return elements;
  char digits[kInt64Digits];
  const auto add = [&](const PackedItem& item) {
    elements.push_back({std::string(item.text(digits)), 0, {}});
    return true;
  };
  switch (entry->type()) {
    case store::Type::kList:
      store::ListView(entry).for_each(0, add);
      break;
    case store::Type::kSet:
      store::SetView(entry).for_each(add);
      break;
    case store::Type::kSortedSet:
      store::SortedSetView(entry).for_each(
          0, [&](const store::ScoredItem& item) { return add(item.member); });
      break;
    default:
      fail(resp::error_text::kWrongType);
  }
  return elements;
}

// As the C library reads numbers: blanks in front, hexadecimal and nothing at all are fine.
double score_of(const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const double score = std::strtod(text.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(score))
    fail("ERR One or more scores can't be converted into double");
  return score;
}

void weigh(CommandContext& c, const SortOptions& options, std::vector<Element>& elements) {
  for (Element& element : elements) {
    if (options.by) {
      element.weight = look_up(c, *options.by, element.text);
      if (!element.weight) continue;  // weighs nothing
    }
    if (options.alpha) continue;
    element.score = score_of(element.weight ? *element.weight : element.text);
  }
}

// Below 0, 0 or above. By alphabet a missing weight comes first.
int compare(const Element& a, const Element& b, const SortOptions& options) {
  if (!options.alpha) {
    if (a.score != b.score) return a.score < b.score ? -1 : 1;
    return a.text.compare(b.text);
  }
  if (!options.by) return a.text.compare(b.text);
  if (a.weight && b.weight) return a.weight->compare(*b.weight);
  if (a.weight.has_value() != b.weight.has_value()) return b.weight ? -1 : 1;
  return 0;  // they stay as they are
}

void sort_with(CommandContext& c, bool may_store) {
  const SortOptions options = parse_sort_options(c, may_store);
  const Entry* const entry = c.keys.find(c.key());
  std::vector<Element> elements = read_elements(entry);
  const bool is_set = entry != nullptr && entry->type() == store::Type::kSet;
  if (options.sorts) {
    weigh(c, options, elements);
    std::stable_sort(elements.begin(), elements.end(), [&](const Element& a, const Element& b) {
      const int order = compare(a, b, options);
      return options.descending ? order > 0 : order < 0;
    });
  } else if (!is_set && options.descending) {
    std::reverse(elements.begin(), elements.end());
  } else if (is_set && (options.store || c.worker.in_script)) {
    // A stored result is to be the same on every server: a set has no order of its own.
    std::sort(elements.begin(), elements.end(),
              [](const Element& a, const Element& b) { return a.text < b.text; });
  }
  const auto size = static_cast<int64_t>(elements.size());
  const int64_t first = std::clamp<int64_t>(options.offset, 0, size);
  const int64_t count = options.limit < 0 ? size - first : std::min(options.limit, size - first);

  const size_t columns = std::max<size_t>(options.get.size(), 1);
  if (!options.store) {
    c.reply.array(count * static_cast<int64_t>(columns));
    for (int64_t i = first; i < first + count; ++i) {
      const Element& element = elements[static_cast<size_t>(i)];
      if (options.get.empty()) c.reply.bulk(element.text);
      for (const std::string_view pattern : options.get) {
        const auto value = look_up(c, pattern, element.text);
        if (value)
          c.reply.bulk(*value);
        else
          c.reply.null();
      }
    }
    return;
  }
  std::vector<std::string> result;
  for (int64_t i = first; i < first + count; ++i) {
    const Element& element = elements[static_cast<size_t>(i)];
    if (options.get.empty()) result.push_back(element.text);
    for (const std::string_view pattern : options.get)
      result.push_back(look_up(c, pattern, element.text).value_or(""));
  }
  const Key target(*options.store);
  const bool was_there = c.keys.erase_to_replace(target);
  c.reply.integer(static_cast<int64_t>(result.size()));
  if (result.empty()) {
    if (was_there) c.keys.announce("del", target);
    return;
  }
  store::ListEdit list(c.keys, target);
  const std::vector<std::string_view> views(result.begin(), result.end());
  list.expect(views);
  for (const std::string_view text : views) list.push(store::End::kBack, text);
  list.announce("sortstore");
}

void sort(CommandContext& c) {
  sort_with(c, true);
}
void sort_ro(CommandContext& c) {
  sort_with(c, false);
}

using schema::CommandSpec;
using schema::every_key;
using schema::key_at;
using schema::keys_after;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kGeneric = schema::Group::kGeneric;
constexpr uint32_t kSortAcl =
    schema::kAclSet | schema::kAclSortedSet | schema::kAclList | schema::kAclDangerous;

constexpr CommandSpec kRows[] = {
    {.syntax = "SORT key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | "
               "DESC] [ALPHA] [STORE destination]",
     .handler = sort,
     .keys = {key_at(1, kRO | kAccess), every_key(kRO | kAccess),
              keys_after("STORE", false, kOW | kUpdate, 2)},
     .flags = kWrite | kDenyOom,
     .group = kGeneric,
     .acl = kSortAcl,
     .since = "1.0.0",
     .complexity =
         "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the "
         "number of returned elements. When the elements are not sorted, complexity is O(N).",
     .summary =
         "Sorts the elements in a list, a set, or a sorted set, optionally storing the result."},
    {.syntax = "SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC "
               "| DESC] [ALPHA]",
     .handler = sort_ro,
     .keys = {key_at(1, kRO | kAccess), every_key(kRO | kAccess)},
     .flags = kReadOnly,
     .group = kGeneric,
     .acl = kSortAcl,
     .since = "7.0.0",
     .complexity =
         "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the "
         "number of returned elements. When the elements are not sorted, complexity is O(N).",
     .summary = "Returns the sorted elements of a list, a set, or a sorted set."},
};

}  // namespace

Rows sort_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
