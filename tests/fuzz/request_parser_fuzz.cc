// A client's bytes: however they are cut, the requests and the end are the same as in one piece,
// and no byte outside of what has come is read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "resp/request_parser.h"

namespace {

using scrubjay::resp::RequestBatch;
using scrubjay::resp::RequestParser;
using Outcome = RequestParser::Outcome;

std::string outcome(std::string_view input, size_t step, bool authenticated) {
  const RequestParser::Limits limits{4096, authenticated};
  RequestParser parser;
  std::string seen;
  size_t consumed = 0;  // what a session would have dropped from its buffer
  for (size_t end = std::min(step, input.size());; end = std::min(end + step, input.size())) {
    // The bytes stand somewhere else each time, in a block of just their size.
    const std::vector<char> bytes(input.begin() + static_cast<std::ptrdiff_t>(consumed),
                                  input.begin() + static_cast<std::ptrdiff_t>(end));
    const std::string_view view(bytes.data(), bytes.size());
    RequestBatch batch;
    size_t position = 0;
    Outcome last = Outcome::kNothing;
    while (position < view.size()) {
      const size_t before = position;
      last = parser.parse(view, position, limits, batch);
      if (last == Outcome::kNeedMore || last == Outcome::kError) {
        if (position != before) std::abort();
        break;
      }
      if (position <= before || position > view.size()) std::abort();
    }
    for (const auto& request : batch.requests) {
      seen += '(';
      for (uint32_t i = 0; i < request.argument_count; ++i) {
        const std::string_view argument = batch.arguments[request.first_argument + i];
        seen += std::to_string(argument.size()) + ':' + std::string(argument) + ',';
      }
      seen += ')';
    }
    consumed += position;
    if (last == Outcome::kError) return seen + '!' + parser.error();
    if (end == input.size()) return seen;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const bool authenticated = data[0] % 2 == 0;
  const size_t step = 1 + data[1] % 13;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string whole = outcome(input, input.size() + 1, authenticated);
  if (outcome(input, 1, authenticated) != whole) std::abort();
  if (outcome(input, step, authenticated) != whole) std::abort();
  return 0;
}
