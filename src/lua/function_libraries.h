// The libraries of functions that FUNCTION LOAD and RESTORE have brought, and the interpreter in
// which they live. What changes or runs them holds the world, what reads them a gate; the counts
// are for any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lua/function_library.h"

namespace scrubjay::lua {

// Names of functions are the same in capital and in small letters.
struct LessIgnoringCase {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};

class FunctionLibraries {
 public:
  using LibraryPtr = std::shared_ptr<const Library>;
  using ByName = std::map<std::string, LibraryPtr, std::less<>>;

  // The library's name. Errors are Redis's, without "ERR"; they change nothing.
  Result<std::string> load(std::string_view code, bool replace, ScriptHost& host);
  enum class Collision { kRefuse, kReplace, kFlush };
  // All of them, or none.
  Status restore(std::span<const std::string> codes, Collision collision, ScriptHost& host);
  bool erase(std::string_view name);
  void clear();

  const Function* find(std::string_view name) const;
  const ByName& libraries() const { return set_.libraries; }
  Interpreter& interpreter();

  uint64_t library_count() const { return library_count_.load(std::memory_order_relaxed); }
  uint64_t function_count() const { return function_count_.load(std::memory_order_relaxed); }
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  // Of the interpreter, 0 as long as none was needed.
  uint64_t interpreter_bytes() const;

 private:
  struct Set {
    ByName libraries;
    std::map<std::string, const Function*, LessIgnoringCase> functions;

    void link(LibraryPtr library);
    void unlink(std::string_view name);
    // The first function that has its name in `other` already, not counting libraries that `other`
    // would lose to this one.
    const Function* collision_with(const Set& other) const;
  };

  void count();

  // Before the libraries, which give their functions back to it as they go.
  std::unique_ptr<Interpreter> interpreter_;
  std::atomic<const Interpreter*> shown_interpreter_{nullptr};
  Set set_;
  std::atomic<uint64_t> library_count_{0};
  std::atomic<uint64_t> function_count_{0};
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace scrubjay::lua
