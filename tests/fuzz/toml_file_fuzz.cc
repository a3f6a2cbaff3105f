// Any bytes as a TOML file: reading ends with a configuration or a reason, and what was read can be
// brought back to the defaults in place.
#include <cstdlib>
#include <string_view>

#include "config/rewrite.h"
#include "config/toml_file.h"

using namespace scrubjay::config;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Draft draft;
  if (!read_toml_text(draft, text, "fuzz")) return 0;
  const auto same = rewritten_toml(draft.config(), text);
  if (!same || *same != text) std::abort();
  (void)rewritten_toml(Config{}, text);
  return 0;
}
