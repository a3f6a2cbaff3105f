// Random commands for the model test: few names, few databases, values of all sizes that matter,
// times around the present and around what keys have already. One thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>

#include "model/keyspace_model.h"

namespace scrubjay::test {

class CommandGenerator {
 public:
  static constexpr int kDatabases = 3;

  CommandGenerator(uint64_t seed, const KeyspaceModel& model) : random_(seed), model_(model) {}

  // A number below `limit`.
  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool one_in(uint64_t n) { return below(n) == 0; }

  // Any command but those whose replies have no fixed order (KEYS, SCAN, RANDOMKEY) or that
  // count the dead (DBSIZE). `in_multi`: the sender's commands are being queued.
  Words command(bool in_multi);
  const std::string& name();
  // How far to move the clock: often to a deadline exactly, or one past it.
  int64_t step_ms();

 private:
  const std::string& pick(std::initializer_list<const char*> words);
  std::string database();
  std::string value();
  std::string delta();
  std::string amount_of(bool seconds, bool absolute);
  std::string bit();
  Words string_command();
  Words write_command();
  Words set();
  Words getex();
  Words time_command();
  Words key_command();
  Words transaction_command();
  Words broken_command();

  std::mt19937_64 random_;
  const KeyspaceModel& model_;
  std::string picked_;
};

}  // namespace scrubjay::test
