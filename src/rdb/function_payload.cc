#include "rdb/function_payload.h"

#include "rdb/format.h"
#include "rdb/payload_input.h"
#include "rdb/payload_writer.h"

namespace scrubjay::rdb {
namespace {

// What the first release candidates of Redis 7.0 wrote: name, engine, perhaps a description, code.
std::string read_old_library(PayloadInput& input) {
  const std::string name = input.string();
  const std::string engine = input.string();
  if (input.length() != 0) input.string();
  return "#!" + engine + " name=" + name + "\n" + input.string();
}

}  // namespace

std::string write_libraries(const std::vector<std::string_view>& codes, bool compress) {
  PayloadWriter writer(compress);
  for (const std::string_view code : codes) {
    writer.begin(kFunctionCode);
    writer.string(code);
  }
  return writer.finish();
}

Result<std::vector<std::string>> read_libraries(std::string_view payload) {
  if (payload.size() < kFooterSize) return Error{"Failed loading library payload"};
  PayloadInput input(payload.substr(0, payload.size() - kFooterSize));
  std::vector<std::string> codes;
  try {
    while (!input.at_end()) {
      switch (input.byte()) {
        case kFunctionCode:
          codes.push_back(input.string());
          break;
        case kFunctionOldCode:
          codes.push_back(read_old_library(input));
          break;
        default:
          return Error{"given type is not a function"};
      }
    }
  } catch (const Corrupt&) {
    return Error{"Failed loading library payload"};
  }
  return codes;
}

}  // namespace scrubjay::rdb
