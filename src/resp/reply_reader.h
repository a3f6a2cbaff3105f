// Reads replies of a server, RESP2 and RESP3, into small trees. Sans I/O: it is fed bytes in any
// fragmentation and remembers how far it got, so that no byte is looked at twice. Used by the
// command-line client and by tests. One per connection; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scrubjay::resp {

struct Reply {
  enum class Kind {
    simple,
    error,
    integer,
    bulk,
    null,
    array,
    map,
    set,
    push,
    boolean,
    real,
    big_number,
    verbatim,
    null_array,
    blob_error,
    attribute,
  };

  Kind kind = Kind::null;
  // The bytes of simple, error, bulk, verbatim, blob_error; real and big_number as they were sent.
  std::string text;
  std::string format;   // three letters, of verbatim only
  int64_t integer = 0;  // integer; boolean as 0 or 1
  double real = 0;      // real
  // Elements; a map and an attribute hold key, value, key, value ... An attribute stands ahead of
  // the value it describes and is not counted by the length of the aggregate around it.
  std::vector<Reply> items;

  bool is_error() const { return kind == Kind::error || kind == Kind::blob_error; }
  bool is_null() const { return kind == Kind::null || kind == Kind::null_array; }
  bool is_aggregate() const {
    return kind == Kind::array || kind == Kind::map || kind == Kind::set || kind == Kind::push ||
           kind == Kind::attribute;
  }
};

class ReplyReader {
 public:
  struct Limits {
    size_t max_depth = 128;                // aggregates inside each other
    size_t max_line_bytes = 1 << 20;       // a line: simple strings, errors, numbers
    size_t max_bulk_bytes = 512ull << 20;  // one bulk string
    size_t max_reply_bytes = 4ull << 30;   // the memory of one whole reply, about
  };

  ReplyReader() = default;
  explicit ReplyReader(const Limits& limits) : limits_(limits) {}

  // Takes bytes from the front of `input` and returns the next whole reply, or nothing if `input`
  // is used up before its end. Pushes and attributes are replies too. After an error the stream
  // is lost: each further call answers the same error.
  Result<std::optional<Reply>> next(std::string_view& input);

  // Whether the bytes so far end inside a reply.
  bool inside_reply() const { return !line_.empty() || in_bulk_ || !open_.empty(); }

 private:
  struct Frame {
    Reply reply;
    uint64_t missing;  // elements that are still to come, attributes not counted
  };

  bool take_line(std::string_view& input, std::string_view& line);
  bool take_bulk(std::string_view& input);
  void start_value(std::string_view line);
  void start_bulk(Reply::Kind kind, std::string_view length);
  void start_aggregate(Reply::Kind kind, std::string_view length);
  void finish_bulk();
  void finish(Reply reply);
  void charge(uint64_t bytes);
  void fail(std::string message);

  Limits limits_;
  std::string line_;  // the line in progress, of which an earlier input held the beginning
  bool in_bulk_ = false;
  Reply bulk_;
  size_t bulk_missing_ = 0;  // CR LF counted
  size_t bulk_size_ = 0;
  std::vector<Frame> open_;
  uint64_t spent_ = 0;
  std::optional<Reply> done_;
  std::string error_;
};

}  // namespace scrubjay::resp
