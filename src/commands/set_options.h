// The options of SET, which MSETEX shares, and the conditions on a string's present value, which
// DELEX has too.
#pragma once

#include <array>

#include "engine/context.h"

namespace scrubjay::commands {

// The digest of a string: XXH3 with 64 bits and no seed (Collet), as 16 hexadecimal digits.
std::array<char, 16> digest_of(std::string_view value);

// IFEQ, IFNE, IFDEQ, IFDNE.
struct StringCondition {
  enum class Kind : uint8_t { kNone, kEqual, kUnequal, kDigestEqual, kDigestUnequal };
  Kind kind = Kind::kNone;
  std::string_view operand{};

  explicit operator bool() const { return kind != Kind::kNone; }
  // Takes "IFEQ value" and its kin.
  bool take(engine::Arguments& args);
  // `entry` may be nullptr: a missing key is unequal to anything. -WRONGTYPE if it is no string,
  // and an error if the operand should be a digest and cannot be one.
  bool is_met(const engine::Entry* entry) const;
};

struct SetOptions {
  bool only_new = false;
  bool only_existing = false;
  StringCondition condition;
  bool get = false;
  bool keep_ttl = false;
  int64_t deadline = engine::kNoDeadline;
};

// All that is left of the arguments. Of MSETEX only NX, XX and the time; -ERR syntax error else.
SetOptions parse_set_options(engine::CommandContext& c);
SetOptions parse_msetex_options(engine::CommandContext& c);

}  // namespace scrubjay::commands
