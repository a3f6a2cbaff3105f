// The sections of INFO, one function each, with Redis's field names. The caller holds the world, so
// that all threads' counters may be read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/services.h"

namespace scrubjay::commands {

enum class Shown : uint8_t {
  kByDefault,   // by INFO without arguments
  kWithAll,     // by INFO all and INFO everything
  kByNameOnly,  // what Redis does not have
};

struct InfoSection {
  std::string_view name;   // as INFO takes it, lower case
  std::string_view title;  // as the head line shows it
  Shown shown;
  void (*write)(engine::Services& services, std::string& out);
};

// In the order in which INFO shows them.
std::span<const InfoSection> info_sections();

}  // namespace scrubjay::commands
