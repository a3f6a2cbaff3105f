// Places on the globe as members of a sorted set: GEOADD, GEOPOS, GEODIST, GEOHASH. Searches are in
// geo_search_commands.cc.
#include "commands/geo_values.h"
#include "commands/table.h"
#include "store/sorted_set_value.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using store::SortedSetEdit;
using store::SortedSetView;
using Put = SortedSetEdit::Put;

struct AddOptions {
  bool nx = false;
  bool xx = false;
  bool changed = false;
};

AddOptions parse_add_options(CommandContext& c) {
  AddOptions options;
  for (;;) {
    if (c.args.take("NX"))
      options.nx = true;
    else if (c.args.take("XX"))
      options.xx = true;
    else if (c.args.take("CH"))
      options.changed = true;
    else
      break;
  }
  if (c.args.at_end() || c.args.left() % 3 != 0 || (options.nx && options.xx))
    fail(resp::error_text::kSyntax);
  return options;
}

void geoadd(CommandContext& c) {
  c.args.skip(1);
  const AddOptions options = parse_add_options(c);
  const auto triples = c.args.rest();
  std::vector<double> scores;
  scores.reserve(triples.size() / 3);
  size_t longest = 0;
  while (!c.args.at_end()) {
    scores.push_back(objects::geohash_of(parse_place(c)));
    longest = std::max(longest, c.args.next().size());
  }
  auto set = c.edit<SortedSetEdit>(c.key());
  if (set.entry() == nullptr && options.xx) return c.reply.integer(0);
  set.expect(scores.size(), longest);
  int64_t added = 0;
  int64_t updated = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    const std::string_view member = triples[3 * i + 2];
    if (options.nx || options.xx) {
      const bool there = set.view().score(member).has_value();
      if (there ? options.nx : options.xx) continue;
    }
    const Put put = set.put(member, scores[i]);
    added += put == Put::kAdded ? 1 : 0;
    updated += put == Put::kUpdated ? 1 : 0;
  }
  c.reply.integer(options.changed ? added + updated : added);
  if (added + updated > 0) set.announce("zadd");
}

void geodist(CommandContext& c) {
  double unit = 1;
  if (c.args.size() == 5) unit = parse_geo_unit(c.args[4]);
  if (c.args.size() > 5) fail(resp::error_text::kSyntax);
  const SortedSetView set = c.find<SortedSetView>(c.key());
  const auto [from, to] = set.scores(c.args[2], c.args[3]);
  if (!from || !to) return c.reply.null();
  reply_distance(c, objects::distance(objects::place_of(*from), objects::place_of(*to)) / unit);
}

void geopos(CommandContext& c) {
  c.args.skip(1);
  const SortedSetView set = c.find<SortedSetView>(c.key());
  c.reply.array(static_cast<int64_t>(c.args.left()));
  for (const std::string_view member : c.args.rest()) {
    const auto score = set.score(member);
    if (score)
      reply_place(c, objects::place_of(*score));
    else
      c.reply.null_array();
  }
}

void geohash(CommandContext& c) {
  c.args.skip(1);
  const SortedSetView set = c.find<SortedSetView>(c.key());
  c.reply.array(static_cast<int64_t>(c.args.left()));
  for (const std::string_view member : c.args.rest()) {
    const auto score = set.score(member);
    if (!score) {
      c.reply.null();
      continue;
    }
    const auto text = objects::geohash_text(*score);
    c.reply.bulk({text.data(), text.size()});
  }
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kGeo = schema::Group::kGeo;

constexpr CommandSpec kRows[] = {
    {.syntax = "GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member "
               "...]",
     .handler = geoadd,
     .keys = {key_at(1, kRW | kUpdate)},
     .flags = kWrite | kDenyOom,
     .group = kGeo,
     .since = "3.2.0",
     .complexity = "O(log(N)) for each item added, where N is the number of elements in the sorted "
                   "set.",
     .summary = "Adds one or more members to a geospatial index. The key is created if it doesn't "
                "exist."},
    {.syntax = "GEODIST key member1 member2 [M | KM | FT | MI]",
     .handler = geodist,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kGeo,
     .since = "3.2.0",
     .complexity = "O(log(N))",
     .summary = "Returns the distance between two members of a geospatial index."},
    {.syntax = "GEOHASH key [member [member ...]]",
     .handler = geohash,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kGeo,
     .since = "3.2.0",
     .complexity = "O(log(N)) for each member requested, where N is the number of elements in the "
                   "sorted set.",
     .summary = "Returns members from a geospatial index as geohash strings."},
    {.syntax = "GEOPOS key [member [member ...]]",
     .handler = geopos,
     .keys = {key_at(1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = kGeo,
     .since = "3.2.0",
     .complexity = "O(N) where N is the number of members requested.",
     .summary = "Returns the longitude and latitude of members from a geospatial index."},
};

}  // namespace

Rows geo_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
