// Replies of a foreign server: whatever the bytes and however they are cut, the outcome is one and
// the same, within the limits.
#include <cstdlib>

#include "resp/reply_reader.h"

namespace {

using scrubjay::resp::Reply;
using scrubjay::resp::ReplyReader;

void describe(const Reply& reply, std::string& out) {
  out += std::to_string(static_cast<int>(reply.kind)) + '/' + std::to_string(reply.integer) + '/' +
         reply.format + '/' + reply.text + '(';
  for (const Reply& item : reply.items) describe(item, out);
  out += ')';
}

std::string outcome(std::string_view bytes, size_t step) {
  ReplyReader::Limits limits;
  limits.max_depth = 16;
  limits.max_line_bytes = 256;
  limits.max_bulk_bytes = 4096;
  limits.max_reply_bytes = 64 << 10;
  ReplyReader reader(limits);
  std::string seen;
  for (size_t at = 0; at < bytes.size(); at += step) {
    std::string_view piece = bytes.substr(at, step);
    for (;;) {
      auto reply = reader.next(piece);
      if (!reply) return seen + reply.error();
      if (!*reply) break;
      describe(**reply, seen);
    }
    if (!piece.empty()) std::abort();
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size == 0) return 0;
  const std::string whole = outcome(bytes, size);
  if (outcome(bytes, 1) != whole || outcome(bytes, 1 + data[0] % 7) != whole) std::abort();
  return 0;
}
