// Who we say we are: Scrubjay's own version, and the Redis whose answers we give.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace scrubjay::engine {

inline constexpr std::string_view kScrubjayVersion = "0.1.0";
inline constexpr std::string_view kRedisVersion = "7.4.2";
inline constexpr uint32_t kRedisVersionNumber = 0x070402;

// `redis-server --version`'s line, as starters of test servers parse it, with our own name behind
// it.
inline std::string version_line() {
  return "Redis server v=" + std::string(kRedisVersion) +
         " sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=scrubjay scrubjay=" +
         std::string(kScrubjayVersion) + "\n";
}

}  // namespace scrubjay::engine
