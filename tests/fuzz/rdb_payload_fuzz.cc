// DUMP payloads without their checksum: no input may crash, hang or take much memory.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rdb/payload_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  scrubjay::rdb::footer_is_good(bytes);
  const auto value = scrubjay::rdb::read_value(bytes);
  if (!value) return 0;
  using Kind = scrubjay::rdb::Value::Kind;
  if (value->kind == Kind::kStream) {
    value->stream->check_invariants();
    return 0;
  }
  if (value->kind != Kind::kString && value->items.empty()) std::abort();
  if (value->kind == Kind::kSortedSet && value->scores.size() != value->items.size()) std::abort();
  if (value->kind == Kind::kHash && value->items.size() % 2 != 0) std::abort();
  return 0;
}
