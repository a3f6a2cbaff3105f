// One round of events on an I/O thread: what all ready sockets have sent is read and parsed first,
// and every key's bucket prefetched; then everything is executed, while the entries of what comes
// next are prefetched, not more than the first-level cache holds. So the memory latency of one
// client's key is hidden behind the others' work even when each sends one request at a time.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "engine/dispatcher.h"
#include "resp/request_parser.h"

namespace scrubjay::net {

class Session;

// Requests that one session parsed in one go.
struct ParsedRequests {
  std::string_view input;  // where they were parsed from
  size_t first = 0;        // of the batch's requests
  size_t count = 0;
  size_t end = 0;  // how much of the input they took
  resp::RequestParser::Outcome outcome =
      resp::RequestParser::Outcome::kNothing;  // of the last parse
};

struct Round {
  struct Part {
    Session* session;
    ParsedRequests parsed;
    bool drained;  // the socket had no more
  };

  // From this size on a session reads into memory of its own.
  static constexpr size_t kWindow = 16 * 1024;
  static constexpr size_t kMaxRequests = 512;

  bool full() const {
    return buffer.size() - used < kWindow || batch.requests.size() >= kMaxRequests;
  }
  void clear() {
    fetched_parts = 0;
    fetched_requests = 0;
    used = 0;
    batch.clear();
    prepared.clear();
    parts.clear();
  }

  std::array<char, 64 * 1024> buffer;
  size_t used = 0;
  resp::RequestBatch batch;
  std::vector<engine::PreparedRequest> prepared;
  std::vector<Part> parts;
  // Of how many the entries have been prefetched.
  size_t fetched_parts = 0;
  size_t fetched_requests = 0;
};

}  // namespace scrubjay::net
