// Writes DUMP payloads that Redis 7.0 reads (7.4 for hashes with deadlines on fields). One value:
// one of the value functions, then finish(). One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rdb/format.h"

namespace scrubjay::rdb {

class PayloadWriter {
 public:
  // `compress`: long strings by LZF where it saves (rdbcompression).
  explicit PayloadWriter(bool compress) : compress_(compress) {}

  // What the payload is; then what that consists of.
  void begin(ValueCode code) { bytes_ += static_cast<char>(code); }
  void count(uint64_t value) { length(value); }
  // A number in its canonical text becomes a number.
  void string(std::string_view text);
  void score(double value);
  void number(int64_t value);  // 8 bytes
  void raw(std::string_view bytes) { bytes_ += bytes; }
  // A hash with deadlines on fields: the first of all of them, then for each field its deadline
  // (negative for none), name and value.
  void begin_timed_hash(uint64_t fields, int64_t first_deadline);
  void field_deadline(int64_t deadline);

  // The whole payload, with version and checksum.
  std::string finish();

 private:
  void length(uint64_t value);

  const bool compress_;
  bool timed_ = false;
  int64_t first_deadline_ = 0;
  std::string bytes_;
};

}  // namespace scrubjay::rdb
