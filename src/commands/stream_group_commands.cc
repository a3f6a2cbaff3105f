// XGROUP: making, moving and dropping consumer groups and consumers.
#include "commands/help.h"
#include "commands/stream_arguments.h"
#include "commands/table.h"

namespace scrubjay::commands {
namespace {

using namespace engine;
using objects::Consumer;
using objects::ConsumerGroup;
using objects::Stream;
using store::StreamEdit;

Stream& existing_stream(StreamEdit& edit) {
  Stream* const stream = edit.stream();
  if (stream == nullptr) {
    fail(
        "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want "
        "to use the MKSTREAM option to create an empty stream automatically.");
  }
  return *stream;
}

ConsumerGroup& existing_group(CommandContext& c, const Stream& stream) {
  ConsumerGroup* const group = stream.find_group(c.args[3]);
  if (group == nullptr)
    fail("NOGROUP No such consumer group '{}' for key name '{}'", c.args[3], c.args[2]);
  return *group;
}

struct GroupOptions {
  bool make_stream = false;
  int64_t entries_read = ConsumerGroup::kUnknown;
};

// Behind the id of CREATE and SETID.
GroupOptions parse_options(CommandContext& c, bool creates) {
  GroupOptions options;
  c.args.skip(3);
  while (!c.args.at_end()) {
    if (creates && c.args.take("MKSTREAM")) {
      options.make_stream = true;
    } else if (c.args.left() > 1 && c.args.take("ENTRIESREAD")) {
      options.entries_read = c.args.next_integer();
      if (options.entries_read < 0 && options.entries_read != ConsumerGroup::kUnknown)
        fail("ERR value for ENTRIESREAD must be positive or -1");
    } else {
      fail("ERR unknown subcommand or wrong number of arguments for '{}'. Try XGROUP HELP.",
           c.args[1]);
    }
  }
  return options;
}

StreamId parse_group_id(std::string_view text, const Stream* stream) {
  if (text == "$") return stream != nullptr ? stream->last_id() : StreamId{};
  return parse_stream_id(text);
}

// SETID also takes the names of the two ends.
StreamId parse_new_group_id(std::string_view text, const Stream& stream) {
  if (text == "-") return {};
  if (text == "+") return StreamId::max();
  return parse_group_id(text, &stream);
}

void xgroup_create(CommandContext& c) {
  const GroupOptions options = parse_options(c, true);
  auto edit = c.edit<StreamEdit>(c.key());
  if (!options.make_stream) existing_stream(edit);
  const StreamId id = parse_group_id(c.args[4], edit.stream());
  const bool is_new = edit.stream() == nullptr;
  Stream& stream = edit.get_or_create();
  if (stream.find_group(c.args[3]) != nullptr) fail("BUSYGROUP Consumer Group name already exists");
  stream.add_group(c.args[3], id, options.entries_read);
  c.reply.ok();
  if (is_new)
    edit.announce("xgroup-create");
  else
    edit.announce_aside("xgroup-create");
}

void xgroup_setid(CommandContext& c) {
  const GroupOptions options = parse_options(c, false);
  auto edit = c.edit<StreamEdit>(c.key());
  const Stream& stream = existing_stream(edit);
  ConsumerGroup& group = existing_group(c, stream);
  group.last_id = parse_new_group_id(c.args[4], stream);
  group.entries_read = options.entries_read;
  c.reply.ok();
  edit.announce_aside("xgroup-setid");
}

void xgroup_destroy(CommandContext& c) {
  auto edit = c.edit<StreamEdit>(c.key());
  const bool removed = existing_stream(edit).remove_group(c.args[3]);
  c.reply.integer(removed ? 1 : 0);
  if (removed) edit.announce_aside("xgroup-destroy");
}

void xgroup_createconsumer(CommandContext& c) {
  auto edit = c.edit<StreamEdit>(c.key());
  ConsumerGroup& group = existing_group(c, existing_stream(edit));
  if (group.find_consumer(c.args[4]) != nullptr) return c.reply.integer(0);
  group.add_consumer(c.args[4], c.now_ms());
  c.reply.integer(1);
  edit.announce_aside("xgroup-createconsumer");
}

void xgroup_delconsumer(CommandContext& c) {
  auto edit = c.edit<StreamEdit>(c.key());
  ConsumerGroup& group = existing_group(c, existing_stream(edit));
  Consumer* const consumer = group.find_consumer(c.args[4]);
  if (consumer == nullptr) return c.reply.integer(0);
  c.reply.integer(static_cast<int64_t>(group.remove_consumer(*consumer)));
  edit.announce_aside("xgroup-delconsumer");
}

void xgroup_help(CommandContext& c) {
  reply_help(
      c, {"CREATE <key> <groupname> <id|$> [option]",
          "    Create a new consumer group. Options are:", "    * MKSTREAM",
          "      Create the empty stream if it does not exist.", "    * ENTRIESREAD entries_read",
          "      Set the group's entries_read counter (internal use).",
          "CREATECONSUMER <key> <groupname> <consumer>",
          "    Create a new consumer in the specified group.",
          "DELCONSUMER <key> <groupname> <consumer>", "    Remove the specified consumer.",
          "DESTROY <key> <groupname>", "    Remove the specified group.",
          "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
          "    Set the current group ID and entries_read counter."});
}

using schema::CommandSpec;
using schema::key_at;
using enum schema::Flag;
using enum schema::KeyFlag;
constexpr auto kStream = schema::Group::kStream;

constexpr CommandSpec kRows[] = {
    {.syntax = "XGROUP",
     .group = kStream,
     .since = "5.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for consumer groups commands."},
    {.syntax = "XGROUP CREATE key groupname <id | $> [MKSTREAM] [ENTRIESREAD entries_read]",
     .handler = xgroup_create,
     .keys = {key_at(2, kRW | kInsert)},
     .flags = kWrite | kDenyOom,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Creates a consumer group."},
    {.syntax = "XGROUP CREATECONSUMER key groupname consumername",
     .handler = xgroup_createconsumer,
     .keys = {key_at(2, kRW | kInsert)},
     .flags = kWrite | kDenyOom,
     .group = kStream,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Creates a consumer in a consumer group."},
    {.syntax = "XGROUP DELCONSUMER key groupname consumername",
     .handler = xgroup_delconsumer,
     .keys = {key_at(2, kRW | kDelete)},
     .flags = kWrite,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Deletes a consumer from a consumer group."},
    {.syntax = "XGROUP DESTROY key groupname",
     .handler = xgroup_destroy,
     .keys = {key_at(2, kRW | kDelete)},
     .flags = kWrite,
     .group = kStream,
     .since = "5.0.0",
     .complexity =
         "O(N) where N is the number of entries in the group's pending entries list (PEL).",
     .summary = "Destroys a consumer group."},
    {.syntax = "XGROUP HELP",
     .handler = xgroup_help,
     .flags = kLoading | kStale,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "XGROUP SETID key groupname <id | $> [ENTRIESREAD entries_read]",
     .handler = xgroup_setid,
     .keys = {key_at(2, kRW | kUpdate)},
     .flags = kWrite,
     .group = kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Sets the last-delivered ID of a consumer group."},
};

}  // namespace

Rows stream_group_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
