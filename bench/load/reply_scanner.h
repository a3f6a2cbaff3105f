// Counts replies in a byte stream cut anywhere, without keeping or copying bodies; of RESP3 it
// knows maps, nulls and pushes, which are no replies. Used once per connection; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace scrubjay::load {

class ReplyScanner {
 public:
  // Takes the next bytes of the stream; returns how many whole replies ended in them. Throws
  // std::runtime_error on bytes that it does not know.
  std::size_t consume(std::string_view bytes);

  std::uint64_t errors() const { return errors_; }
  const std::string& first_error() const { return first_error_; }

 private:
  std::size_t end_value();
  std::size_t take_line(std::string_view line);

  std::size_t body_left_ = 0;        // bytes of a bulk's body and its line end still to come
  std::uint64_t elements_left_ = 1;  // values still to come before the current reply is whole
  std::string cut_line_;             // the part of a line that came before the stream was cut
  bool in_push_ = false;
  std::uint64_t errors_ = 0;
  std::string first_error_;
};

}  // namespace scrubjay::load
