#include "resp/reply.h"

#include <string>

#include "base/number.h"

namespace scrubjay::resp {
namespace {

constexpr size_t kHeaderRoom = 1 + kInt64Digits + 2;

// "$12\r\n" at `out`; returns the length.
size_t write_header(char* out, char kind, int64_t number) {
  out[0] = kind;
  size_t length = 1;
  if (number >= 0 && number < 10) {
    out[length++] = static_cast<char>('0' + number);
  } else {
    length += write_int64(number, out + 1);
  }
  out[length] = '\r';
  out[length + 1] = '\n';
  return length + 2;
}

}  // namespace

void ReplyBuilder::line(char kind, std::string_view text) {
  char* out = buffer_->reserve(text.size() + 3);
  out[0] = kind;
  std::memcpy(out + 1, text.data(), text.size());
  out[text.size() + 1] = '\r';
  out[text.size() + 2] = '\n';
  buffer_->commit(text.size() + 3);
}

void ReplyBuilder::header(char kind, int64_t count) {
  buffer_->commit(write_header(buffer_->reserve(kHeaderRoom), kind, count));
}

void ReplyBuilder::insert_header(size_t place, char kind, int64_t count) {
  char text[kHeaderRoom];
  buffer_->insert(place, {text, write_header(text, kind, count)});
}

void ReplyBuilder::error(std::string_view text) {
  const size_t start = buffer_->mark() + 1;
  line('-', text);
  char* written = const_cast<char*>(buffer_->own_bytes().data()) + start;
  for (size_t i = 0; i < text.size(); ++i) {
    if (written[i] == '\r' || written[i] == '\n') written[i] = ' ';
  }
}

void ReplyBuilder::integer(int64_t value) {
  header(':', value);
}

void ReplyBuilder::bulk(std::string_view bytes) {
  char* out = buffer_->reserve(kHeaderRoom + bytes.size() + 2);
  const size_t head = write_header(out, '$', static_cast<int64_t>(bytes.size()));
  std::memcpy(out + head, bytes.data(), bytes.size());
  out[head + bytes.size()] = '\r';
  out[head + bytes.size() + 1] = '\n';
  buffer_->commit(head + bytes.size() + 2);
}

void ReplyBuilder::bulk(SharedBytes block) {
  header('$', static_cast<int64_t>(block.size()));
  buffer_->append(std::move(block));
  buffer_->append("\r\n");
}

void ReplyBuilder::bulk_integer(int64_t value) {
  char text[kInt64Digits];
  bulk({text, write_int64(value, text)});
}

void ReplyBuilder::null() {
  buffer_->append(protocol_ > 2 ? "_\r\n" : "$-1\r\n");
}

void ReplyBuilder::null_array() {
  buffer_->append(protocol_ > 2 ? "_\r\n" : "*-1\r\n");
}

void ReplyBuilder::boolean(bool value) {
  if (protocol_ > 2)
    buffer_->append(value ? "#t\r\n" : "#f\r\n");
  else
    integer(value ? 1 : 0);
}

void ReplyBuilder::real(double value) {
  real_text(format_double(value));
}

void ReplyBuilder::real_text(std::string_view text) {
  if (protocol_ > 2)
    line(',', text);
  else
    bulk(text);
}

void ReplyBuilder::big_number(std::string_view digits) {
  if (protocol_ > 2)
    line('(', digits);
  else
    bulk(digits);
}

void ReplyBuilder::verbatim(std::string_view text) {
  if (protocol_ == 2) {
    bulk(text);
    return;
  }
  header('=', static_cast<int64_t>(text.size() + 4));
  buffer_->append("txt:");
  buffer_->append(text);
  buffer_->append("\r\n");
}

void ReplyBuilder::map(int64_t pairs) {
  if (protocol_ > 2)
    header('%', pairs);
  else
    header('*', pairs * 2);
}

void ReplyBuilder::set_map_length(size_t place, int64_t pairs) {
  if (protocol_ > 2)
    insert_header(place, '%', pairs);
  else
    insert_header(place, '*', pairs * 2);
}

void ReplyBuilder::set_set_length(size_t place, int64_t count) {
  insert_header(place, protocol_ > 2 ? '~' : '*', count);
}

void ReplyBuilder::insert_bulk(size_t place, std::string_view bytes) {
  std::string text(bytes);
  text += "\r\n";
  buffer_->insert(place, text);
  insert_header(place, '$', static_cast<int64_t>(bytes.size()));
}

}  // namespace scrubjay::resp
