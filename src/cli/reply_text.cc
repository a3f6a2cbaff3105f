#include "cli/reply_text.h"

#include <algorithm>

#include "base/text.h"

namespace scrubjay::cli {

namespace {

using resp::Reply;
using Kind = Reply::Kind;

std::string_view name_of_empty(Kind kind) {
  switch (kind) {
    case Kind::map:
      return "(empty hash)";
    case Kind::set:
      return "(empty set)";
    case Kind::push:
      return "(empty push)";
    default:
      return "(empty array)";
  }
}

std::string scalar_text(const Reply& reply) {
  switch (reply.kind) {
    case Kind::error:
    case Kind::blob_error:
      return "(error) " + reply.text;
    case Kind::integer:
      return "(integer) " + std::to_string(reply.integer);
    case Kind::real:
      return "(double) " + reply.text;
    case Kind::big_number:
      return "(big number) " + reply.text;
    case Kind::bulk:
      return quoted(reply.text);
    case Kind::boolean:
      return reply.integer ? "(true)" : "(false)";
    case Kind::simple:
    case Kind::verbatim:
      return reply.text;
    default:
      return "(nil)";
  }
}

size_t counted_items(const Reply& reply) {
  return static_cast<size_t>(
      std::count_if(reply.items.begin(), reply.items.end(),
                    [](const Reply& item) { return item.kind != Kind::attribute; }));
}

// Whether the reply is shown in more than one row; such a value of a map begins on its own line.
bool takes_rows(const Reply& reply) {
  if (!reply.is_aggregate() || counted_items(reply) == 0) return false;
  const size_t one_row = reply.kind == Kind::map ? 2 : 1;
  return counted_items(reply) > one_row || takes_rows(reply.items.back());
}

// Appends without the last newline. `indent` is the column where the reply begins.
void append_terminal(std::string& out, const Reply& reply, size_t indent) {
  if (!reply.is_aggregate()) {
    out += scalar_text(reply);
    return;
  }
  const bool pairs = reply.kind == Kind::map || reply.kind == Kind::attribute;
  const size_t rows = counted_items(reply) / (pairs ? 2 : 1);
  if (rows == 0) {
    out += name_of_empty(reply.kind);
    return;
  }
  const char mark = pairs ? '#' : reply.kind == Kind::set ? '~' : ')';
  const size_t width = std::to_string(rows).size();
  const size_t inner = indent + width + 2;
  size_t seen = 0;
  for (const Reply& item : reply.items) {
    if (item.kind == Kind::attribute) continue;
    const bool is_value = pairs && seen % 2 == 1;
    if (is_value) {
      out += " => ";
      if (takes_rows(item)) {
        out += '\n';
        out.append(inner, ' ');
      }
    } else {
      if (seen > 0) {
        out += '\n';
        out.append(indent, ' ');
      }
      const std::string number = std::to_string(seen / (pairs ? 2 : 1) + 1);
      out.append(width - number.size(), ' ');
      out += number;
      out += mark;
      out += ' ';
    }
    append_terminal(out, item, inner);
    ++seen;
  }
}

void append_raw(std::string& out, const Reply& reply, std::string_view delimiter) {
  switch (reply.kind) {
    case Kind::error:
    case Kind::blob_error:
      out += reply.text;
      out += '\n';
      return;
    case Kind::integer:
      out += std::to_string(reply.integer);
      return;
    case Kind::boolean:
      out += reply.integer ? "(true)" : "(false)";
      return;
    default:
      break;
  }
  if (!reply.is_aggregate()) {
    out += reply.text;
    return;
  }
  const bool pairs = reply.kind == Kind::map || reply.kind == Kind::attribute;
  size_t seen = 0;
  for (const Reply& item : reply.items) {
    if (item.kind == Kind::attribute) continue;
    if (seen > 0) out += pairs && seen % 2 == 1 ? std::string_view(" ") : delimiter;
    append_raw(out, item, delimiter);
    ++seen;
  }
}

}  // namespace

std::string terminal_text(const Reply& reply) {
  std::string out;
  append_terminal(out, reply, 0);
  out += '\n';
  return out;
}

std::string raw_text(const Reply& reply, std::string_view delimiter) {
  std::string out;
  append_raw(out, reply, delimiter);
  return out;
}

}  // namespace scrubjay::cli
