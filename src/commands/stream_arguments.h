// What the stream commands read and write alike: ids, intervals, trimming, and entries as replies.
#pragma once

#include <optional>
#include <string_view>

#include "engine/context.h"
#include "store/stream_value.h"

namespace scrubjay::commands {

using objects::StreamId;

inline constexpr std::string_view kInvalidStreamId =
    "ERR Invalid stream ID specified as stream command argument";

// "ms-seq", or "ms" alone with `missing_seq`.
std::optional<StreamId> stream_id_in(std::string_view text, uint64_t missing_seq);
StreamId parse_stream_id(std::string_view text, uint64_t missing_seq = 0);

// Bounds of an interval: "-", "+", an id, "(" and an id that is not within. Inclusive ids come out.
StreamId parse_interval_start(std::string_view text);
StreamId parse_interval_end(std::string_view text);

// What becomes of the references that groups hold to an entry that is to be deleted (since 8.2).
enum class References : uint8_t {
  kKeep,   // they stay
  kDrop,   // they go too
  kAcked,  // the entry only goes if no group has still to deliver or acknowledge it
};
// KEEPREF, DELREF or ACKED, if it stands there.
std::optional<References> take_references(engine::Arguments& args);

enum class Deletion : uint8_t { kNone, kDone, kReferenced };
Deletion delete_entry(objects::Stream& stream, const StreamId& id, References references);

// MAXLEN or MINID with their options.
struct Trimming {
  bool given = false;
  objects::StreamTrim trim{};
  References references = References::kKeep;
};
// Reads words in front of the id (XADD) or up to the end (XTRIM), and checks that they agree.
class TrimmingParser {
 public:
  // Returns false, and takes nothing, if the word is none of trimming.
  bool take(engine::Arguments& args);
  Trimming finish(const engine::CommandContext& c) const;

 private:
  void take_strategy(engine::Arguments& args, bool by_length);

  Trimming trimming_{};
  bool limited_ = false;
};
// Returns how many entries went.
uint64_t trim_stream(objects::Stream& stream, const Trimming& trimming);

void reply_stream_id(engine::CommandContext& c, const StreamId& id);
void reply_entry(engine::CommandContext& c, const objects::Stream::EntryRef& entry);
// The entry with this id. Returns false, and replies nothing, if there is none.
bool reply_entry_at(engine::CommandContext& c, const objects::Stream& stream, const StreamId& id);

// The group of the stream under the key. -NOGROUP if either is missing.
[[noreturn]] void fail_without_group(std::string_view key, std::string_view group,
                                     std::string_view where = "");

}  // namespace scrubjay::commands
