// Any bytes as a redis.conf: reading ends with a configuration or a reason, and what was read can
// be written and read again without a change.
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "config/option_table.h"
#include "config/redis_conf_file.h"
#include "config/rewrite.h"

using namespace scrubjay::config;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // No other files.
  if (scrubjay::to_lower(text).find("include") != std::string::npos) return 0;
  Draft draft;
  if (!read_redis_conf_text(draft, text, "fuzz")) return 0;
  const auto written = rewritten_redis_conf(draft.config(), text);
  Draft again;
  if (!written || !read_redis_conf_text(again, *written, "fuzz")) std::abort();
  for (const Option* option : options()) {
    if (show(draft.config(), *option) != show(again.config(), *option)) std::abort();
  }
  return 0;
}
