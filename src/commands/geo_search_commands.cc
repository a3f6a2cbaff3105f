// What lies within a circle or a box: GEOSEARCH, GEOSEARCHSTORE, and the older GEORADIUS and
// GEORADIUSBYMEMBER.
#include <algorithm>

#include "base/partial_quick_sort.h"
#include "commands/geo_values.h"
#include "commands/table.h"
#include "objects/geo_area.h"
#include "store/sorted_set_value.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::GeoArea;
using objects::GeoShape;
using objects::PackedItem;
using objects::Place;
using store::ScoredItem;
using store::SortedSetEdit;
using store::SortedSetView;

// What a command's name settles; the rest is up to its options.
enum class Form : uint8_t {
  kSearch,       // GEOSEARCH: all comes by options
  kSearchStore,  // GEOSEARCHSTORE
  kRadius,       // GEORADIUS and GEORADIUSBYMEMBER: STORE and STOREDIST are options
  kRadiusOnly,   // the same without them: their _RO variants
};
enum class Centre : uint8_t { kNone, kMember, kPlace };
enum class Extent : uint8_t { kNone, kRadius, kBox };
enum class Order : uint8_t { kNone, kAscending, kDescending };

struct Query {
  GeoShape shape;
  Centre centre = Centre::kNone;
  Extent extent = Extent::kNone;
  Order order = Order::kNone;
  int64_t count = 0;  // 0: all
  bool any = false;
  bool with_distance = false;
  bool with_hash = false;
  bool with_place = false;
  std::optional<std::string_view> target;
  bool stores_distances = false;
};

struct Match {
  PackedItem member;
  double score;
  double distance;  // metres
  Place place;
};

double parse_length(CommandContext& c, std::string_view error) {
  const auto value = parse_double(c.args.next());
  if (!value) fail(error);
  return *value;
}

void parse_radius(CommandContext& c, GeoShape& shape) {
  shape.radius = parse_length(c, "ERR need numeric radius");
  if (shape.radius < 0) fail("ERR radius cannot be negative");
  shape.unit = parse_geo_unit(c.args.next());
}

void parse_box(CommandContext& c, GeoShape& shape) {
  shape.is_box = true;
  shape.width = parse_length(c, "ERR need numeric width");
  shape.height = parse_length(c, "ERR need numeric height");
  if (shape.width < 0 || shape.height < 0) fail("ERR height or width cannot be negative");
  shape.unit = parse_geo_unit(c.args.next());
}

// Of a missing set any place will do: there is nothing to be found.
Place parse_member_place(CommandContext& c, const SortedSetView& set) {
  const std::string_view member = c.args.next();
  if (set.entry() == nullptr) return {};
  const auto score = set.score(member);
  if (!score) fail("ERR could not decode requested zset member");
  return objects::place_of(*score);
}

// Takes an option of GEOSEARCH that says where to search.
bool take_area(CommandContext& c, const SortedSetView& set, Query& query) {
  const size_t left = c.args.left();
  if (left > 1 && query.centre != Centre::kPlace && c.args.take("FROMMEMBER")) {
    query.shape.centre = parse_member_place(c, set);
    query.centre = Centre::kMember;
  } else if (left > 2 && query.centre != Centre::kMember && c.args.take("FROMLONLAT")) {
    query.shape.centre = parse_place(c);
    query.centre = Centre::kPlace;
  } else if (left > 2 && query.extent != Extent::kBox && c.args.take("BYRADIUS")) {
    parse_radius(c, query.shape);
    query.extent = Extent::kRadius;
  } else if (left > 3 && query.extent != Extent::kRadius && c.args.take("BYBOX")) {
    parse_box(c, query.shape);
    query.extent = Extent::kBox;
  } else {
    return false;
  }
  return true;
}

bool take_target(CommandContext& c, Query& query) {
  if (c.args.left() < 2) return false;
  const bool distances = c.args.take("STOREDIST");
  if (!distances && !c.args.take("STORE")) return false;
  query.target = c.args.next();
  query.stores_distances = distances;
  return true;
}

bool take_display(CommandContext& c, Query& query) {
  if (c.args.take("WITHDIST"))
    query.with_distance = true;
  else if (c.args.take("WITHHASH"))
    query.with_hash = true;
  else if (c.args.take("WITHCOORD"))
    query.with_place = true;
  else
    return false;
  return true;
}

bool take_selection(CommandContext& c, Query& query) {
  if (c.args.take("ANY")) {
    query.any = true;
  } else if (c.args.take("ASC")) {
    query.order = Order::kAscending;
  } else if (c.args.take("DESC")) {
    query.order = Order::kDescending;
  } else if (c.args.left() > 1 && c.args.take("COUNT")) {
    query.count = c.args.next_integer();
    if (query.count <= 0) fail("ERR COUNT must be > 0");
  } else {
    return false;
  }
  return true;
}

