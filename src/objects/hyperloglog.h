// HyperLogLogs: sets of which only the size is known, about (standard error 0.81%), in at most 12
// KB. They are strings in Redis's own format, so they can be copied, stored and forged by any
// client: nothing here trusts the bytes behind the header.
//
// Flajolet et al., "HyperLogLog" (AofA 2007): the hash of an element chooses one of 16384 registers
// by its lowest 14 bits; the register keeps the largest number of zero bits, plus one, that the
// other 50 began with. The format:
//
//   HYLL | encoding: 0 dense, 1 sparse | 3 unused bytes | last estimate: 8 bytes, little endian,
//   stale if the highest bit is set | registers
//
//   dense    6 bits for each register, lowest bits first: 12288 bytes
//   sparse   runs of equal registers: 00nnnnnn           n + 1 zeros
//                                     01nnnnnn nnnnnnnn  n + 1 zeros, up to 16384
//                                     1vvvvvnn           n + 1 times the value v + 1, up to 32
//
// Sparse gives way to dense when the bytes or a value outgrow it; never the other way.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "objects/byte_buffer.h"
#include "objects/hyperloglog_registers.h"

namespace scrubjay::objects {

inline constexpr size_t kHllHeader = 16;
inline constexpr size_t kHllDenseSize = kHllHeader + kHllPackedBytes;
inline constexpr unsigned kHllMaxSparseValue = 32;

// Whether the bytes have the header of one, and a dense one the right size.
bool is_hyperloglog(std::string_view bytes);

// One without elements: sparse, stale.
std::string_view empty_hyperloglog();

// For reading; is_hyperloglog(bytes) must hold. The bytes must outlive it.
class HyperLogLog {
 public:
  explicit HyperLogLog(std::string_view bytes) : bytes_(bytes) {}

  bool is_dense() const { return bytes_[4] == 0; }
  // The estimate that was stored last, if it still holds.
  std::optional<uint64_t> stored_estimate() const;

  // Raises the registers to those of this one. False if the runs of a sparse one don't give exactly
  // all registers; some may then be raised.
  [[nodiscard]] bool raise(HllRegisters& registers) const;
  // Computed anew from all registers. Nothing if raise() would say false.
  std::optional<uint64_t> estimate() const;
  // The runs of a sparse one as PFDEBUG DECODE shows them: "Z:100 v:2,1 z:5".
  std::string runs_text() const;

 private:
  // f(run); false if the runs don't give exactly all registers.
  template <class F>
  bool for_each_run(F&& f) const;

  std::string_view bytes_;
};

// What an edit did. Whatever changes registers makes the stored estimate stale.
enum class HllEdit : uint8_t {
  kUnchanged,
  kChanged,
  kCorrupt,  // the runs don't lead to the register, or not to all; nothing was changed
};

// Prefetches the register that an element belongs to, if the bytes are a dense one by their size.
void hyperloglog_prefetch(std::string_view bytes, std::string_view element);

// Adds an element. A sparse one that would outgrow `sparse_limit` bytes becomes dense.
HllEdit hyperloglog_add(ByteBuffer& buffer, std::string_view element, uint64_t sparse_limit);

// Raises its registers, as far as they are lower, to these. It must not be corrupt.
void hyperloglog_raise(ByteBuffer& buffer, const HllRegisters& registers, uint64_t sparse_limit);

// False if it is corrupt; a dense one stays as it is.
[[nodiscard]] bool hyperloglog_make_dense(ByteBuffer& buffer);

void hyperloglog_store_estimate(ByteBuffer& buffer, uint64_t estimate);
void hyperloglog_make_stale(ByteBuffer& buffer);

}  // namespace scrubjay::objects
