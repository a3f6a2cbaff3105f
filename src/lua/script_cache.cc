#include "lua/script_cache.h"

#include <algorithm>
#include <cstring>

namespace scrubjay::lua {
namespace {

uint64_t size_of(const CachedScript& script) {
  return sizeof(CachedScript) + 2 * script.sha.size() + script.text.size();
}

}  // namespace

size_t DigestHash::operator()(std::string_view digest) const {
  uint64_t front = 0;
  std::memcpy(&front, digest.data(), std::min(digest.size(), sizeof front));
  return static_cast<size_t>(front * 0x9e3779b97f4a7c15 >> 16);
}

ScriptPtr ScriptCache::find(std::string_view sha) const {
  const std::lock_guard lock(mutex_);
  const auto found = scripts_.find(sha);
  return found == scripts_.end() ? nullptr : found->second;
}

ScriptPtr ScriptCache::add(std::string_view sha, std::string_view text, uint32_t flags, bool loaded,
                           int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  ScriptPtr& place = scripts_[std::string(sha)];
  if (place) {
    if (loaded && !place->loaded.exchange(true)) --from_eval_;
    return place;
  }
  auto script = std::make_shared<CachedScript>();
  script->sha = sha;
  script->text = text;
  script->flags = flags;
  script->loaded = loaded;
  script->used_ns = now_ns;
  bytes_ += size_of(*script);
  place = script;
  if (!loaded && ++from_eval_ > kMostFromEval) forget_oldest();
  return script;
}

void ScriptCache::forget_oldest() {
  auto oldest = scripts_.end();
  for (auto at = scripts_.begin(); at != scripts_.end(); ++at) {
    if (at->second->loaded) continue;
    if (oldest == scripts_.end() || at->second->used_ns < oldest->second->used_ns) oldest = at;
  }
  oldest->second->forgotten = true;
  bytes_ -= size_of(*oldest->second);
  scripts_.erase(oldest);
  --from_eval_;
  evicted_.fetch_add(1, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
}

void ScriptCache::clear() {
  const std::lock_guard lock(mutex_);
  for (const auto& [sha, script] : scripts_) script->forgotten = true;
  scripts_.clear();
  from_eval_ = 0;
  bytes_ = 0;
  generation_.fetch_add(1, std::memory_order_release);
}

size_t ScriptCache::size() const {
  const std::lock_guard lock(mutex_);
  return scripts_.size();
}

uint64_t ScriptCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace scrubjay::lua
