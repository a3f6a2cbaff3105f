// Foreign listpacks, intsets, ziplists, zipmaps and LZF: what is accepted can be walked and edited.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "objects/intset.h"
#include "objects/listpack.h"
#include "rdb/lzf.h"
#include "rdb/old_encodings.h"

namespace {

using namespace scrubjay;
using namespace scrubjay::objects;

void walk_listpack(std::string_view bytes) {
  const Listpack pack(bytes);
  size_t count = 0;
  char digits[kInt64Digits];
  for (size_t at = pack.begin(); at != pack.end(); ++count) pack.read(at).text(digits);
  size_t back = pack.end();
  for (size_t i = 0; i < count; ++i) back = pack.previous(back);
  if (back != pack.begin()) std::abort();
  OwnBytes buffer(bytes);
  listpack_insert(buffer, pack.at_index(count / 2), PackedText("12345"));
  if (!is_listpack(buffer.view())) std::abort();
  listpack_erase(buffer, Listpack::kHeader, count);
  if (!is_listpack(buffer.view())) std::abort();
}

void walk_intset(std::string_view bytes) {
  OwnBytes buffer(bytes);
  intset_insert(buffer, 42);
  if (!Intset(buffer.view()).contains(42)) std::abort();
  intset_erase(buffer, 42);
  if (Intset(buffer.view()).contains(42)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (is_listpack(bytes)) walk_listpack(bytes);
  if (is_intset(bytes)) walk_intset(bytes);
  rdb::read_ziplist(bytes);
  rdb::read_zipmap(bytes);
  for (const size_t unpacked : {size, size * 2, size * 20}) rdb::lzf_decompress(bytes, unpacked);
  const auto packed = rdb::lzf_compress(bytes);
  if (packed && rdb::lzf_decompress(*packed, size) != bytes) std::abort();
  return 0;
}
