#include "engine/script_runner.h"

#include <array>
#include <utility>

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
  found->second.script->used_ns.store(worker_.stamp_ns, std::memory_order_relaxed);
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

void ScriptRunner::check_flags(const Run& run) {
  if (run.flags & lua::kNoShebang) return;
  if (run.read_only && !(run.flags & lua::kNoWrites))
    fail("ERR Can not execute a script with write flag using *_ro command.");
  if (worker_.out_of_memory && !(run.flags & (lua::kAllowOom | lua::kNoWrites))) {
    fail(
        "OOM allow-oom flag is not set on the script, can not run it when used memory > "
        "'maxmemory'");
  }
}

void ScriptRunner::run(CommandContext& c, const Run& run) {
  check_flags(run);
  const bool has_shebang = !(run.flags & lua::kNoShebang);
  read_only_ = run.read_only || (has_shebang && (run.flags & lua::kNoWrites) != 0);
  allows_oom_ = has_shebang && (run.flags & lua::kAllowOom) != 0;
  wrote_ = false;
  const int database = c.client.database;
  const int protocol = c.client.protocol;
  const uint64_t commands = c.client.commands;
  client_ = &c.client;
  const auto error = run.interpreter.run(run.call, *this, c.reply);
  client_ = nullptr;
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
  if (read_only_ && (command.flags & schema::kWrite))
    return "ERR Write commands are not allowed from read-only scripts.";
  if (worker_.out_of_memory && !allows_oom_ && !wrote_ && (command.flags & schema::kDenyOom))
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
    dispatcher.refuse_in_script(worker_, command,
                                "ERR Wrong number of args calling Redis command from script", reply);
    return;
  }
  if (const std::string_view reason = why_refused(*command); !reason.empty()) {
    dispatcher.refuse_in_script(worker_, command, reason, reply);
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

std::string_view ScriptRunner::why_stop() noexcept {
  return "";
}

}  // namespace scrubjay::engine
