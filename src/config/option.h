// One row of the option table: what an option is called, what it accepts, where its value lives.
// The rows stand in option_rows_*.cc; option_table.h works with them. Rows are constexpr.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace scrubjay::config {

enum class Kind : uint8_t {
  kBool,
  kInteger,
  kMemory,           // bytes, "100mb"
  kMemoryOrPercent,  // bytes, or "5%"
  kOctal,
  kChoice,
  kText,
  kWords,  // several words; `special` knows them
};

// Tables of the TOML file and parts of --help.
enum class Section : uint8_t {
  kNetwork,
  kThreads,
  kClients,
  kSecurity,
  kMemory,
  kKeyspace,
  kEncodings,
  kScripting,
  kMonitoring,
  kProcess,
  kPersistence,
  kReplication,
  kCluster,
  kTls,
  kTuning,
};
constexpr size_t kSections = 15;

enum OptionFlag : uint32_t {
  kImmutable = 1u << 0,  // only at start
  kProtected = 1u << 1,  // CONFIG SET only if enable-protected-configs allows it
  kKept = 1u << 2,       // known, but without a use
  kRepeats = 1u << 3,    // a file may have several lines, which add up
  kSensitive = 1u << 4,  // a secret: not to be logged
  kHidden = 1u << 5,     // CONFIG GET shows it by its exact name only
  kFileOnly = 1u << 6,   // not for CONFIG GET and SET
};

struct Option;

// Checks words and gives the option's new canonical text, or Redis's reason for a refusal.
// `current` is the text so far if lines add up and this isn't the first one, else the running
// value.
struct Assignment {
  std::span<const std::string> words;
  std::string current;
  bool first = true;  // the first of the lines that set the option together
};
using Special = Result<std::string> (*)(const Option&, const Assignment&);

// Where the value lives; both null for a kept option.
struct Field {
  std::string (*show)(const Config&, const Option&) = nullptr;
  // `text` is canonical: it has been checked.
  void (*store)(Config&, const Option&, std::string_view text) = nullptr;
};

struct Rule {
  Kind kind = Kind::kText;
  int64_t low = 0;
  uint64_t high = 0;
  std::span<const std::string_view> choices{};
  Special special = nullptr;   // kText, kWords: the check
  std::string_view allowed{};  // kText, kWords: what is accepted, for messages and help
  size_t own_choices = 0;      // the last so many are not Redis's: its error texts don't name them
};

struct Option {
  std::string_view name;
  std::string_view alias{};         // a second name that CONFIG GET shows too
  std::string_view hidden_alias{};  // a third, shown only when asked for by name
  Section section;
  uint32_t flags = 0;
  Rule rule;
  Field field{};
  std::string_view kept_default{};  // used options: what Config's initial values say
  std::string_view help{};
};

constexpr std::string_view section_name(Section section) {
  constexpr std::string_view kNames[kSections] = {
      "network",     "threads",     "clients",   "security",   "memory",
      "keyspace",    "encodings",   "scripting", "monitoring", "process",
      "persistence", "replication", "cluster",   "tls",        "tuning"};
  return kNames[static_cast<size_t>(section)];
}

}  // namespace scrubjay::config
