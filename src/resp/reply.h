// Writes replies in RESP2 or RESP3, whichever the client speaks; a handler never asks which. Used
// by every command. One thread at a time; nothing is allocated but the buffer's growth.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/shared_bytes.h"
#include "resp/reply_buffer.h"

namespace scrubjay::resp {

class ReplyBuilder {
 public:
  explicit ReplyBuilder(ReplyBuffer& buffer, int protocol = 2)
      : buffer_(&buffer), protocol_(protocol) {}

  int protocol() const { return protocol_; }
  void set_protocol(int protocol) { protocol_ = protocol; }
  ReplyBuffer& buffer() { return *buffer_; }

  void ok() { buffer_->append("+OK\r\n"); }
  void simple(std::string_view text) { line('+', text); }
  // The whole error line without the dash: "ERR syntax error". CR and LF become blanks.
  void error(std::string_view text);
  void integer(int64_t value);
  void bulk(std::string_view bytes);
  void bulk(SharedBytes block);
  void bulk_integer(int64_t value);
  void null();                               // $-1, in RESP3 _
  void null_array();                         // *-1, in RESP3 _
  void boolean(bool value);                  // :1 or :0 in RESP2
  void real(double value);                   // bulk string in RESP2
  void real_text(std::string_view text);     // the same of a number printed already
  void big_number(std::string_view digits);  // bulk string in RESP2
  void verbatim(std::string_view text);      // =txt:, bulk string in RESP2
  // Headers: what follows is `count` elements, or pairs for a map.
  void array(int64_t count) { header('*', count); }
  void map(int64_t pairs);
  void set(int64_t count) { header(protocol_ > 2 ? '~' : '*', count); }
  void push(int64_t count) { header(protocol_ > 2 ? '>' : '*', count); }

  // An array whose length is known only at its end: array_later(), elements, set_length().
  size_t array_later() const { return buffer_->mark(); }
  void set_length(size_t place, int64_t count) { insert_header(place, '*', count); }
  void set_map_length(size_t place, int64_t pairs);
  void set_set_length(size_t place, int64_t count);
  // A bulk string before what was written from the place on.
  void insert_bulk(size_t place, std::string_view bytes);

 private:
  void line(char kind, std::string_view text);
  void header(char kind, int64_t count);
  void insert_header(size_t place, char kind, int64_t count);

  ReplyBuffer* buffer_;
  int protocol_;
};

}  // namespace scrubjay::resp
