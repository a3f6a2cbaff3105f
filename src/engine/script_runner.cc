#include "engine/script_runner.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "base/sha1.h"
#include "engine/dispatcher.h"
#include "engine/server_identity.h"
#include "lua/redis_library.h"

namespace scrubjay::engine {
namespace {

constexpr const char* kChunkName = "@user_script";
constexpr size_t kDigestDigits = 40;

}  // namespace

lua::Interpreter& ScriptRunner::interpreter() {
  if (!interpreter_) interpreter_ = std::make_unique<lua::Interpreter>(lua::open_redis);
  return *interpreter_;
}

// Compiled copies of scripts that the cache has forgotten since.
void ScriptRunner::forget_stale() {
  const uint64_t generation = services_.scripts.generation();
  if (generation == generation_) return;
  generation_ = generation;
  std::erase_if(compiled_, [this](const auto& item) {
    const bool stale = item.second.script->forgotten;
    if (stale) interpreter_->release(item.second.function);
    return stale;
  });
}

const ScriptRunner::Compiled* ScriptRunner::find(std::string_view sha) {
  if (sha.size() != kDigestDigits) return nullptr;
  std::array<char, kDigestDigits> digest;
  for (size_t i = 0; i < kDigestDigits; ++i)
    digest[i] = sha[i] >= 'A' && sha[i] <= 'Z' ? static_cast<char>(sha[i] + 32) : sha[i];
  const std::string_view lower(digest.data(), digest.size());
  forget_stale();
  auto found = compiled_.find(lower);
  if (found == compiled_.end()) {
    lua::ScriptPtr script = services_.scripts.find(lower);
    if (!script) return nullptr;
    const auto shebang = lua::parse_shebang(script->text);
    const auto function = interpreter().compile(shebang->body, kChunkName);
    if (!function) return nullptr;  // it has been compiled before: only for want of memory
    found = compiled_.emplace(lower, Compiled{std::move(script), *function}).first;
  }
  // All threads that run the script read this line: it is written now and then.
  constexpr int64_t kOftenEnoughNs = 100'000;
  std::atomic<int64_t>& used_ns = found->second.script->used_ns;
  if (worker_.stamp_ns - used_ns.load(std::memory_order_relaxed) >= kOftenEnoughNs)
    used_ns.store(worker_.stamp_ns, std::memory_order_relaxed);
  return &found->second;
}

const ScriptRunner::Compiled& ScriptRunner::load(std::string_view text, bool to_stay) {
  const auto digest = sha1_hex(text);
  const std::string_view sha(digest.data(), digest.size());
  if (const Compiled* known = find(sha)) {
    if (to_stay && !known->script->loaded)
      services_.scripts.add(sha, text, known->script->flags, true, worker_.stamp_ns);
    return *known;
  }
  const auto shebang = lua::parse_shebang(text);
  if (!shebang) fail("ERR {}", shebang.error());
  const auto function = interpreter().compile(shebang->body, kChunkName);
  if (!function) fail("ERR Error compiling script (new function): {}", function.error());
  lua::ScriptPtr script =
      services_.scripts.add(sha, text, shebang->flags, to_stay, worker_.stamp_ns);
  return compiled_.insert_or_assign(std::string(sha), Compiled{std::move(script), *function})
      .first->second;
}

bool ScriptRunner::out_of_memory() const {
  return services_.config.maxmemory != 0 && worker_.out_of_memory;
}

void ScriptRunner::reset() {
  compiled_.clear();
  interpreter_.reset();
}

void ScriptRunner::check_flags(const CommandContext& c, const Run& run) {
  if (run.flags & lua::kNoShebang) return;
  if (run.read_only && !(run.flags & lua::kNoWrites))
    fail("ERR Can not execute a script with write flag using *_ro command.");
  if (out_of_memory() && !(run.flags & (lua::kAllowOom | lua::kNoWrites))) {
    if (!c.in_transaction) fail(resp::error_text::kOutOfMemory);
    fail(
        "OOM allow-oom flag is not set on the script, can not run it when used memory > "
        "'maxmemory'");
  }
}

void ScriptRunner::run(CommandContext& c, const Run& run) {
  check_flags(c, run);
  const bool has_shebang = !(run.flags & lua::kNoShebang);
  read_only_ = run.read_only || (has_shebang && (run.flags & lua::kNoWrites) != 0);
  allows_oom_ = has_shebang && (run.flags & lua::kAllowOom) != 0;
  wrote_ = false;
  const int database = c.client.database;
  const int protocol = c.client.protocol;
  const uint64_t commands = c.client.commands;
  client_ = &c.client;
  killed_ = false;
  over_ = false;
  started_ns_ = services_.clock.now_ns();
  run_ = &run;
  request_ = c.args.all();
  const auto error = run.interpreter.run(run.call, *this, c.reply);
  client_ = nullptr;
  run_ = nullptr;
  busy_ = {};
  c.client.database = database;
  c.client.protocol = protocol;
  c.client.commands = commands;
  c.client.blocked.reset();
  worker_.keys.select(database);
  if (error) throw CommandError{error->text, error->counted};
}

// What Redis refuses to run inside a script, in the order of its checks.
std::string_view ScriptRunner::why_refused(const schema::Command& command) {
  if ((command.flags & schema::kNoScript) && !services_.scripts_run_all)
    return "ERR This Redis command is not allowed from script";
  if (command.flags & schema::kScript) return "ERR This Redis command is not allowed from script";
  if (read_only_ && (command.flags & (schema::kWrite | schema::kMayReplicate)))
    return "ERR Write commands are not allowed from read-only scripts.";
  if (out_of_memory() && !allows_oom_ && !wrote_ && (command.flags & schema::kDenyOom))
    return resp::error_text::kOutOfMemory;
  return "";
}

void ScriptRunner::call(std::span<const std::string_view> arguments, int protocol,
                        resp::ReplyBuffer& buffer) noexcept {
  Dispatcher& dispatcher = *services_.dispatcher;
  resp::ReplyBuilder reply(buffer, protocol);
  const schema::Command* command = dispatcher.resolve(arguments, nullptr);
  if (command == nullptr) {
    dispatcher.refuse_in_script(worker_, nullptr, "ERR Unknown Redis command called from script",
                                reply);
    return;
  }
  if (!Dispatcher::arity_fits(*command, arguments.size()) || command->spec->handler == nullptr) {
    dispatcher.refuse_in_script(
        worker_, command, "ERR Wrong number of args calling Redis command from script", reply);
    return;
  }
  if (const std::string_view reason = why_refused(*command); !reason.empty()) {
    dispatcher.refuse_in_script(worker_, command, reason, reply);
    return;
  }
  if (touches_undeclared(*command, arguments)) [[unlikely]] {
    dispatcher.refuse_in_script(
        worker_, command, "ERR Script attempted to access a key that it did not declare", reply);
    return;
  }
  if (command->flags & schema::kWrite) wrote_ = true;
  dispatcher.run_in_script(worker_, *client_, *command, arguments, keys_, reply);
}

lua::ScriptHost::Permission ScriptRunner::check(
    std::span<const std::string_view> arguments) noexcept {
  const schema::Command* command = services_.dispatcher->resolve(arguments, nullptr);
  return command == nullptr ? Permission::kUnknownCommand : Permission::kAllowed;
}

bool ScriptRunner::declares_keys(const schema::Command& command,
                                 std::span<const std::string_view> arguments) {
  return services_.config.lua_scripts_declare_keys ||
         (flags_of(command, arguments) & lua::kDeclaredKeys) != 0;
}

uint32_t ScriptRunner::flags_of(const schema::Command& command,
                                std::span<const std::string_view> arguments) {
  if (command.name.starts_with("evalsha")) {
    const Compiled* script = find(arguments[1]);
    return script != nullptr ? script->script->flags : 0;
  }
  if (command.name.starts_with("eval")) {
    const auto shebang = lua::parse_shebang(arguments[1]);
    return shebang ? shebang->flags : 0;
  }
  return services_.function_flags ? services_.function_flags(arguments[1]) : 0;
}

// Only the declared keys are locked: a command that needs others is not begun.
bool ScriptRunner::touches_undeclared(const schema::Command& command,
                                      std::span<const std::string_view> arguments) {
  if (worker_.keys.holds_world()) return false;
  if ((command.flags & (schema::kWorld | schema::kWalks)) || command.every_key) return true;
  thread_local schema::KeyPositions positions;
  positions.clear();
  schema::extract_keys(*command.spec, arguments, positions);
  const auto& declared = run_->call.keys;
  return std::any_of(positions.begin(), positions.end(), [&](const auto& position) {
    return std::find(declared.begin(), declared.end(), arguments[position.index]) == declared.end();
  });
}

// With the world held others are let in from now on. A script with declared keys has no world to
// let them into: it ends, unless it has written.
void ScriptRunner::become_busy() {
  log::warning(
      "Slow script detected: still in execution after {} milliseconds. You can try "
      "killing the script using the {} command. Script name is: {}.",
      (services_.clock.now_ns() - started_ns_) / 1'000'000,
      run_->kind == ScriptKind::kEval ? "SCRIPT KILL" : "FUNCTION KILL", run_->call.name);
  if (!worker_.keys.holds_world()) return;
  busy_.kind = run_->kind;
  busy_.name = run_->call.name;
  busy_.command.assign(request_.begin(), request_.end());
  busy_.started_ms = started_ns_ / 1'000'000;
  services_.gates.become_busy(worker_.gate);
}

std::string_view ScriptRunner::why_stop() noexcept {
  const int64_t threshold_ms = services_.config.busy_reply_threshold_ms;
  if (!over_) {
    if (threshold_ms == 0 || services_.clock.now_ns() - started_ns_ < threshold_ms * 1'000'000)
      return "";
    over_ = true;
    become_busy();
  }
  if (services_.shutting_down) return "The server is shutting down.";
  if (!worker_.keys.holds_world())
    return wrote_ ? "" : "A script with declared keys ran longer than busy-reply-threshold.";
  busy_.wrote = wrote_;
  if (worker_.serve_visitors) worker_.serve_visitors();
  services_.gates.let_visitors_in();
  if (!killed_) return "";
  return run_->kind == ScriptKind::kEval ? "Script killed by user with SCRIPT KILL."
                                         : "Script killed by user with FUNCTION KILL.";
}

ScriptRunner* busy_runner(Services& services) {
  for (const auto& runner : services.script_runners) {
    if (runner->busy().kind != ScriptKind::kNone) return runner.get();
  }
  return nullptr;
}

std::string_view busy_error(Services& services) {
  const ScriptRunner* runner = busy_runner(services);
  if (runner != nullptr && runner->busy().kind == ScriptKind::kFunction) {
    return "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN "
           "NOSAVE.";
  }
  return "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
}

void kill_script(Services& services, ScriptKind kind) {
  ScriptRunner* runner = busy_runner(services);
  if (runner == nullptr) fail("NOTBUSY No scripts in execution right now.");
  if (runner->busy().wrote) {
    fail(
        "UNKILLABLE Sorry the script already executed write commands against the dataset. You can "
        "either wait the script termination or kill the server in a hard way using the SHUTDOWN "
        "NOSAVE command.");
  }
  if (runner->busy().kind != kind) fail(busy_error(services));
  runner->kill();
}

}  // namespace scrubjay::engine
