// Codes of the DUMP format that reading and writing share.
#pragma once

#include <cstdint>

namespace scrubjay::rdb {

enum ValueCode : uint8_t {
  kStringCode = 0,
  kListCode = 1,
  kSetCode = 2,
  kSortedSetTextCode = 3,  // scores as text
  kHashCode = 4,
  kSortedSetCode = 5,  // scores as 8 bytes
  kHashZipmapCode = 9,
  kListZiplistCode = 10,
  kSetIntsetCode = 11,
  kSortedSetZiplistCode = 12,
  kHashZiplistCode = 13,
  kListOfZiplistsCode = 14,
  kStream1Code = 15,  // of Redis 5
  kHashListpackCode = 16,
  kSortedSetListpackCode = 17,
  kListOfListpacksCode = 18,
  kStream2Code = 19,  // of 7.0
  kSetListpackCode = 20,
  kStream3Code = 21,       // of 7.2
  kTimedHashOldCode = 22,  // 24 and 25 as 7.4's release candidates wrote them
  kTimedHashListpackOldCode = 23,
  kTimedHashCode = 24,
  kTimedHashListpackCode = 25,
  kFunctionCode = 245,  // a library of functions, in FUNCTION DUMP
  kFunctionOldCode = 246,
};

// The two top bits of a length's first byte.
inline constexpr unsigned kLength6 = 0;
inline constexpr unsigned kLength14 = 1;
inline constexpr unsigned kLengthLong = 2;  // 0x80: 4 bytes follow, 0x81: 8; big-endian
inline constexpr unsigned kEncoded = 3;     // no length: the lower bits name an encoding

inline constexpr unsigned kInt8 = 0;
inline constexpr unsigned kInt16 = 1;
inline constexpr unsigned kInt32 = 2;
inline constexpr unsigned kLzf = 3;

// Nodes of a list of listpacks.
inline constexpr unsigned kPlainNode = 1;
inline constexpr unsigned kPackedNode = 2;

inline constexpr size_t kFooterSize = 10;

}  // namespace scrubjay::rdb
