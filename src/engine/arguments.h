// A cursor over a request's arguments behind the command's name. Errors are CommandErrors with
// Redis's texts. Views live as long as the request.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/number.h"
#include "base/text.h"
#include "engine/command_error.h"
#include "resp/error_text.h"

namespace scrubjay::engine {

class Arguments {
 public:
  // `all` includes the command's name (and the subcommand's), `next` is the first one to hand out.
  Arguments(std::span<const std::string_view> all, size_t next) : all_(all), next_(next) {}

  std::span<const std::string_view> all() const { return all_; }
  size_t size() const { return all_.size(); }
  std::string_view operator[](size_t i) const { return all_[i]; }

  bool at_end() const { return next_ >= all_.size(); }
  size_t left() const { return all_.size() - next_; }
  std::span<const std::string_view> rest() const { return all_.subspan(next_); }
  void skip(size_t count = 1) { next_ += count; }
  std::string_view peek() const { return all_[next_]; }
  std::string_view previous() const { return all_[next_ - 1]; }

  std::string_view next() {
    if (at_end()) fail(resp::error_text::kSyntax);
    return all_[next_++];
  }
  int64_t next_integer(std::string_view error = resp::error_text::kNotInteger) {
    const auto value = parse_int64(next());
    if (!value) fail(error);
    return *value;
  }
  // As next_integer, but outside of [low, high] is the same error.
  int64_t next_integer_in(int64_t low, int64_t high,
                          std::string_view error = resp::error_text::kNotInteger) {
    const int64_t value = next_integer(error);
    if (value < low || value > high) fail(error);
    return value;
  }
  // An integer of which Redis checks the range apart: outside of it the range is in the error.
  int64_t next_integer_between(int64_t low, int64_t high) {
    const int64_t value = next_integer();
    if (value < low || value > high)
      fail("ERR value is out of range, value must between {} and {}", low, high);
    return value;
  }
  // Takes the next argument if it is this word, in any case.
  bool take(std::string_view word) {
    if (at_end() || !equal_ignoring_case(all_[next_], word)) return false;
    ++next_;
    return true;
  }
  // Nothing may be left.
  void end() const {
    if (!at_end()) fail(resp::error_text::kSyntax);
  }

 private:
  std::span<const std::string_view> all_;
  size_t next_;
};

}  // namespace scrubjay::engine
