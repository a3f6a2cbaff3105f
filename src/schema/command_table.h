// All commands by name, built once at start from their rows: ids, arity, parents and subcommands.
// Looking a name up is on the way of every request; reading is safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/command_spec.h"

namespace scrubjay::schema {

struct Command {
  const CommandSpec* spec = nullptr;
  std::string name;  // lower case; "config|get" for a subcommand
  uint16_t id = 0;
  int arity = 0;
  uint32_t flags = 0;
  int single_key = 0;  // the position of the only key, if there is just one; 0 else
  // Of a command that takes any number of keys and nothing behind them: with so many arguments it
  // has one, at first_key. 0 else.
  size_t single_key_arguments = 0;
  size_t first_key = 0;
  bool every_key = false;
  const Command* parent = nullptr;
  std::vector<const Command*> subcommands;
};

class CommandTable {
 public:
  explicit CommandTable(const std::vector<std::span<const CommandSpec>>& rows);
  CommandTable(const CommandTable&) = delete;

  // In any case; nullptr when unknown.
  const Command* find(std::string_view name) const;
  const Command* find_subcommand(const Command& parent, std::string_view name) const;

  // Commands and subcommands; ids are 0 .. size()-1.
  size_t size() const { return commands_.size(); }
  const Command& operator[](size_t id) const { return *commands_[id]; }
  // Those that are not subcommands, in the order of their rows.
  std::span<const Command* const> top_level() const { return top_level_; }

  // rename-command: the command answers only to the new name ("" disables it). Before start only.
  // Fails when there is no such command or another one has the new name.
  Status rename(std::string_view name, std::string_view new_name);

 private:
  void rebuild_index();

  struct Slot {
    uint64_t head = 0;  // the first and the last eight bytes of the name
    uint64_t tail = 0;
    std::string_view name;
    const Command* command = nullptr;
  };
  std::vector<std::unique_ptr<Command>> commands_;
  std::vector<const Command*> top_level_;
  std::vector<std::pair<std::string, const Command*>> names_;
  std::vector<Slot> slots_;  // open addressing, a power of two
};

}  // namespace scrubjay::schema
