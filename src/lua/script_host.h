// What a running script asks of the server above it: to run commands, and now and then whether it
// is to go on. Handed to the interpreter for each run; the engine implements it. Nothing may be
// thrown out of it: Lua's C frames stand in between.
#pragma once

#include <span>
#include <string_view>

#include "resp/reply_buffer.h"

namespace scrubjay::lua {

class ScriptHost {
 public:
  // Runs a command and appends its reply, or an error, which is counted then.
  virtual void call(std::span<const std::string_view> arguments, int protocol,
                    resp::ReplyBuffer& reply) noexcept = 0;

  enum class Permission { kUnknownCommand, kAllowed, kDenied };
  virtual Permission check(std::span<const std::string_view> arguments) noexcept = 0;

  // Called from time to time. Not empty: the script ends with this error.
  virtual std::string_view why_stop() noexcept = 0;

 protected:
  ~ScriptHost() = default;
};

}  // namespace scrubjay::lua
