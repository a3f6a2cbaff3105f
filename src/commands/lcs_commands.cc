// LCS: the longest common subsequence of two strings.
#include <algorithm>
#include <vector>

#include "commands/table.h"
#include "engine/context.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

struct LcsOptions {
  bool length = false;
  bool ranges = false;
  bool with_length = false;
  int64_t shortest = 0;
};

LcsOptions parse_lcs_options(CommandContext& c) {
  LcsOptions options;
  while (!c.args.at_end()) {
    if (c.args.take("IDX"))
      options.ranges = true;
    else if (c.args.take("LEN"))
      options.length = true;
    else if (c.args.take("WITHMATCHLEN"))
      options.with_length = true;
    else if (c.args.left() >= 2 && c.args.take("MINMATCHLEN"))
      options.shortest = std::max<int64_t>(c.args.next_integer(), 0);
    else
      fail(resp::error_text::kSyntax);
  }
  if (options.length && options.ranges) {
    fail("ERR If you want both the length and indexes, please just use IDX.");
  }
  return options;
}

// A stretch that both strings share at these places.
struct Match {
  size_t a;
  size_t b;
  size_t length;
};

// The textbook table of the lengths for all pairs of prefixes (Wagner and Fischer 1974).
class LengthTable {
 public:
  LengthTable(std::string_view a, std::string_view b)
      : a_(a), b_(b), cells_((a.size() + 1) * (b.size() + 1)) {
    for (size_t i = 1; i <= a.size(); ++i) {
      for (size_t j = 1; j <= b.size(); ++j) {
        cell(i, j) = a[i - 1] == b[j - 1] ? cell(i - 1, j - 1) + 1
                                          : std::max(cell(i - 1, j), cell(i, j - 1));
      }
    }
  }
  uint32_t length() { return cell(a_.size(), b_.size()); }

  // The stretches of one longest subsequence, the last one first.
  std::vector<Match> matches() {
    std::vector<Match> found;
    size_t i = a_.size();
    size_t j = b_.size();
    while (i > 0 && j > 0) {
      if (a_[i - 1] == b_[j - 1]) {
        --i;
        --j;
        if (!found.empty() && found.back().a == i + 1 && found.back().b == j + 1) {
          found.back() = {i, j, found.back().length + 1};
        } else {
          found.push_back({i, j, 1});
        }
      } else if (cell(i - 1, j) > cell(i, j - 1)) {
        --i;
      } else {
        --j;
      }
    }
    return found;
  }

 private:
  uint32_t& cell(size_t i, size_t j) { return cells_[i * (b_.size() + 1) + j]; }

  std::string_view a_;
  std::string_view b_;
  std::vector<uint32_t> cells_;
};

void reply_range(CommandContext& c, size_t from, size_t length) {
  c.reply.array(2);
  c.reply.integer(static_cast<int64_t>(from));
  c.reply.integer(static_cast<int64_t>(from + length - 1));
}

void lcs(CommandContext& c) {
  c.args.skip(2);
  const Entry* const entries[] = {c.keys.find(c.key(0)), c.keys.find(c.key(1))};
  const auto read = [](const Entry* entry) -> std::string_view {
    if (entry == nullptr) return {};
    if (entry->type() != store::Type::kString)
      fail("ERR The specified keys must contain string values");
    return entry->string();
  };
  const std::string_view a = read(entries[0]);
  const std::string_view b = read(entries[1]);
  const LcsOptions options = parse_lcs_options(c);
  const auto cells = static_cast<unsigned __int128>(a.size() + 1) * (b.size() + 1);
  if (cells * sizeof(uint32_t) > c.services.config.proto_max_bulk_len) {
    fail("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  }
  LengthTable table(a, b);
  if (options.length) return c.reply.integer(table.length());
  const std::vector<Match> matches = table.matches();
  if (!options.ranges) {
    std::string common;
    for (auto match = matches.rbegin(); match != matches.rend(); ++match)
      common += a.substr(match->a, match->length);
    return c.reply.bulk(common);
  }
  c.reply.map(2);
  c.reply.bulk("matches");
  const size_t place = c.reply.array_later();
  int64_t count = 0;
  for (const Match& match : matches) {
    if (static_cast<int64_t>(match.length) < options.shortest) continue;
    c.reply.array(options.with_length ? 3 : 2);
    reply_range(c, match.a, match.length);
    reply_range(c, match.b, match.length);
    if (options.with_length) c.reply.integer(static_cast<int64_t>(match.length));
    ++count;
  }
  c.reply.set_length(place, count);
  c.reply.bulk("len");
  c.reply.integer(table.length());
}

using schema::CommandSpec;
using schema::keys_from_to;
using enum schema::Flag;
using enum schema::KeyFlag;

constexpr CommandSpec kRows[] = {
    {.syntax = "LCS key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
     .handler = lcs,
     .keys = {keys_from_to(1, 2, 1, kRO | kAccess)},
     .flags = kReadOnly,
     .group = schema::Group::kString,
     .since = "7.0.0",
     .complexity = "O(N*M) where N and M are the lengths of s1 and s2, respectively",
     .summary = "Finds the longest common substring."},
};

}  // namespace

Rows lcs_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
