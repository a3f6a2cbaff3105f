// FUNCTION DUMP payloads without their footer: no input may crash, hang or take much memory; what
// is read is written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "rdb/format.h"
#include "rdb/function_payload.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string payload(reinterpret_cast<const char*>(data), size);
  payload.append(scrubjay::rdb::kFooterSize, '\0');
  const auto codes = scrubjay::rdb::read_libraries(payload);
  if (!codes) return 0;
  const std::vector<std::string_view> views(codes->begin(), codes->end());
  const auto again = scrubjay::rdb::read_libraries(scrubjay::rdb::write_libraries(views, true));
  if (!again || *again != *codes) std::abort();
  return 0;
}
