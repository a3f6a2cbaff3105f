// What is found out about a request before it runs, so that what it will read can be fetched while
// the requests before it run.
#pragma once

#include <span>
#include <string_view>

#include "schema/command_table.h"
#include "store/key.h"
#include "store/touch.h"

namespace scrubjay::engine {

struct PreparedRequest {
  const schema::Command* command = nullptr;  // nullptr: unknown
  store::Key key;
  bool has_key = false;       // the request names one key and no other
  bool looks_inside = false;  // of a large value, there:
  store::Touch touch{};
};

// Hashes the key of a request whose command is known, if it names just one, and guesses what the
// command touches at it. Returns whether it names just one.
bool name_key(PreparedRequest& request, std::span<const std::string_view> arguments);

}  // namespace scrubjay::engine
