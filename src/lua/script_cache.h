// The scripts that EVAL and SCRIPT LOAD have brought, by SHA-1: text and flags, for all threads.
// What a thread has compiled stands in its own interpreter (engine/script_runner.h). The oldest of
// those that only EVAL has brought are forgotten when they are too many. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace scrubjay::lua {

struct CachedScript {
  std::string sha;  // 40 hex digits, lower case
  std::string text;
  uint32_t flags = 0;
  std::atomic<bool> loaded{false};  // by SCRIPT LOAD: never forgotten by itself
  std::atomic<bool> forgotten{false};
  std::atomic<int64_t> used_ns{0};
};
using ScriptPtr = std::shared_ptr<CachedScript>;

// A SHA-1's digits are as good a hash as any.
struct DigestHash {
  using is_transparent = void;
  size_t operator()(std::string_view digest) const;
};
template <class T>
using ByDigest = std::unordered_map<std::string, T, DigestHash, std::equal_to<>>;

class ScriptCache {
 public:
  ScriptPtr find(std::string_view sha) const;
  // The script that stands under the SHA-1 then; with `loaded` it stays for good.
  ScriptPtr add(std::string_view sha, std::string_view text, uint32_t flags, bool loaded,
                int64_t now_ns);
  void clear();

  // Grows whenever scripts are forgotten: compiled copies are then to be looked through.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  size_t size() const;
  uint64_t bytes() const;  // of the texts and what belongs to them
  uint64_t evicted() const { return evicted_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kMostFromEval = 500;

  void forget_oldest();

  mutable std::mutex mutex_;
  ByDigest<ScriptPtr> scripts_;
  size_t from_eval_ = 0;
  uint64_t bytes_ = 0;
  std::atomic<uint64_t> generation_{1};
  std::atomic<uint64_t> evicted_{0};
};

}  // namespace scrubjay::lua
