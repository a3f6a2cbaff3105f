#include "schema/command_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/text.h"
#include "schema/syntax.h"

namespace scrubjay::schema {
namespace {

uint64_t load8(const char* from) {
  uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

uint32_t load4(const char* from) {
  uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Eight letters at once; all bytes but A to Z stay as they are.
uint64_t to_lower8(uint64_t word) {
  constexpr uint64_t kEach = 0x0101010101010101ull;
  const uint64_t low = word & (0x7F * kEach);
  const uint64_t from_a = low + (0x80 - 'A') * kEach;
  const uint64_t above_z = low + (0x7F - 'Z') * kEach;
  const uint64_t upper = (from_a ^ above_z) & ~word & (0x80 * kEach);
  return word | upper >> 2;
}

// The first and the last eight bytes in lower case, which may overlap: with the length they are all
// of a name up to sixteen bytes.
struct Ends {
  uint64_t head;
  uint64_t tail;
};

Ends ends_of(std::string_view name) {
  const char* text = name.data();
  const size_t size = name.size();
  if (size >= 8) return {to_lower8(load8(text)), to_lower8(load8(text + size - 8))};
  if (size >= 4) {
    return {to_lower8(load4(text) | uint64_t{load4(text + size - 4)} << 32), 0};
  }
  if (size == 0) return {0, 0};
  const auto byte = [text](size_t i) { return uint64_t{static_cast<unsigned char>(text[i])}; };
  return {to_lower8(byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16), 0};
}

size_t hash_of(const Ends& ends, size_t size) {
  return ((ends.head + size) * 0x9E3779B97F4A7C15ull ^ ends.tail * 0xC2B2AE3D27D4EB4Full) >> 40;
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

bool ends_in_keys(const CommandSpec& spec) {
  const KeySpec& key = spec.keys[0];
  return key.shape == KeySpec::Shape::kRange && key.last == -1 &&
         spec.keys[1].shape == KeySpec::Shape::kNone;
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
    if (ends_in_keys(spec)) {
      command->first_key = static_cast<size_t>(spec.keys[0].first);
      command->single_key_arguments = command->first_key + static_cast<size_t>(spec.keys[0].step);
    }
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
  const size_t mask = slots_.size() - 1;
  for (const auto& [name, command] : names_) {
    const Ends ends = ends_of(name);
    size_t i = hash_of(ends, name.size()) & mask;
    while (slots_[i].command != nullptr) i = (i + 1) & mask;
    slots_[i] = {ends.head, ends.tail, name, command};
  }
}

const Command* CommandTable::find(std::string_view name) const {
  const Ends ends = ends_of(name);
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash_of(ends, name.size()) & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.command == nullptr) return nullptr;
    if (slot.head != ends.head || slot.tail != ends.tail || slot.name.size() != name.size()) {
      continue;
    }
    if (name.size() <= 16 || equal_ignoring_case(slot.name, name)) return slot.command;
  }
}

const Command* CommandTable::find_subcommand(const Command& parent, std::string_view name) const {
  const size_t prefix = parent.name.size() + 1;
  for (const Command* child : parent.subcommands) {
    if (equal_ignoring_case(std::string_view(child->name).substr(prefix), name)) return child;
  }
  return nullptr;
}

Status CommandTable::rename(std::string_view name, std::string_view new_name) {
  const auto find_name = [this](const std::string& lower) {
    return std::find_if(names_.begin(), names_.end(),
                        [&](const auto& item) { return item.first == lower; });
  };
  const std::string lower = to_lower(new_name);
  const auto found = find_name(to_lower(name));
  if (found == names_.end()) return Error{"No such command in rename-command"};
  if (new_name.empty()) {
    names_.erase(found);
  } else {
    const auto taken = find_name(lower);
    if (taken != names_.end() && taken != found) return Error{"Target command name already exists"};
    found->first = lower;
  }
  rebuild_index();
  return Done{};
}

}  // namespace scrubjay::schema
