#include "commands/scan_options.h"

namespace scrubjay::commands {

using namespace engine;

uint64_t parse_scan_cursor(CommandContext& c) {
  const auto cursor = parse_uint64(c.args.next());
  if (!cursor) fail("ERR invalid cursor");
  return *cursor;
}

ScanOptions parse_scan_options(CommandContext& c, ScanKind kind) {
  ScanOptions options;
  while (!c.args.at_end()) {
    if (kind != ScanKind::kKeys && c.args.take("NOVALUES")) {
      if (kind != ScanKind::kHash) fail("ERR NOVALUES option can only be used in HSCAN");
      options.no_values = true;
      continue;
    }
    if (c.args.left() < 2) fail(resp::error_text::kSyntax);
    if (c.args.take("MATCH")) {
      options.pattern = c.args.next();
      if (options.pattern == "*") options.pattern.reset();  // the empty name too
    } else if (kind == ScanKind::kKeys && c.args.take("TYPE")) {
      options.type = c.args.next();
    } else if (c.args.take("COUNT")) {
      options.count = c.args.next_integer();
      if (options.count < 1) fail(resp::error_text::kSyntax);
    } else {
      fail(resp::error_text::kSyntax);
    }
  }
  return options;
}

}  // namespace scrubjay::commands