void check_query(const CommandContext& c, Form form, const Query& query) {
  const bool searches = form == Form::kSearch || form == Form::kSearchStore;
  if (query.target && (query.with_distance || query.with_hash || query.with_place))
    fail("ERR {} is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
         searches ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS");
  if (searches && query.centre == Centre::kNone)
    fail("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {}", c.args[0]);
  if (searches && query.extent == Extent::kNone)
    fail("ERR exactly one of BYRADIUS and BYBOX can be specified for {}", c.args[0]);
  if (query.any && query.count == 0) fail("ERR the ANY argument requires COUNT argument");
}

void parse_options(CommandContext& c, Form form, const SortedSetView& set, Query& query) {
  const bool searches = form == Form::kSearch || form == Form::kSearchStore;
  while (!c.args.at_end()) {
    if (take_display(c, query) || take_selection(c, query)) continue;
    if (searches && take_area(c, set, query)) continue;
    if (form == Form::kRadius && take_target(c, query)) continue;
    if (form == Form::kSearchStore && c.args.take("STOREDIST"))
      query.stores_distances = true;
    else
      fail(resp::error_text::kSyntax);
  }
  check_query(c, form, query);
  // The nearest ones are meant, unless any will do.
  if (query.count > 0 && query.order == Order::kNone && !query.any) query.order = Order::kAscending;
}

std::vector<Match> find_matches(const SortedSetView& set, const Query& query) {
  const auto most = static_cast<size_t>(query.any ? query.count : INT64_MAX);
  const GeoArea area(query.shape);
  std::vector<Match> matches;
  for (const auto& range : area.cover()) {
    if (matches.size() >= most) break;
    set.for_each_from_score(range.low, [&](const ScoredItem& item) {
      if (item.score >= range.high) return false;
      const Place place = objects::place_of(item.score);
      if (const auto distance = area.distance_within(place))
        matches.push_back({item.member, item.score, *distance, place});
      return matches.size() < most;
    });
  }
  return matches;
}

// Sorts as asked and drops what is beyond COUNT. Equal distances come as they were found, or, where
// not all are wanted, as the partial sort leaves them.
void arrange(std::vector<Match>& matches, const Query& query) {
  size_t wanted = matches.size();
  if (query.count > 0) wanted = std::min(wanted, static_cast<size_t>(query.count));
  if (query.order != Order::kNone) {
    const double sign = query.order == Order::kAscending ? 1 : -1;
    const auto compare = [&](const Match& a, const Match& b) {
      const double difference = sign * (a.distance - b.distance);
      return difference < 0 ? -1 : difference > 0 ? 1 : 0;
    };
    if (wanted < matches.size())
      partial_quick_sort(matches.data(), matches.size(), wanted, compare);
    else
      std::stable_sort(matches.begin(), matches.end(),
                       [&](const Match& a, const Match& b) { return compare(a, b) < 0; });
  }
  matches.resize(wanted);
}

void reply_matches(CommandContext& c, const Query& query, const std::vector<Match>& matches) {
  const int parts = 1 + query.with_distance + query.with_hash + query.with_place;
  c.reply.array(static_cast<int64_t>(matches.size()));
  for (const Match& match : matches) {
    if (parts > 1) c.reply.array(parts);
    c.reply_item(match.member);
    if (query.with_distance) reply_distance(c, match.distance / query.shape.unit);
    if (query.with_hash) c.reply.integer(static_cast<int64_t>(match.score));
    if (query.with_place) reply_place(c, match.place);
  }
}

void store_matches(CommandContext& c, Form form, const Query& query,
                   const std::vector<Match>& matches) {
  // Their bytes may be the target's own, and have to outlive it.
  std::vector<std::pair<std::string, double>> items;
  items.reserve(matches.size());
  size_t longest = 0;
  for (const Match& match : matches) {
    char digits[kInt64Digits];
    const double score = query.stores_distances ? match.distance / query.shape.unit : match.score;
    items.emplace_back(match.member.text(digits), score);
    longest = std::max(longest, items.back().first.size());
  }
  const Key target(*query.target);
  const bool was_there = c.keys.erase_to_replace(target);
  c.reply.integer(static_cast<int64_t>(items.size()));
  if (items.empty()) {
    if (was_there) c.keys.announce("del", target);
    return;
  }
  SortedSetEdit set(c.keys, target);
  set.expect(items.size(), longest);
  for (const auto& [member, score] : items) set.put(member, score);
  set.announce(form == Form::kSearchStore ? "geosearchstore" : "georadiusstore");
}

void answer(CommandContext& c, Form form, const SortedSetView& set, Query& query) {
  parse_options(c, form, set, query);
  std::vector<Match> matches;
  if (set.entry() != nullptr) matches = find_matches(set, query);
  arrange(matches, query);
  if (query.target)
    store_matches(c, form, query, matches);
  else
    reply_matches(c, query, matches);
}

void geosearch(CommandContext& c) {
  c.args.skip(1);
  Query query;
  answer(c, Form::kSearch, c.find<SortedSetView>(c.key()), query);
}

void geosearchstore(CommandContext& c) {
  c.args.skip(2);
  Query query;
  query.target = c.args[1];
  answer(c, Form::kSearchStore, c.find<SortedSetView>(c.key(1)), query);
}

void search_around_place(CommandContext& c, Form form) {
  c.args.skip(1);
  const SortedSetView set = c.find<SortedSetView>(c.key());
  Query query;
  query.shape.centre = parse_place(c);
  parse_radius(c, query.shape);
  answer(c, form, set, query);
}
void georadius(CommandContext& c) {
  search_around_place(c, Form::kRadius);
}
void georadius_ro(CommandContext& c) {
  search_around_place(c, Form::kRadiusOnly);
}

void search_around_member(CommandContext& c, Form form) {
  c.args.skip(1);
  const SortedSetView set = c.find<SortedSetView>(c.key());
  Query query;
  query.shape.centre = parse_member_place(c, set);
  // Of a missing set Redis does not look at the radius.
  if (set.entry() != nullptr)
    parse_radius(c, query.shape);
  else
    c.args.skip(2);
  answer(c, form, set, query);
}
void georadiusbymember(CommandContext& c) {
  search_around_member(c, Form::kRadius);
}
void georadiusbymember_ro(CommandContext& c) {
  search_around_member(c, Form::kRadiusOnly);
}

using schema::CommandSpec;
using schema::key_at;
using schema::keys_after;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kGeo = schema::Group::kGeo;

constexpr std::string_view kRadiusComplexity =
    "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area "
    "delimited by center and radius and M is the number of items inside the index.";
constexpr std::string_view kSearchComplexity =
    "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around "
    "the "
    "shape provided as the filter and M is the number of items inside the shape";

constexpr CommandSpec kRows[] = {
    {.syntax = "GEORADIUS key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] "
               "[WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key] [STOREDIST key]",
     .handler = georadius,
     .keys = {key_at(1, kRO | kAccess), keys_after("STORE", false, kOW | kUpdate, 6),
              keys_after("STOREDIST", false, kOW | kUpdate, 6)},
     .flags = kWrite | kDenyOom,
     .group = kGeo,
     .since = "3.2.0",
     .complexity = kRadiusComplexity,
     .summary = "Queries a geospatial index for members within a distance from a coordinate, "
                "optionally stores the result."},
    {.syntax = "GEORADIUSBYMEMBER key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] "
               "[WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key] [STOREDIST key]",
     .handler = georadiusbymember,
     .keys = {key_at(1, kRO | kAccess), keys_after("STORE", false, kOW | kUpdate, 5),
              keys_after("STOREDIST", false, kOW | kUpdate, 5)},
     .flags = kWrite | kDenyOom,
     .group = kGeo,
     .since = "3.2.0",
     .complexity = kRadiusComplexity,
     .summary = "Queries a geospatial index for members within a distance from a member, "
                "optionally stores the result."},
    {.syntax = "GEORADIUSBYMEMBER_RO key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] "
               "[WITHHASH] [COUNT count [ANY]] [ASC | DESC]",
     .handler = georadiusbymember_ro,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kGeo,
     .since = "3.2.10",
     .complexity = kRadiusComplexity,
     .summary =
         "Returns members from a geospatial index that are within a distance from a member."},
    {.syntax = "GEORADIUS_RO key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] "
               "[WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]",
     .handler = georadius_ro,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kGeo,
     .since = "3.2.10",
     .complexity = kRadiusComplexity,
     .summary = "Returns members from a geospatial index that are within a distance from a "
                "coordinate."},
    {.syntax = "GEOSEARCH key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius "
               "<M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT "
               "count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
     .handler = geosearch,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kGeo,
     .since = "6.2.0",
     .complexity = kSearchComplexity,
     .summary = "Queries a geospatial index for members inside an area of a box or a circle."},
    {.syntax = "GEOSEARCHSTORE destination source <FROMMEMBER member | FROMLONLAT longitude "
               "latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | "
               "MI>> [ASC | DESC] [COUNT count [ANY]] [STOREDIST]",
     .handler = geosearchstore,
     .keys = {key_at(1, kOW | kUpdate), key_at(2, kRO | kAccess)},
     .flags = kWrite | kDenyOom,
     .group = kGeo,
     .since = "6.2.0",
     .complexity = kSearchComplexity,
     .summary = "Queries a geospatial index for members inside an area of a box or a circle, "
                "optionally stores the result."},
};

}  // namespace

Rows geo_search_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
