#include "requests.h"

#include <fmt/format.h>

#include <algorithm>

namespace scrubjay::load {

namespace {

void append_words(std::string& out, const auto& arguments) {
  const auto append_length = [&out](char kind, std::size_t length) {
    const fmt::format_int digits(length);
    out += kind;
    out.append(digits.data(), digits.size());
    out += "\r\n";
  };
  append_length('*', arguments.size());
  for (const std::string_view argument : arguments) {
    append_length('$', argument.size());
    out += argument;
    out += "\r\n";
  }
}

}  // namespace

void append_request(std::string& out, std::initializer_list<std::string_view> arguments) {
  append_words(out, arguments);
}

void append_request(std::string& out, const std::vector<std::string>& arguments) {
  append_words(out, arguments);
}

std::string request(std::initializer_list<std::string_view> arguments) {
  std::string out;
  append_request(out, arguments);
  return out;
}

std::string key_name(std::uint64_t index) {
  std::string name = "memtier-key:";
  const fmt::format_int digits(kFirstKey + index);
  name.append(digits.data(), digits.size());
  return name;
}

RequestTape::RequestTape(std::size_t requests, const std::function<void(std::string&)>& write) {
  starts_.reserve(requests + 1);
  for (std::size_t i = 0; i < requests; ++i) {
    starts_.push_back(bytes_.size());
    write(bytes_);
  }
  starts_.push_back(bytes_.size());
}

Batch RequestTape::next(std::size_t depth) {
  const std::size_t end = starts_.size() - 1;
  if (position_ + depth > end) position_ = 0;
  const std::size_t first = position_;
  position_ = std::min(first + depth, end);
  const std::string_view all = bytes_;
  return {.bytes = all.substr(starts_[first], starts_[position_] - starts_[first]),
          .requests = position_ - first};
}

Batch CountedSource::next(std::size_t depth) {
  scratch_.clear();
  const std::uint64_t first = written_;
  for (; written_ < count_ && written_ - first < depth; ++written_) write_(scratch_, written_);
  return {.bytes = scratch_, .requests = written_ - first};
}

// The value is no number, so that no server keeps it as one.
FillSource::FillSource(const Plan& plan)
    : plan_(plan), value_(plan.value_bytes, 'x'), deadline_(std::to_string(plan.deadline)) {}

Batch FillSource::next(std::size_t depth) {
  scratch_.clear();
  const std::uint64_t end = std::min(plan_.keys, written_ + depth);
  const std::size_t requests = end - written_;
  for (; written_ < end; ++written_) {
    const std::string key = key_name(written_);
    switch (plan_.ttl) {
      case Ttl::kNone:
        append_request(scratch_, {"SET", key, value_});
        break;
      case Ttl::kSpreadSeconds: {
        const fmt::format_int ttl(3600 + written_ % 3600);
        append_request(scratch_, {"SET", key, value_, "EX", {ttl.data(), ttl.size()}});
        break;
      }
      case Ttl::kDeadline:
        append_request(scratch_, {"SET", key, value_, "PXAT", deadline_});
        break;
    }
  }
  return {.bytes = scratch_, .requests = requests};
}

}  // namespace scrubjay::load
