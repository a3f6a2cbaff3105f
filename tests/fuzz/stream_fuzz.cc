// Streams whose ids, fields and values come from outside: whatever was put in is read back, and
// goes through DUMP's payload unchanged.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "objects/stream.h"
#include "rdb/payload_reader.h"
#include "rdb/stream_payload.h"

namespace {

using namespace scrubjay;
using namespace scrubjay::objects;

using Model = std::map<StreamId, std::vector<std::string>>;

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool at_end() const { return size_ == 0; }
  uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::string text() {
    const size_t length = std::min<size_t>(byte() % 40, size_);
    std::string bytes(reinterpret_cast<const char*>(data_), length);
    data_ += length;
    size_ -= length;
    return bytes;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

Model read(const Stream& stream) {
  Model all;
  stream.for_each({}, StreamId::max(), [&](const Stream::EntryRef& entry) {
    std::vector<std::string>& pairs = all[entry.id()];
    entry.for_each_pair([&](std::string_view field, std::string_view value) {
      pairs.emplace_back(field);
      pairs.emplace_back(value);
    });
    return true;
  });
  return all;
}

void check(const Stream& stream, const Model& model) {
  stream.check_invariants();
  if (read(stream) != model) std::abort();
  rdb::PayloadWriter writer(true);
  rdb::write_stream(writer, stream);
  const auto restored = rdb::read_payload(writer.finish());
  if (!restored || read(*restored->stream) != model) std::abort();
  restored->stream->check_invariants();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input in(data, size);
  Stream stream;
  Model model;
  StreamId last;
  while (!in.at_end()) {
    const uint8_t kind = in.byte();
    if (kind < 160) {
      last = kind % 2 == 0 ? StreamId{last.ms, last.seq + 1 + in.byte()}
                           : StreamId{last.ms + 1 + in.byte(), in.byte()};
      std::vector<std::string> pairs;
      for (int i = 0; i < 1 + kind % 4; ++i) {
        pairs.push_back(kind % 8 == 0 ? in.text() : std::to_string(i));
        pairs.push_back(in.text());
      }
      const std::vector<std::string_view> views(pairs.begin(), pairs.end());
      stream.append(last, views, {kind % 16 * 50u, kind % 5 * 10u});
      model.emplace(last, std::move(pairs));
    } else if (kind < 220) {
      const auto found = model.lower_bound({in.byte(), in.byte()});
      if (found == model.end()) continue;
      if (!stream.erase(found->first)) std::abort();
      model.erase(found);
    } else {
      const uint64_t length = in.byte();
      stream.trim({.length = length});
      while (model.size() > length) model.erase(model.begin());
    }
  }
  check(stream, model);
  return 0;
}
