#include "trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace scrubjay::hit_ratio {

Trace read_trace(const std::string& folder, const std::string& name, std::size_t most) {
  const std::string path = fmt::format("{}/{}.u32.zst", folder, name);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(
      ::popen(fmt::format("zstd -dcq --long=27 '{}'", path).c_str(), "r"), &::pclose);
  Trace trace{.name = name, .keys = {}};
  std::vector<std::uint32_t> part(std::size_t{1} << 16);
  for (std::size_t got = 0;
       pipe && (got = std::fread(part.data(), sizeof part[0], part.size(), pipe.get())) > 0;) {
    trace.keys.insert(trace.keys.end(), part.begin(),
                      part.begin() + static_cast<std::ptrdiff_t>(got));
  }
  if (trace.keys.empty()) throw std::runtime_error("nothing to read in " + path);
  trace.unique = *std::max_element(trace.keys.begin(), trace.keys.end()) + std::size_t{1};
  if (most != 0 && trace.keys.size() > most) trace.keys.resize(most);
  return trace;
}

}  // namespace scrubjay::hit_ratio
