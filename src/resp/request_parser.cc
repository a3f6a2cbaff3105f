#include "resp/request_parser.h"

#include <climits>
#include <cstring>

#include "base/number.h"

namespace scrubjay::resp {
namespace {

constexpr size_t kMaxLine = 64 * 1024;
constexpr int64_t kMaxUnauthenticatedArguments = 10;
constexpr int64_t kMaxUnauthenticatedBulk = 16384;

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Reads the number of a header line that starts behind its kind byte. Returns false while the line
// is incomplete; `next` is then unset. A number that isn't one sets `valid` to false.
bool read_header(std::string_view line, int64_t& number, bool& valid, size_t& next) {
  // Nearly all header numbers have one to three digits.
  size_t i = 0;
  int64_t value = 0;
  while (i < line.size() && i < 18 && line[i] >= '0' && line[i] <= '9')
    value = value * 10 + (line[i++] - '0');
  if (i > 0 && i < 18 && i + 1 < line.size() && line[i] == '\r' && (line[0] != '0' || i == 1)) {
    number = value;
    valid = true;
    next = i + 2;
    return true;
  }
  const size_t end = line.find('\r');
  if (end == std::string_view::npos || end + 1 >= line.size()) return false;
  const auto parsed = parse_int64(line.substr(0, end));
  valid = parsed.has_value();
  number = parsed.value_or(0);
  next = end + 2;
  return true;
}

// Reads a number of one to three digits with its line end: what nearly all headers are. Returns
// where to go on, or nullptr if it is anything else, or not all there.
const char* read_short_header(const char* at, const char* end, uint32_t& number) {
  constexpr ptrdiff_t kMost = 5;
  if (end - at < kMost) return nullptr;
  const auto digit = [at](int i) { return static_cast<uint32_t>(at[i] - '0'); };
  if (digit(0) > 9) return nullptr;
  number = digit(0);
  int i = 1;
  for (; i < 3 && digit(i) <= 9; ++i) number = number * 10 + digit(i);
  if (at[i] != '\r' || at[i + 1] != '\n' || (i > 1 && at[0] == '0')) return nullptr;
  return at + i + 2;
}

}  // namespace

// The fast way for a request that is all there and has nothing unusual. False, and nothing is done,
// if the careful way must decide.
bool RequestParser::parse_whole(std::string_view input, size_t& position, const Limits& limits,
                                RequestBatch& batch) {
  const char* const end = input.data() + input.size();
  uint32_t count = 0;
  const char* at = read_short_header(input.data() + position + 1, end, count);
  if (at == nullptr || count == 0 || !limits.authenticated) return false;
  const size_t first = batch.arguments.size();
  batch.arguments.resize(first + count);
  std::string_view* const arguments = &batch.arguments[first];
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t size = 0;
    const char* const bytes =
        at < end && *at == '$' ? read_short_header(at + 1, end, size) : nullptr;
    if (bytes == nullptr || static_cast<size_t>(end - bytes) < size + 2 ||
        size > limits.max_bulk_bytes) {
      batch.arguments.resize(first);
      return false;
    }
    arguments[i] = {bytes, size};
    at = bytes + size + 2;
  }
  const auto next = static_cast<size_t>(at - input.data());
  batch.requests.push_back({static_cast<uint32_t>(first), count, position, next});
  position = next;
  return true;
}

void RequestParser::reset() {
  cursor_ = 0;
  remaining_ = -1;
  bulk_size_ = -1;
  missing_ = 0;
  constexpr size_t kKeptSpans = 1024;  // each connection has its own
  if (spans_.capacity() > kKeptSpans) spans_ = std::vector<Span>();
  spans_.clear();
}

RequestParser::Outcome RequestParser::fail(std::string message) {
  error_ = std::move(message);
  reset();
  return Outcome::kError;
}

RequestParser::Outcome RequestParser::parse(std::string_view input, size_t& position,
                                            const Limits& limits, RequestBatch& batch) {
  const std::string_view request = input.substr(position);
  if (request.empty()) return Outcome::kNeedMore;
  if (request[0] != '*') return parse_inline(request, position, position, batch);
  if (remaining_ < 0 && parse_whole(input, position, limits, batch)) return Outcome::kRequest;

  size_t length = 0;
  const Outcome outcome = parse_array(request, limits, length);
  if (outcome == Outcome::kRequest) {
    const auto first = static_cast<uint32_t>(batch.arguments.size());
    for (const Span& span : spans_)
      batch.arguments.push_back(request.substr(span.offset, span.size));
    batch.requests.push_back(
        {first, static_cast<uint32_t>(spans_.size()), position, position + length});
  }
  if (outcome == Outcome::kRequest || outcome == Outcome::kNothing) {
    position += length;
    reset();
  }
  return outcome;
}

