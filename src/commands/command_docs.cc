#include "commands/command_docs.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "schema/acl_category.h"
#include "schema/syntax.h"
#include "schema/tips.h"

namespace scrubjay::commands {
namespace {

using resp::ReplyBuilder;
using schema::Command;
using schema::KeySpec;
using schema::SyntaxArgument;
using Names = std::vector<std::string_view>;

struct FlagName {
  uint32_t flag;
  std::string_view name;
};

constexpr FlagName kFlagNames[] = {{schema::kWrite, "write"},
                                   {schema::kReadOnly, "readonly"},
                                   {schema::kDenyOom, "denyoom"},
                                   {schema::kAdmin, "admin"},
                                   {schema::kPubSub, "pubsub"},
                                   {schema::kNoScript, "noscript"},
                                   {schema::kBlocking, "blocking"},
                                   {schema::kLoading, "loading"},
                                   {schema::kStale, "stale"},
                                   {schema::kSkipMonitor, "skip_monitor"},
                                   {schema::kSkipSlowlog, "skip_slowlog"},
                                   {schema::kFast, "fast"},
                                   {schema::kNoAuth, "no_auth"},
                                   {schema::kNoAsyncLoading, "no_async_loading"},
                                   {schema::kNoMulti, "no_multi"},
                                   {schema::kAllowBusy, "allow_busy"}};

constexpr FlagName kKeyFlagNames[] = {{schema::kRO, "RO"},
                                      {schema::kRW, "RW"},
                                      {schema::kOW, "OW"},
                                      {schema::kRM, "RM"},
                                      {schema::kAccess, "access"},
                                      {schema::kUpdate, "update"},
                                      {schema::kInsert, "insert"},
                                      {schema::kDelete, "delete"},
                                      {schema::kNotKey, "not_key"},
                                      {schema::kIncomplete, "incomplete"},
                                      {schema::kVariableFlags, "variable_flags"}};

constexpr std::string_view kGroupNames[] = {
    "string",  "generic",      "list",       "set",    "sorted-set", "hash",
    "pubsub",  "transactions", "connection", "server", "scripting",  "hyperloglog",
    "cluster", "sentinel",     "geo",        "stream", "bitmap",     "module"};

void reply_names(ReplyBuilder& reply, const Names& names) {
  reply.set(static_cast<int64_t>(names.size()));
  for (const std::string_view name : names) reply.simple(name);
}

void reply_pair(ReplyBuilder& reply, std::string_view name, std::string_view value) {
  reply.bulk(name);
  reply.bulk(value);
}

void reply_number(ReplyBuilder& reply, std::string_view name, int64_t value) {
  reply.bulk(name);
  reply.integer(value);
}

// First, last and step of the old description of keys, which knows only one range.
struct OldRange {
  int first = 0;
  int last = 0;
  int step = 0;
  bool movable = false;  // there are keys that it does not cover
};

OldRange old_range(const schema::CommandSpec& spec) {
  OldRange range;
  for (const KeySpec& key : spec.keys) {
    if (key.shape == KeySpec::Shape::kNone) continue;
    if (key.shape != KeySpec::Shape::kRange) {
      range.movable |= key.shape != KeySpec::Shape::kEveryKey || &key != spec.keys.data();
    } else if (range.first == 0) {
      range = {key.first, key.last, key.step, range.movable};
    } else if (range.last + 1 == key.first && range.step == 1 && key.step == 1) {
      range.last = key.last;
    } else {
      range.movable = true;
    }
  }
  return range;
}

void reply_key_spec(ReplyBuilder& reply, const KeySpec& key) {
  reply.map(3);
  reply.bulk("flags");
  reply_key_flags(reply, key.flags);

  const bool unknown = key.shape == KeySpec::Shape::kEveryKey;
  const bool after_word = key.shape == KeySpec::Shape::kAfterWord;
  reply.bulk("begin_search");
  reply.map(2);
  reply_pair(reply, "type", unknown ? "unknown" : after_word ? "keyword" : "index");
  reply.bulk("spec");
  reply.map(unknown ? 0 : after_word ? 2 : 1);
  if (after_word) {
    reply_pair(reply, "keyword", key.word);
    reply_number(reply, "startfrom", key.first);
  } else if (!unknown) {
    reply_number(reply, "index", key.first);
  }

  const bool counted = key.shape == KeySpec::Shape::kCounted;
  reply.bulk("find_keys");
  reply.map(2);
  reply_pair(reply, "type", unknown ? "unknown" : counted ? "keynum" : "range");
  reply.bulk("spec");
  reply.map(unknown ? 0 : 3);
  if (counted) {
    reply_number(reply, "keynumidx", 0);
    reply_number(reply, "firstkey", 1);
    reply_number(reply, "keystep", key.step);
  } else if (!unknown) {
    const int last = after_word ? key.last : key.last < 0 ? key.last : key.last - key.first;
    reply_number(reply, "lastkey", last);
    reply_number(reply, "keystep", key.step);
    reply_number(reply, "limit", after_word && key.half ? 2 : 0);
  }
}

void reply_arguments(ReplyBuilder& reply, const std::vector<SyntaxArgument>& arguments) {
  using Type = SyntaxArgument::Type;
  reply.array(static_cast<int64_t>(arguments.size()));
  for (const SyntaxArgument& argument : arguments) {
    const bool composed = argument.type == Type::kOneOf || argument.type == Type::kBlock;
    Names flags;
    if (argument.optional) flags.push_back("optional");
    if (argument.multiple) flags.push_back("multiple");
    if (argument.multiple_token) flags.push_back("multiple_token");
    const bool has_token = !argument.token.empty() || argument.type == Type::kPureToken;
    reply.map(3 + (argument.key_spec >= 0 ? 1 : 0) + (has_token ? 1 : 0) + (flags.empty() ? 0 : 1));
    reply_pair(reply, "name", argument.name);
    reply_pair(reply, "type", type_name(argument.type));
    if (!composed) reply_pair(reply, "display_text", argument.name);
    if (argument.key_spec >= 0) reply_number(reply, "key_spec_index", argument.key_spec);
    if (has_token) reply_pair(reply, "token", argument.token);
    if (!flags.empty()) {
      reply.bulk("flags");
      reply_names(reply, flags);
    }
    if (composed) {
      reply.bulk("arguments");
      reply_arguments(reply, argument.arguments);
    }
  }
}

}  // namespace

void reply_key_flags(ReplyBuilder& reply, uint16_t flags) {
  Names names;
  for (const FlagName& item : kKeyFlagNames) {
    if (flags & item.flag) names.push_back(item.name);
  }
  reply_names(reply, names);
}

void reply_command_info(ReplyBuilder& reply, const Command& command) {
  const schema::CommandSpec& spec = *command.spec;
  const OldRange range = old_range(spec);
  reply.array(10);
  reply.bulk(command.name);
  reply.integer(command.arity);

  Names flags;
  for (const FlagName& item : kFlagNames) {
    if (command.flags & item.flag) flags.push_back(item.name);
  }
  const bool counted = spec.keys[0].shape == KeySpec::Shape::kCounted;
  if (counted && spec.group == schema::Group::kScripting) flags.push_back("no_mandatory_keys");
  if (range.movable) flags.push_back("movablekeys");
  reply_names(reply, flags);

  reply.integer(range.first);
  reply.integer(range.last);
  reply.integer(range.step);

  const uint32_t categories = categories_of(spec);
  reply.set(std::popcount(categories));
  for (size_t bit = 0; bit < schema::kAclCategories; ++bit) {
    if (categories >> bit & 1) reply.simple("@" + std::string(schema::acl_category_name(bit)));
  }

  const auto tips = schema::tips_of(command.name);
  reply.set(static_cast<int64_t>(tips.size()));
  for (const std::string_view tip : tips) reply.bulk(tip);

  // A walk over the whole keyspace names no keys.
  const auto is_spec = [&](const KeySpec& key) {
    if (key.shape == KeySpec::Shape::kEveryKey) return &key != spec.keys.data();
    return key.shape != KeySpec::Shape::kNone;
  };
  reply.set(std::count_if(spec.keys.begin(), spec.keys.end(), is_spec));
  for (const KeySpec& key : spec.keys) {
    if (is_spec(key)) reply_key_spec(reply, key);
  }

  if (command.subcommands.empty())
    reply.set(0);
  else
    reply.array(static_cast<int64_t>(command.subcommands.size()));
  for (const Command* subcommand : command.subcommands) reply_command_info(reply, *subcommand);
}

void reply_command_docs(ReplyBuilder& reply, const Command& command) {
  const schema::CommandSpec& spec = *command.spec;
  const auto arguments = parse_arguments(spec, command.parent != nullptr);
  reply.bulk(command.name);
  reply.map(3 + (spec.complexity.empty() ? 0 : 1) + (arguments.empty() ? 0 : 1) +
            (command.subcommands.empty() ? 0 : 1));
  reply_pair(reply, "summary", spec.summary);
  reply_pair(reply, "since", spec.since);
  reply_pair(reply, "group", kGroupNames[static_cast<size_t>(spec.group)]);
  if (!spec.complexity.empty()) reply_pair(reply, "complexity", spec.complexity);
  if (!arguments.empty()) {
    reply.bulk("arguments");
    reply_arguments(reply, arguments);
  }
  if (!command.subcommands.empty()) {
    reply.bulk("subcommands");
    reply.map(static_cast<int64_t>(command.subcommands.size()));
    for (const Command* subcommand : command.subcommands) reply_command_docs(reply, *subcommand);
  }
}

}  // namespace scrubjay::commands
