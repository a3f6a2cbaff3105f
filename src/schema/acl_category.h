// ACL categories of commands, with the bit that stands for each. Most are implied by a row's flags
// and group (categories_of); a row names only what is not.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace scrubjay::schema {

enum AclCategory : uint32_t {
  kAclKeyspace = 1u << 0,
  kAclRead = 1u << 1,
  kAclWrite = 1u << 2,
  kAclSet = 1u << 3,
  kAclSortedSet = 1u << 4,
  kAclList = 1u << 5,
  kAclHash = 1u << 6,
  kAclString = 1u << 7,
  kAclBitmap = 1u << 8,
  kAclHyperLogLog = 1u << 9,
  kAclGeo = 1u << 10,
  kAclStream = 1u << 11,
  kAclPubSub = 1u << 12,
  kAclAdmin = 1u << 13,
  kAclFast = 1u << 14,
  kAclSlow = 1u << 15,
  kAclBlocking = 1u << 16,
  kAclDangerous = 1u << 17,
  kAclConnection = 1u << 18,
  kAclTransaction = 1u << 19,
  kAclScripting = 1u << 20,
};
inline constexpr size_t kAclCategories = 21;

struct CommandSpec;

// The category of one bit, without the @: "sortedset".
std::string_view acl_category_name(size_t bit);
std::optional<uint32_t> find_acl_category(std::string_view name);

// All categories of a command: those its row names, and those that its flags and group imply.
uint32_t categories_of(const CommandSpec& command);

}  // namespace scrubjay::schema
