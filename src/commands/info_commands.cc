// INFO: the server's state as text, section by section.
#include "commands/info_sections.h"
#include "commands/table.h"
#include "engine/context.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

void info(CommandContext& c) {
  bool defaults = c.args.at_end();
  bool all = false;
  const auto wanted = c.args.rest();
  const auto named = [&](std::string_view name) {
    for (const std::string_view word : wanted) {
      if (equal_ignoring_case(word, name)) return true;
    }
    return false;
  };
  defaults |= named("default");
  all = named("all") || named("everything");
  std::string text;
  for (const InfoSection& section : info_sections()) {
    const bool wanted_with_others = (all && section.shown != Shown::kByNameOnly) ||
                                    (defaults && section.shown == Shown::kByDefault);
    if (!wanted_with_others && !named(section.name)) continue;
    if (!text.empty()) text += "\r\n";
    text += fmt::format("# {}\r\n", section.title);
    section.write(c.services, text);
  }
  c.reply.verbatim(text);
}

using schema::CommandSpec;
using enum schema::Flag;

constexpr CommandSpec kRows[] = {
    {.syntax = "INFO [section [section ...]]",
     .handler = info,
     .flags = kLoading | kStale | kWorld,
     .group = schema::Group::kServer,
     .acl = schema::kAclDangerous,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns information and statistics about the server."},
};

}  // namespace

Rows info_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