RequestParser::Outcome RequestParser::parse_array(std::string_view request, const Limits& limits,
                                                  size_t& length) {
  missing_ = 0;
  if (remaining_ < 0) {
    int64_t count = 0;
    bool valid = false;
    size_t next = 0;
    if (!read_header(request.substr(1), count, valid, next)) {
      return request.size() > kMaxLine ? fail("too big mbulk count string") : Outcome::kNeedMore;
    }
    if (!valid || count > INT_MAX) return fail("invalid multibulk length");
    if (count > kMaxUnauthenticatedArguments && !limits.authenticated) {
      return fail("unauthenticated multibulk length");
    }
    cursor_ = 1 + next;
    if (count <= 0) {
      length = cursor_;
      return Outcome::kNothing;
    }
    remaining_ = count;
  }
  while (remaining_ > 0) {
    if (bulk_size_ < 0) {
      const std::string_view rest = request.substr(cursor_);
      if (rest.empty()) return Outcome::kNeedMore;
      int64_t size = 0;
      bool valid = false;
      size_t next = 0;
      const bool complete = read_header(rest.substr(1), size, valid, next);
      if (!complete)
        return rest.size() > kMaxLine ? fail("too big bulk count string") : Outcome::kNeedMore;
      if (rest[0] != '$') return fail(std::string("expected '$', got '") + rest[0] + "'");
      if (!valid || size < 0 || static_cast<uint64_t>(size) > limits.max_bulk_bytes) {
        return fail("invalid bulk length");
      }
      if (size > kMaxUnauthenticatedBulk && !limits.authenticated)
        return fail("unauthenticated bulk length");
      bulk_size_ = size;
      cursor_ += 1 + next;
    }
    const size_t size = static_cast<size_t>(bulk_size_);
    if (request.size() - cursor_ < size + 2) {
      missing_ = size + 2 - (request.size() - cursor_);
      return Outcome::kNeedMore;
    }
    spans_.push_back({cursor_, size});
    cursor_ += size + 2;
    bulk_size_ = -1;
    --remaining_;
  }
  length = cursor_;
  return Outcome::kRequest;
}

RequestParser::Outcome RequestParser::parse_inline(std::string_view request, size_t start,
                                                   size_t& position, RequestBatch& batch) {
  const size_t newline = request.find('\n', cursor_);
  if (newline == std::string_view::npos) {
    if (request.size() > kMaxLine) return fail("too big inline request");
    cursor_ = request.size();
    return Outcome::kNeedMore;
  }
  cursor_ = 0;
  std::string_view line = request.substr(0, newline);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::vector<std::string> words;
  if (!split_words(line, words)) return fail("unbalanced quotes in request");
  position = start + newline + 1;
  if (words.empty()) return Outcome::kNothing;
  const auto first = static_cast<uint32_t>(batch.arguments.size());
  for (std::string& word : words) {
    batch.unescaped.push_back(std::move(word));
    batch.arguments.push_back(batch.unescaped.back());
  }
  batch.requests.push_back({first, static_cast<uint32_t>(words.size()), start, position});
  return Outcome::kRequest;
}

bool split_words(std::string_view line, std::vector<std::string>& words) {
  size_t i = 0;
  const auto at_end_or_blank = [&](size_t at) { return at >= line.size() || is_blank(line[at]); };
  for (;;) {
    while (i < line.size() && is_blank(line[i])) ++i;
    if (i >= line.size()) return true;
    std::string word;
    while (i < line.size() && !is_blank(line[i])) {
      const char quote = line[i];
      if (quote != '"' && quote != '\'') {
        word += line[i++];
        continue;
      }
      ++i;
      for (;; ++i) {
        if (i >= line.size()) return false;
        const char c = line[i];
        if (c == quote) {
          ++i;
          if (!at_end_or_blank(i)) return false;
          break;
        }
        if (c != '\\' || i + 1 >= line.size()) {
          word += c;
        } else if (quote == '\'') {
          if (line[i + 1] == '\'') ++i;
          word += line[i];
        } else if (line[i + 1] == 'x' && i + 3 < line.size() && hex_digit(line[i + 2]) >= 0 &&
                   hex_digit(line[i + 3]) >= 0) {
          word += static_cast<char>(hex_digit(line[i + 2]) * 16 + hex_digit(line[i + 3]));
          i += 3;
        } else {
          word += unescape(line[++i]);
        }
      }
    }
    words.push_back(std::move(word));
  }
}

}  // namespace scrubjay::resp
