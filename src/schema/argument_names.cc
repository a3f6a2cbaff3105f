#include "schema/argument_names.h"

#include <algorithm>

#include "base/text.h"

namespace scrubjay::schema {

using Type = SyntaxArgument::Type;

namespace {

struct TypedWord {
  std::string_view word;
  Type type;
};

constexpr TypedWord kTypes[] = {
    {"bit", Type::kInteger},
    {"bits", Type::kInteger},
    {"client-id", Type::kInteger},
    {"cluster-bus-port", Type::kInteger},
    {"config-epoch", Type::kInteger},
    {"count", Type::kInteger},
    {"cursor", Type::kInteger},
    {"db", Type::kInteger},
    {"decrement", Type::kInteger},
    {"destination", Type::kKey},
    {"destination-db", Type::kInteger},
    {"destkey", Type::kKey},
    {"dst", Type::kKey},
    {"end", Type::kInteger},
    {"end-slot", Type::kInteger},
    {"entries-added", Type::kInteger},
    {"entries-read", Type::kInteger},
    {"frequency", Type::kInteger},
    {"height", Type::kDouble},
    {"increment", Type::kInteger},
    {"index", Type::kInteger},
    {"index1", Type::kInteger},
    {"index2", Type::kInteger},
    {"key", Type::kKey},
    {"key1", Type::kKey},
    {"key2", Type::kKey},
    {"latitude", Type::kDouble},
    {"len", Type::kInteger},
    {"limit", Type::kInteger},
    {"longitude", Type::kDouble},
    {"max", Type::kDouble},
    {"maxage", Type::kInteger},
    {"milliseconds", Type::kInteger},
    {"min", Type::kDouble},
    {"min-match-len", Type::kInteger},
    {"ms", Type::kInteger},
    {"newkey", Type::kKey},
    {"num-matches", Type::kInteger},
    {"numfields", Type::kInteger},
    {"numkeys", Type::kInteger},
    {"numlocal", Type::kInteger},
    {"numreplicas", Type::kInteger},
    {"offset", Type::kInteger},
    {"pattern", Type::kPattern},
    {"port", Type::kInteger},
    {"protover", Type::kInteger},
    {"radius", Type::kDouble},
    {"rank", Type::kInteger},
    {"score", Type::kDouble},
    {"seconds", Type::kInteger},
    {"slot", Type::kInteger},
    {"source", Type::kKey},
    {"sourcekey", Type::kKey},
    {"src", Type::kKey},
    {"start", Type::kInteger},
    {"start-slot", Type::kInteger},
    {"stop", Type::kInteger},
    {"timeout", Type::kInteger},
    {"ttl", Type::kInteger},
    {"unix-time-milliseconds", Type::kUnixTime},
    {"unix-time-seconds", Type::kUnixTime},
    {"version", Type::kInteger},
    {"weight", Type::kInteger},
    {"width", Type::kDouble},
};
static_assert(std::is_sorted(std::begin(kTypes), std::end(kTypes),
                             [](const auto& a, const auto& b) { return a.word < b.word; }));

// Where a word means something else than elsewhere. A command's name may end in `*`.
struct TypedException {
  std::string_view command;
  std::string_view word;
  Type type;
};

constexpr TypedException kExceptions[] = {
    {"X*", "start", Type::kString},
    {"X*", "end", Type::kString},
    {"XPENDING", "min-idle-time", Type::kInteger},
    {"ZRANGE", "start", Type::kString},
    {"ZRANGE", "stop", Type::kString},
    {"ZRANGESTORE", "min", Type::kString},
    {"ZRANGESTORE", "max", Type::kString},
    {"ZLEXCOUNT", "min", Type::kString},
    {"ZLEXCOUNT", "max", Type::kString},
    {"ZRANGEBYLEX", "min", Type::kString},
    {"ZRANGEBYLEX", "max", Type::kString},
    {"ZREVRANGEBYLEX", "min", Type::kString},
    {"ZREVRANGEBYLEX", "max", Type::kString},
    {"ZREMRANGEBYLEX", "min", Type::kString},
    {"ZREMRANGEBYLEX", "max", Type::kString},
    {"INCRBYFLOAT", "increment", Type::kDouble},
    {"HINCRBYFLOAT", "increment", Type::kDouble},
    {"BITFIELD", "value", Type::kInteger},
    {"SETBIT", "value", Type::kInteger},
    {"B*", "timeout", Type::kDouble},
    {"CLUSTER", "key", Type::kString},
};

}  // namespace

Type type_of_value(std::string_view command, std::string_view word) {
  for (const auto& exception : kExceptions) {
    if (exception.word != word) continue;
    const std::string_view name = exception.command;
    const bool prefix = name.back() == '*';
    if (prefix ? command.starts_with(name.substr(0, name.size() - 1)) : command == name) {
      return exception.type;
    }
  }
  const auto* found = std::lower_bound(std::begin(kTypes), std::end(kTypes), word,
                                       [](const auto& row, auto text) { return row.word < text; });
  return found != std::end(kTypes) && found->word == word ? found->type : Type::kString;
}

namespace {

// Names of groups, which the text does not show, by their token or their first members; an empty
// field fits any.
struct GroupName {
  std::string_view token;
  std::string_view first;
  std::string_view second;
  std::string_view name;
};

constexpr GroupName kGroupNames[] = {
    {"", "nx", "xx", "condition"},
    {"", "gt", "lt", "comparison"},
    {"", "seconds", "", "expiration"},
    {"", "asc", "desc", "order"},
    {"", "left", "right", "where"},
    {"", "before", "after", "where"},
    {"", "min", "max", "where"},
    {"", "byscore", "bylex", "sortby"},
    {"", "m", "km", "unit"},
    {"", "byte", "bit", "unit"},
    {"", "maxlen", "minid", "strategy"},
    {"", "equal", "approximately", "operator"},
    {"", "strategy", "", "trim"},
    {"", "auto-id", "id", "id-selector"},
    {"", "id", "new-id", "id-selector"},
    {"", "field", "value", "data"},
    {"", "key", "value", "data"},
    {"", "score", "member", "data"},
    {"", "longitude", "latitude", "data"},
    {"", "parameter", "value", "data"},
    {"", "async", "sync", "flush-type"},
    {"", "member", "fromlonlat", "from"},
    {"", "circle", "box", "by"},
    {"", "radius", "unit", "circle"},
    {"", "width", "height", "box"},
    {"", "count", "any", "count-block"},
    {"", "count", "withscores", "options"},
    {"", "count", "withvalues", "options"},
    {"", "ip:port", "", "filter"},
    {"", "client-id", "", "new-format"},
    {"", "start", "end-unit-block", "range"},
    {"", "start", "end", "range"},
    {"", "end", "unit", "end-unit-block"},
    {"", "key", "empty-string", "key-selector"},
    {"", "password", "auth2", "authentication"},
    {"", "protover", "", "arguments"},
    {"", "on", "off", "status"},
    {"", "nosave", "save", "save-selector"},
    {"", "timeout", "error", "unblock-type"},
    {"", "write", "all", "mode"},
    {"", "yes", "no", "mode"},
    {"", "yes", "sync", "mode"},
    {"", "start-slot", "end-slot", "range"},
    {"", "hard", "soft", "reset-type"},
    {"", "get-block", "write", "operation"},
    {"", "overflow-block", "write-operation", "write"},
    {"", "set-block", "incrby-block", "write-operation"},
    {"GET", "", "", "get-block"},
    {"SET", "", "", "set-block"},
    {"INCRBY", "", "", "incrby-block"},
    {"OVERFLOW", "", "", "overflow-block"},
    {"GROUP", "", "", "group-block"},
    {"TYPE", "", "", "client-type"},
    {"TO", "", "", "target"},
};

// Tokens whose argument has another name than the token in lower case.
struct TokenName {
  std::string_view token;
  std::string_view name;
};

constexpr TokenName kTokenNames[] = {
    {"=", "equal"},           {"~", "approximately"}, {"*", "auto-id"},     {"$", "new-id"},
    {"\"\"", "empty-string"}, {"CH", "change"},       {"ALPHA", "sorting"},
};

}  // namespace

std::string name_of_group(std::string_view token, const std::vector<SyntaxArgument>& arguments) {
  for (const GroupName& row : kGroupNames) {
    if (row.token != token) continue;
    if (!row.first.empty() && row.first != arguments[0].name) continue;
    if (!row.second.empty() && (arguments.size() < 2 || row.second != arguments[1].name)) continue;
    return std::string(row.name);
  }
  if (!token.empty()) return to_lower(token);
  std::string joined;
  for (const SyntaxArgument& child : arguments) {
    if (!joined.empty()) joined += '-';
    joined += child.name;
  }
  return joined;
}

std::string name_of_token(std::string_view token) {
  for (const TokenName& row : kTokenNames) {
    if (row.token == token) return std::string(row.name);
  }
  return to_lower(token);
}

}  // namespace scrubjay::schema
