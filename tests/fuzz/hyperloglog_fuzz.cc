// Any bytes as a HyperLogLog, and any edits of them: nothing outside is touched, what was complete
// stays complete, and both encodings tell the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "objects/hyperloglog.h"

namespace {

using namespace scrubjay::objects;

void expect(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}
  bool at_end() const { return bytes_.empty(); }
  unsigned byte() {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<unsigned char>(bytes_[0]);
    bytes_.remove_prefix(1);
    return value;
  }
  std::string_view text(size_t size) {
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() { return text(bytes_.size()); }

 private:
  std::string_view bytes_;
};

bool is_complete(const OwnBytes& value, HllRegisters& registers) {
  return HyperLogLog(value.view()).raise(registers);
}

void edit(OwnBytes& value, Input& input) {
  const HyperLogLog view(value.view());
  HllRegisters before{};
  const bool complete = is_complete(value, before);
  expect(view.estimate().has_value() == complete);
  const uint64_t limit = input.byte() * 20;
  switch (input.byte() % 5) {
    case 0:
      hyperloglog_add(value, input.text(input.byte() % 16), limit);
      break;
    case 1: {
      if (!complete) break;
      HllRegisters raise{};
      for (unsigned count = input.byte(); count > 0; --count)
        raise[(input.byte() << 8 | input.byte()) % kHllRegisters] = input.byte() & 63;
      hyperloglog_raise(value, raise, limit);
      for (size_t i = 0; i < kHllRegisters; ++i) before[i] = std::max(before[i], raise[i]);
      HllRegisters after{};
      expect(is_complete(value, after) && after == before);
      break;
    }
    case 2:
      expect(hyperloglog_make_dense(value) == complete);
      expect(HyperLogLog(value.view()).is_dense() == complete);
      break;
    case 3:
      hyperloglog_store_estimate(value, input.byte());
      expect(HyperLogLog(value.view()).stored_estimate().has_value());
      break;
    default:
      hyperloglog_make_stale(value);
      expect(!HyperLogLog(value.view()).stored_estimate());
  }
  expect(is_hyperloglog(value.view()));
  HllRegisters after{};
  expect(is_complete(value, after) || !complete);
  for (size_t i = 0; complete && i < kHllRegisters; ++i) expect(after[i] >= before[i]);
}

}  // namespace

// The first byte says what the others are: a value as it is, or the runs of a sparse one, with
// edits behind it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input({reinterpret_cast<const char*>(data), size});
  const unsigned kind = input.byte();
  OwnBytes value;
  if (kind % 3 == 0) {
    value = OwnBytes(input.text(input.byte() * 16 + 18));
  } else {
    value = OwnBytes(empty_hyperloglog());
    const std::string_view runs = input.text(input.byte());
    const size_t replaced = kind % 3 == 1 ? 2 : 0;
    if (!runs.empty())
      std::memcpy(value.splice(kHllHeader, replaced, runs.size()), runs.data(), runs.size());
  }
  if (!is_hyperloglog(value.view())) return 0;
  if (!HyperLogLog(value.view()).is_dense()) HyperLogLog(value.view()).runs_text();
  while (!input.at_end()) edit(value, input);
  return 0;
}
