#include "resp/reply_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "base/number.h"

namespace scrubjay::resp {

namespace {

using Kind = Reply::Kind;

// Servers write doubles as C does, "nan" among them, which strict numbers refuse.
std::optional<double> parse_real(std::string_view text) {
  if (text == "nan" || text == "-nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf" || text == "+inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  if (status == std::errc::invalid_argument) return std::nullopt;
  return value;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || status != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

bool is_big_number(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string printable(char c) {
  if (c >= ' ' && c <= '~') return std::string(1, c);
  constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
}

}  // namespace

Result<std::optional<Reply>> ReplyReader::next(std::string_view& input) {
  while (error_.empty() && !done_) {
    if (in_bulk_) {
      if (!take_bulk(input)) break;
      finish_bulk();
      continue;
    }
    std::string_view line;
    if (!take_line(input, line)) break;
    start_value(line);
    line_.clear();
  }
  if (!error_.empty()) return Error{error_};
  return std::exchange(done_, std::nullopt);
}

// Finds the end of a line, over several inputs if need be. The view is good until line_ changes.
bool ReplyReader::take_line(std::string_view& input, std::string_view& line) {
  const size_t newline = input.find('\n');
  const size_t taken = newline == std::string_view::npos ? input.size() : newline + 1;
  if (line_.size() + taken > limits_.max_line_bytes + 2) {
    fail("a line is longer than " + std::to_string(limits_.max_line_bytes) + " bytes");
    return false;
  }
  if (newline == std::string_view::npos || !line_.empty()) {
    line_.append(input.substr(0, taken));
    line = line_;
  } else {
    line = input.substr(0, taken);
  }
  input.remove_prefix(taken);
  if (newline == std::string_view::npos) return false;
  if (line.size() < 2 || line[line.size() - 2] != '\r') {
    fail("a line does not end in CR LF");
    return false;
  }
  line.remove_suffix(2);
  return true;
}

bool ReplyReader::take_bulk(std::string_view& input) {
  const size_t taken = std::min(bulk_missing_, input.size());
  bulk_.text.append(input.substr(0, taken));
  bulk_missing_ -= taken;
  input.remove_prefix(taken);
  return bulk_missing_ == 0;
}

void ReplyReader::start_value(std::string_view line) {
  if (line.empty()) return fail("an empty line where a reply should begin");
  const std::string_view rest = line.substr(1);
  Reply reply;
  charge(sizeof(Reply) + rest.size());
  switch (line.front()) {
    case '+':
    case '-':
      reply.kind = line.front() == '+' ? Kind::simple : Kind::error;
      reply.text = rest;
      return finish(std::move(reply));
    case ':':
      if (const auto value = parse_integer(rest)) {
        reply.kind = Kind::integer;
        reply.integer = *value;
        return finish(std::move(reply));
      }
      return fail("bad integer value");
    case '#':
      if (rest != "t" && rest != "f") return fail("bad boolean value");
      reply.kind = Kind::boolean;
      reply.integer = rest == "t";
      return finish(std::move(reply));
    case ',':
      if (const auto value = parse_real(rest)) {
        reply.kind = Kind::real;
        reply.real = *value;
        reply.text = rest;
        return finish(std::move(reply));
      }
      return fail("bad double value");
    case '(':
      if (!is_big_number(rest)) return fail("bad big number value");
      reply.kind = Kind::big_number;
      reply.text = rest;
      return finish(std::move(reply));
    case '_':
      if (!rest.empty()) return fail("bad null value");
      return finish(std::move(reply));
    case '$':
      return start_bulk(Kind::bulk, rest);
    case '=':
      return start_bulk(Kind::verbatim, rest);
    case '!':
      return start_bulk(Kind::blob_error, rest);
    case '*':
      return start_aggregate(Kind::array, rest);
    case '%':
      return start_aggregate(Kind::map, rest);
    case '~':
      return start_aggregate(Kind::set, rest);
    case '>':
      return start_aggregate(Kind::push, rest);
    case '|':
      return start_aggregate(Kind::attribute, rest);
    default:
      return fail("got \"" + printable(line.front()) + "\" as reply type byte");
  }
}

void ReplyReader::start_bulk(Kind kind, std::string_view length) {
  const auto size = parse_int64(length);
  if (!size) return fail("bad bulk string length");
  if (*size == -1 && kind == Kind::bulk) return finish(Reply{});
  if (*size < 0 || static_cast<uint64_t>(*size) > limits_.max_bulk_bytes) {
    return fail("bulk string length out of range");
  }
  charge(static_cast<uint64_t>(*size));
  bulk_ = Reply{};
  bulk_.kind = kind;
  bulk_size_ = static_cast<size_t>(*size);
  bulk_missing_ = bulk_size_ + 2;
  in_bulk_ = true;
  // A length alone must not cost memory: the rest grows as it arrives.
  bulk_.text.reserve(std::min<size_t>(bulk_missing_, 64 << 10));
}

void ReplyReader::finish_bulk() {
  in_bulk_ = false;
  if (!bulk_.text.ends_with("\r\n")) return fail("a bulk string does not end in CR LF");
  bulk_.text.resize(bulk_size_);
  if (bulk_.kind == Kind::verbatim) {
    if (bulk_.text.size() < 4 || bulk_.text[3] != ':') {
      return fail("a verbatim string lacks its format");
    }
    bulk_.format = bulk_.text.substr(0, 3);
    bulk_.text.erase(0, 4);
  }
  finish(std::move(bulk_));
}

void ReplyReader::start_aggregate(Kind kind, std::string_view length) {
  const auto count = parse_int64(length);
  if (!count) return fail("bad aggregate length");
  Reply reply;
  if (*count == -1 && kind == Kind::array) {
    reply.kind = Kind::null_array;
    return finish(std::move(reply));
  }
  const bool pairs = kind == Kind::map || kind == Kind::attribute;
  if (*count < 0 || *count > std::numeric_limits<int64_t>::max() / 2) {
    return fail("aggregate length out of range");
  }
  reply.kind = kind;
  if (*count == 0) return finish(std::move(reply));
  if (open_.size() >= limits_.max_depth) {
    return fail("aggregates are nested deeper than " + std::to_string(limits_.max_depth));
  }
  const uint64_t missing = static_cast<uint64_t>(*count) * (pairs ? 2 : 1);
  reply.items.reserve(std::min<uint64_t>(missing, 16));
  open_.push_back(Frame{std::move(reply), missing});
}

// Hands a whole value to the aggregate around it, and closes those that it fills.
void ReplyReader::finish(Reply reply) {
  if (!error_.empty()) return;
  while (!open_.empty()) {
    Frame& frame = open_.back();
    const bool counts = reply.kind != Kind::attribute;
    frame.reply.items.push_back(std::move(reply));
    if (!counts || --frame.missing > 0) return;
    reply = std::move(frame.reply);
    open_.pop_back();
  }
  spent_ = 0;
  done_ = std::move(reply);
}

void ReplyReader::charge(uint64_t bytes) {
  spent_ += bytes;
  if (spent_ > limits_.max_reply_bytes) {
    fail("a reply is larger than " + std::to_string(limits_.max_reply_bytes) + " bytes");
  }
}

void ReplyReader::fail(std::string message) {
  if (error_.empty()) error_ = "Protocol error, " + std::move(message);
}

}  // namespace scrubjay::resp
