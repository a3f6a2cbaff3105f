// Reads replies for tests that look inside them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::test {

// All bulk strings of a RESP2 reply, however they are nested; numbers and nulls are passed over.
inline std::vector<std::string> bulk_strings(std::string_view reply) {
  std::vector<std::string> found;
  while (!reply.empty()) {
    const size_t end = reply.find("\r\n");
    const std::string head(reply.substr(0, end));
    reply.remove_prefix(end + 2);
    if (head[0] != '$' || head == "$-1") continue;
    const size_t size = std::stoull(head.substr(1));
    found.emplace_back(reply.substr(0, size));
    reply.remove_prefix(size + 2);
  }
  return found;
}

}  // namespace scrubjay::test
