#include "commands/set_options.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "commands/expire_time.h"

namespace scrubjay::commands {

using namespace engine;

std::array<char, 16> digest_of(std::string_view value) {
  std::array<char, 16> digits;
  fmt::format_to(digits.data(), "{:016x}", XXH3_64bits(value.data(), value.size()));
  return digits;
}

bool StringCondition::take(Arguments& args) {
  if (args.left() < 2) return false;
  if (args.take("IFEQ"))
    kind = Kind::kEqual;
  else if (args.take("IFNE"))
    kind = Kind::kUnequal;
  else if (args.take("IFDEQ"))
    kind = Kind::kDigestEqual;
  else if (args.take("IFDNE"))
    kind = Kind::kDigestUnequal;
  else
    return false;
  operand = args.next();
  return true;
}

bool StringCondition::is_met(const Entry* entry) const {
  const bool wants_equal = kind == Kind::kEqual || kind == Kind::kDigestEqual;
  if (entry == nullptr) return !wants_equal;
  if (entry->type() != store::Type::kString) fail(resp::error_text::kWrongType);
  if (kind == Kind::kEqual || kind == Kind::kUnequal)
    return (entry->string() == operand) == wants_equal;
  const auto digest = digest_of(entry->string());
  if (operand.size() != digest.size())
    fail("ERR must be exactly {} hexadecimal characters", digest.size());
  return equal_ignoring_case(operand, {digest.data(), digest.size()}) == wants_equal;
}

namespace {

class OptionParser {
 public:
  explicit OptionParser(CommandContext& c) : c_(c) {}

  // NX, XX and the time.
  bool take_common() {
    if (!options_.only_existing && !options_.condition && c_.args.take("NX"))
      options_.only_new = true;
    else if (!options_.only_new && !options_.condition && c_.args.take("XX"))
      options_.only_existing = true;
    else if (!timed() && c_.args.take("KEEPTTL"))
      options_.keep_ttl = true;
    else
      return take_time("EX", kEx) || take_time("PX", kPx) || take_time("EXAT", kExAt) ||
             take_time("PXAT", kPxAt);
    return true;
  }
  bool take_get() {
    if (!c_.args.take("GET")) return false;
    options_.get = true;
    return true;
  }
  bool take_condition() {
    const bool conditional = options_.only_new || options_.only_existing || options_.condition;
    return !conditional && options_.condition.take(c_.args);
  }
  SetOptions finish() {
    if (timed()) options_.deadline = positive_deadline(c_, amount_, unit_);
    return options_;
  }

 private:
  bool timed() const { return amount_.data() != nullptr; }
  // The same word may come twice, and the later one counts; another word may not.
  bool take_time(std::string_view word, ExpireUnit unit) {
    if ((timed() && unit != unit_) || options_.keep_ttl || c_.args.left() < 2) return false;
    if (!c_.args.take(word)) return false;
    unit_ = unit;
    amount_ = c_.args.next();
    return true;
  }

  CommandContext& c_;
  SetOptions options_;
  std::string_view amount_;
  ExpireUnit unit_{};
};

}  // namespace

SetOptions parse_set_options(CommandContext& c) {
  OptionParser parser(c);
  while (!c.args.at_end()) {
    if (!parser.take_common() && !parser.take_get() && !parser.take_condition())
      fail(resp::error_text::kSyntax);
  }
  return parser.finish();
}

SetOptions parse_msetex_options(CommandContext& c) {
  OptionParser parser(c);
  while (!c.args.at_end()) {
    if (!parser.take_common()) fail(resp::error_text::kSyntax);
  }
  return parser.finish();
}

}  // namespace scrubjay::commands
