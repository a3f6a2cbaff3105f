// Runs the scripts of one worker: finds or compiles them, calls Lua with the world or the declared
// keys held, and runs the commands that they call. Used by EVAL and its kin, and by FCALL. The
// worker's thread alone, but for what is atomic.
//
// A script counts as busy once it has run for longer than busy-reply-threshold; only then can it be
// killed, and only if it has not written.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/context.h"
#include "lua/interpreter.h"
#include "lua/script_cache.h"
#include "lua/script_flags.h"
#include "store/key.h"

namespace scrubjay::engine {

enum class ScriptKind : uint8_t { kNone, kEval, kFunction };

class ScriptRunner final : private lua::ScriptHost {
 public:
  ScriptRunner(Services& services, Worker& worker) : services_(services), worker_(worker) {}

  // A script that can be run: its entry in the cache and its number in the interpreter.
  struct Compiled {
    lua::ScriptPtr script;
    int function;
  };
  // The script of this SHA-1 in any case of letters; nullptr if nobody has brought it.
  const Compiled* find(std::string_view sha);
  // Compiles the script, unless it is known, and puts it into the cache. Fails with Redis's errors.
  const Compiled& load(std::string_view text, bool to_stay);

  lua::Interpreter& interpreter();

  // Starts over with a new interpreter. World held, no script running.
  void reset();

  // What a call may do, from the flags of its script and from the command that started it.
  struct Run {
    lua::Interpreter& interpreter;
    lua::Interpreter::Call call;
    uint32_t flags;  // lua::ScriptFlag
    bool read_only;  // EVAL_RO, FCALL_RO ...
    ScriptKind kind;
  };
  // Runs it and writes the reply of the context's command. Fails as the script does.
  void run(CommandContext& c, const Run& run);

  // Whether the script of this request names all keys that it touches: then the dispatcher locks no
  // more than those.
  bool declares_keys(const schema::Command& command, std::span<const std::string_view> arguments);

  // Whether its script says that it writes nothing.
  bool declares_no_writes(const schema::Command& command,
                          std::span<const std::string_view> arguments) {
    return (flags_of(command, arguments) & lua::kNoWrites) != 0;
  }

  // Bytes of the interpreter, 0 if it was never needed. Any thread that holds the world.
  uint64_t memory() const { return interpreter_ ? interpreter_->memory() : 0; }
  // What SCRIPT KILL and FUNCTION KILL need of a script that is busy. A visitor's (engine/gates.h).
  struct Busy {
    ScriptKind kind = ScriptKind::kNone;  // kNone: no script is busy here
    bool wrote = false;
    std::string name;
    std::vector<std::string> command;
    int64_t started_ms = 0;
  };
  const Busy& busy() const { return busy_; }
  void kill() { killed_ = true; }

 private:
  void call(std::span<const std::string_view> arguments, int protocol,
            resp::ReplyBuffer& reply) noexcept override;
  Permission check(std::span<const std::string_view> arguments) noexcept override;
  std::string_view why_stop() noexcept override;

  void forget_stale();
  // What the script of the request says of itself (lua::ScriptFlag); 0 if there is none.
  uint32_t flags_of(const schema::Command& command, std::span<const std::string_view> arguments);
  bool out_of_memory() const;
  void check_flags(const CommandContext& c, const Run& run);
  std::string_view why_refused(const schema::Command& command);
  bool touches_undeclared(const schema::Command& command,
                          std::span<const std::string_view> arguments);
  void become_busy();

  Services& services_;
  Worker& worker_;
  std::unique_ptr<lua::Interpreter> interpreter_;
  lua::ByDigest<Compiled> compiled_;
  uint64_t generation_ = 0;

  // The run in progress.
  Client* client_ = nullptr;
  bool read_only_ = false;
  bool allows_oom_ = false;
  bool wrote_ = false;
  bool killed_ = false;
  bool over_ = false;  // it has run for longer than busy-reply-threshold
  int64_t started_ns_ = 0;
  const Run* run_ = nullptr;
  std::span<const std::string_view> request_;
  Busy busy_;
  std::vector<store::Key> keys_;  // of the command that the script calls
};

// The runner whose script is busy; nullptr if there is none. A visitor's.
ScriptRunner* busy_runner(Services& services);
// What others are told meanwhile: "BUSY Redis is busy ...".
std::string_view busy_error(Services& services);
// SCRIPT KILL and FUNCTION KILL. Fails with Redis's errors.
void kill_script(Services& services, ScriptKind kind);

}  // namespace scrubjay::engine
