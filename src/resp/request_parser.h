// Cuts a stream of bytes into requests: RESP arrays of bulk strings, or inline lines. Sans I/O: it
// sees only bytes, in any fragmentation, and remembers how far it got, so that no byte is looked at
// twice. Arguments are views into the caller's bytes. One per connection; not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::resp {

// Requests cut from one stretch of input, in order.
struct RequestBatch {
  struct Request {
    uint32_t first_argument;
    uint32_t argument_count;
    size_t begin;  // offsets into the stretch
    size_t end;
  };
  std::vector<Request> requests;
  std::vector<std::string_view> arguments;
  std::deque<std::string> unescaped;  // what inline quoting changed

  void clear() {
    constexpr size_t kKeptArguments = 16'384;  // a request with very many gives its memory back
    if (arguments.capacity() > kKeptArguments) arguments = std::vector<std::string_view>();
    requests.clear();
    arguments.clear();
    unescaped.clear();
  }
};

class RequestParser {
 public:
  struct Limits {
    uint64_t max_bulk_bytes = 512ull << 20;
    bool authenticated = true;  // before AUTH requests are kept small
  };
  enum class Outcome {
    kRequest,   // one request was added to the batch
    kNothing,   // an empty line or array was skipped
    kNeedMore,  // the input ends inside a request
    kError,     // protocol error: error() says which; the connection must be closed
  };

  // Parses one request that starts at input[position]. `position` moves behind it on kRequest and
  // kNothing and stays otherwise; call again with the same start and more bytes after kNeedMore.
  Outcome parse(std::string_view input, size_t& position, const Limits& limits,
                RequestBatch& batch);

  // After kNeedMore: how many more bytes the bulk string in progress surely needs (0 if unknown).
  uint64_t missing_bytes() const { return missing_; }
  // The text behind "Protocol error: ".
  const std::string& error() const { return error_; }

 private:
  struct Span {
    size_t offset;  // from the request's start
    size_t size;
  };
  bool parse_whole(std::string_view input, size_t& position, const Limits& limits,
                   RequestBatch& batch);
  Outcome parse_array(std::string_view request, const Limits& limits, size_t& length);
  Outcome parse_inline(std::string_view request, size_t start, size_t& position,
                       RequestBatch& batch);
  Outcome fail(std::string message);
  void reset();

  size_t cursor_ = 0;       // how far the request in progress was parsed, from its start
  int64_t remaining_ = -1;  // bulk strings still to come; -1: the count line isn't read yet
  int64_t bulk_size_ = -1;  // size of the bulk string in progress; -1: its line isn't read yet
  uint64_t missing_ = 0;
  std::vector<Span> spans_;
  std::string error_;
};

// Splits a line into words by redis-cli's and inline requests' quoting. False: unbalanced quotes.
bool split_words(std::string_view line, std::vector<std::string>& words);

}  // namespace scrubjay::resp
