#include "schema/command_table.h"

#include <algorithm>
#include <bit>

#include "base/text.h"
#include "schema/syntax.h"

namespace scrubjay::schema {
namespace {

// Letters are folded by setting bit 5, which is good enough for a hash.
size_t hash_name(std::string_view name) {
  uint64_t hash = name.size() * 0x9E3779B97F4A7C15ull;
  for (const char c : name)
    hash = (hash ^ (static_cast<unsigned char>(c) | 0x20u)) * 0x100000001B3ull;
  return hash ^ (hash >> 29);
}

std::string_view first_word(std::string_view syntax) {
  return syntax.substr(0, syntax.find(' '));
}

std::string_view second_word(std::string_view syntax) {
  const size_t blank = syntax.find(' ');
  return blank == std::string_view::npos ? "" : first_word(syntax.substr(blank + 1));
}

int only_key(const CommandSpec& spec) {
  const KeySpec& key = spec.keys[0];
  const bool one = key.shape == KeySpec::Shape::kRange && key.first == key.last &&
                   spec.keys[1].shape == KeySpec::Shape::kNone;
  return one ? key.first : 0;
}

}  // namespace

CommandTable::CommandTable(const std::vector<std::span<const CommandSpec>>& rows) {
  const auto add = [this](const CommandSpec& spec, std::string name) -> Command& {
    auto command = std::make_unique<Command>();
    command->spec = &spec;
    command->name = std::move(name);
    command->id = static_cast<uint16_t>(commands_.size());
    command->arity = spec.arity != 0 ? spec.arity : arity_of(spec.syntax);
    command->flags = spec.flags;
    command->single_key = only_key(spec);
    command->every_key = has_every_key(spec);
    commands_.push_back(std::move(command));
    return *commands_.back();
  };
  std::vector<Command*> containers;
  const auto container_of = [&](const CommandSpec& spec) -> Command* {
    for (Command* container : containers) {
      if (&spec != container->spec && equal_ignoring_case(container->name, first_word(spec.syntax)))
        return container;
    }
    return nullptr;
  };
  for (const auto& group : rows) {
    for (const CommandSpec& spec : group) {
      if (Command* parent = container_of(spec)) {
        Command& child = add(spec, parent->name + "|" + to_lower(second_word(spec.syntax)));
        child.parent = parent;
        parent->subcommands.push_back(&child);
        continue;
      }
      Command& command = add(spec, to_lower(first_word(spec.syntax)));
      top_level_.push_back(&command);
      names_.emplace_back(command.name, &command);
      const bool bare = spec.syntax.find(' ') == std::string_view::npos;
      if (bare && (spec.handler == nullptr || spec.flags & kContainer)) {
        containers.push_back(&command);
        if (spec.handler == nullptr)
          command.arity = -2;
        else
          command.arity = -1;
      }
    }
  }
  rebuild_index();
}

void CommandTable::rebuild_index() {
  slots_.assign(std::bit_ceil(names_.size() * 4 + 1), {});
  for (const auto& [name, command] : names_) index(name, command);
}

void CommandTable::index(std::string_view name, const Command* command) {
  size_t i = hash_name(name) & (slots_.size() - 1);
  while (slots_[i].command != nullptr) i = (i + 1) & (slots_.size() - 1);
  slots_[i] = {std::string(name), command};
}

const Command* CommandTable::find(std::string_view name) const {
  for (size_t i = hash_name(name);; ++i) {
    const Slot& slot = slots_[i & (slots_.size() - 1)];
    if (slot.command == nullptr) return nullptr;
    if (equal_ignoring_case(slot.name, name)) return slot.command;
  }
}

const Command* CommandTable::find_subcommand(const Command& parent, std::string_view name) const {
  const size_t prefix = parent.name.size() + 1;
  for (const Command* child : parent.subcommands) {
    if (equal_ignoring_case(std::string_view(child->name).substr(prefix), name)) return child;
  }
  return nullptr;
}

bool CommandTable::rename(std::string_view name, std::string_view new_name) {
  const std::string lower = to_lower(name);
  const auto found = std::find_if(names_.begin(), names_.end(),
                                  [&](const auto& item) { return item.first == lower; });
  if (found == names_.end()) return false;
  if (new_name.empty())
    names_.erase(found);
  else
    found->first = to_lower(new_name);
  rebuild_index();
  return true;
}

}  // namespace scrubjay::schema
